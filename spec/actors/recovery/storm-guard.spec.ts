/** The storm guard limits how many hosts are acted on in a window. */
import test from 'ava'
import * as fc from 'fast-check'
import { stormCap, stormObjection } from '../../../actors/recovery/storm-guard.ts'
import { hostId, type HostId } from '../../../schema/ids.ts'
import { holds } from '../../support/holds.ts'
import { H1, H2, ONE, TWO } from '../records.ts'

const BOTH = new Map([
  [H1, ONE],
  [H2, TWO],
])
const NONE = new Set<HostId>()
const LIMITS = { hostsMax: 0, shareMax: 0.3, windowMs: 300_000 }

for (const [hosts, hostsMax, cap] of [
  [1, 0, 1],
  [2, 0, 1],
  [9, 0, 2],
  [10, 0, 3],
  [100, 0, 30],
  [100, 5, 5],
  [4, 5, 1],
] as const) {
  test(`of ${hosts} hosts ${cap} may be acted on when the number is limited to ${hostsMax}`, (t) => {
    t.is(stormCap({ ...LIMITS, hostsMax }, hosts), cap)
  })
}

test('a host beyond the cap waits, with the numbers in its reason', (t) => {
  const census = { hosts: 4, group: new Map([[H2, TWO]]), actedOn: new Set([H1]), asOne: NONE }
  t.is(
    stormObjection(LIMITS, H2, census),
    'storm guard: 1 of 4 hosts were acted on in the last 300 s, the cap is 1',
  )
})

test('a host that is acted on already counts once and may continue', (t) => {
  const census = { hosts: 4, group: BOTH, actedOn: new Set([H1]), asOne: NONE }
  t.is(stormObjection(LIMITS, H1, census), undefined)
})

test('hosts that fail together wait together when they exceed the cap', (t) => {
  const two = { group: BOTH, actedOn: new Set<HostId>(), asOne: NONE }
  for (const host of BOTH.keys()) {
    t.is(
      stormObjection(LIMITS, host, { ...two, hosts: 4 }),
      'storm guard: 0 of 4 hosts were acted on in the last 300 s, the cap is 1; 2 hosts fail together: compute-1, compute-2',
    )
    t.is(stormObjection(LIMITS, host, { ...two, hosts: 7 }), undefined)
  }
})

const limits = fc.record({
  hostsMax: fc.integer({ min: 0, max: 10 }),
  shareMax: fc.double({ min: 0, max: 1, noNaN: true }),
  windowMs: fc.constant(1000),
})

test('the hosts acted on never exceed the cap, whichever fail and how often', (t) => {
  holds(
    t,
    fc.property(
      limits,
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(39), { maxLength: 120 }),
      (rules, hosts, failing) => {
        const actedOn = new Set<HostId>()
        for (const index of failing) {
          const host = hostId(`host-${index % hosts}`)
          const census = { hosts, group: new Map([[host, ONE]]), actedOn, asOne: NONE }
          if (stormObjection(rules, host, census) === undefined) actedOn.add(host)
        }
        const byNumber = rules.hostsMax === 0 ? Infinity : rules.hostsMax
        const byShare = Math.max(1, hosts * rules.shareMax)
        return actedOn.size <= byNumber && actedOn.size <= byShare
      },
    ),
  )
})

test('one more host acted on never lets another one pass', (t) => {
  const some = fc.uniqueArray(
    fc.nat(20).map((index) => hostId(`host-${index}`)),
    { minLength: 2 },
  )
  holds(
    t,
    fc.property(limits, fc.integer({ min: 1, max: 30 }), some, (rules, hosts, all) => {
      const [host = H1, ...acted] = all
      const isHeld = (actedOn: readonly HostId[]) => {
        const census = {
          hosts,
          group: new Map([[host, ONE]]),
          actedOn: new Set(actedOn),
          asOne: NONE,
        }
        return stormObjection(rules, host, census) !== undefined
      }
      return !isHeld(acted.slice(1)) || isHeld(acted)
    }),
  )
})

/** The storm guard bounds how many hosts are acted on in a window. */
import test from 'ava'
import * as fc from 'fast-check'
import { stormCap, stormObjection } from '../../../actors/segment/storm-guard.ts'
import { hostId, type HostId } from '../../../schema/ids.ts'
import { H1, H2 } from '../records.ts'

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

test('a host beyond the cap waits, and hears the numbers', (t) => {
  const situation = { host: H2, group: new Set([H2]), hostsInSegment: 4, actedOn: new Set([H1]) }
  t.is(
    stormObjection(LIMITS, situation),
    'storm guard: 1 of 4 hosts were acted on in the last 300 s, the cap is 1',
  )
})

test('a host that is acted on already counts once and may go on', (t) => {
  const situation = {
    host: H1,
    group: new Set([H1, H2]),
    hostsInSegment: 4,
    actedOn: new Set([H1]),
  }
  t.is(stormObjection(LIMITS, situation), undefined)
})

test('hosts that fail together wait together when they do not all fit', (t) => {
  const group = new Set([H1, H2])
  for (const host of group) {
    const two = { host, group, actedOn: new Set<HostId>() }
    t.is(
      stormObjection(LIMITS, { ...two, hostsInSegment: 4 }),
      'storm guard: 0 of 4 hosts were acted on in the last 300 s, the cap is 1',
    )
    t.is(stormObjection(LIMITS, { ...two, hostsInSegment: 7 }), undefined)
  }
})

const limits = fc.record({
  hostsMax: fc.integer({ min: 0, max: 10 }),
  shareMax: fc.double({ min: 0, max: 1, noNaN: true }),
  windowMs: fc.constant(1000),
})

test('hosts acted on never exceed the cap, whoever fails and how often', (t) => {
  fc.assert(
    fc.property(
      limits,
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(39), { maxLength: 120 }),
      (rules, hostsInSegment, failing) => {
        const actedOn = new Set<HostId>()
        for (const index of failing) {
          const host = hostId(`host-${index % hostsInSegment}`)
          const group = new Set([host])
          if (stormObjection(rules, { host, group, hostsInSegment, actedOn }) === undefined) {
            actedOn.add(host)
          }
        }
        const byNumber = rules.hostsMax === 0 ? Infinity : rules.hostsMax
        const byShare = Math.max(1, hostsInSegment * rules.shareMax)
        return actedOn.size <= byNumber && actedOn.size <= byShare
      },
    ),
  )
  t.pass()
})

test('one more host acted on never lets another one through', (t) => {
  const hosts = fc.uniqueArray(
    fc.nat(20).map((index) => hostId(`host-${index}`)),
    { minLength: 2 },
  )
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 30 }), hosts, (rules, hostsInSegment, all) => {
      const [host = H1, ...acted] = all
      const group = new Set([host])
      const before = new Set(acted.slice(1))
      const held =
        stormObjection(rules, { host, group, hostsInSegment, actedOn: before }) !== undefined
      const actedOn = new Set(acted)
      return !held || stormObjection(rules, { host, group, hostsInSegment, actedOn }) !== undefined
    }),
  )
  t.pass()
})

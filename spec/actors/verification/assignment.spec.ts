/** Which monitors watch a host: the same answer everywhere, even shares, and little that moves when one joins or leaves. */
import test from 'ava'
import * as fc from 'fast-check'
import { assignedTo, type MonitorPresence } from '../../../actors/verification/assignment.ts'
import { holds } from '../../support/holds.ts'

const running = (...names: readonly string[]): ReadonlyMap<string, MonitorPresence> =>
  new Map(names.map((name) => [name, 'running']))
const HOSTS = Array.from({ length: 3000 }, (_, n) => `5e1f-${n}`)
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `controller-${n + 1}`)

test('every host has k monitors, in whatever order they are listed, or all when there are fewer', (t) => {
  const some = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 9 }), { maxLength: 8 })
  holds(
    t,
    fc.property(some, fc.string(), fc.integer({ min: 1, max: 4 }), (monitors, host, k) => {
      const one = assignedTo(host, running(...monitors), k)
      const other = assignedTo(host, running(...monitors.toReversed()), k)
      return one.join('|') === other.join('|') && one.length === Math.min(k, monitors.length)
    }),
  )
})

test('monitors with similar names get even shares', (t) => {
  const shares = new Map<string, number>()
  for (const host of HOSTS) {
    for (const name of assignedTo(host, running(...names(5)), 2)) {
      shares.set(name, (shares.get(name) ?? 0) + 1)
    }
  }
  // 3000 hosts with two monitors each, among five: 1200 each.
  for (const [name, share] of shares) t.true(share > 1080 && share < 1320, `${name}: ${share}`)
  t.is(shares.size, 5)
})

test('when a monitor leaves only its hosts get another one, and when it joins only those that it gets lose one', (t) => {
  const all = running(...names(6))
  const without = running(...names(5))
  for (const host of HOSTS) {
    const before = assignedTo(host, all, 2)
    const after = assignedTo(host, without, 2)
    t.is(
      before.filter((name) => !after.includes(name)).length,
      before.includes('controller-6') ? 1 : 0,
    )
  }
})

test('a monitor of which nobody is sure is there, and another one with it', (t) => {
  const standings = fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.constantFrom('running', 'unsure')),
    { selector: ([name]) => name, maxLength: 8 },
  )
  holds(
    t,
    fc.property(standings, fc.string(), (list, host) => {
      const monitors = new Map<string, MonitorPresence>(list)
      const surely = new Map([...monitors].filter(([, standing]) => standing === 'running'))
      const all = new Map([...monitors.keys()].map((name) => [name, 'running' as const]))
      const assigned = assignedTo(host, monitors, 2)
      // Both who watch if it is gone and who watch if it is there.
      return [...assignedTo(host, surely, 2), ...assignedTo(host, all, 2)].every((name) =>
        assigned.includes(name),
      )
    }),
  )
})

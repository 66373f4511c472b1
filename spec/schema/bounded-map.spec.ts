/** Maps with keys from outside never exceed their bounds. */
import * as fc from 'fast-check'
import test from 'ava'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { holds } from '../support/holds.ts'

test('after any sets and deletes, there are never more entries, or more weight, than allowed', (t) => {
  const steps = fc.array(fc.tuple(fc.nat(20), fc.nat(12), fc.boolean()), { maxLength: 200 })
  const rules = fc.constantFrom('drop-oldest' as const, 'refuse' as const)
  const keeps = fc.property(rules, steps, (whenFull, all) => {
    const weight = { max: 40, of: (value: number) => value }
    const map = new BoundedMap<number, number>({ entriesMax: 7, whenFull, weight })
    for (const [key, value, isGone] of all) {
      if (isGone) map.delete(key)
      else if (map.set(key, value) && map.get(key) !== value) return false
      const total = [...map.values()].reduce((sum, each) => sum + each, 0)
      if (map.size > 7 || total > 40) return false
    }
    return true
  })
  holds(t, keeps)
})

test('the oldest entry is dropped, and an entry that is set again is the newest', (t) => {
  const map = new BoundedMap<string, number>({ entriesMax: 2, whenFull: 'drop-oldest' })
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  t.deepEqual(
    [...map.entries()],
    [
      ['a', 3],
      ['c', 4],
    ],
  )
  t.is(map.turnedAway, 1)
})

test('when new entries are refused, the existing ones stay and may change', (t) => {
  const map = new BoundedMap<string, number>({ entriesMax: 2, whenFull: 'refuse' })
  map.set('a', 1)
  map.set('b', 2)
  t.false(map.set('c', 3))
  t.true(map.set('a', 4))
  t.deepEqual([...map.entries()].toReversed(), [
    ['a', 4],
    ['b', 2],
  ])
  t.is(map.turnedAway, 1)
})

test('a value that is too heavy leaves the old one in its place', (t) => {
  const weight = { max: 10, of: (value: number) => value }
  const map = new BoundedMap<string, number>({ entriesMax: 9, whenFull: 'refuse', weight })
  map.set('a', 4)
  map.set('b', 5)
  t.false(map.set('a', 6))
  t.is(map.get('a'), 4)
})

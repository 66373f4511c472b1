/** Maps for keys from outside never outgrow their bounds. */
import * as fc from 'fast-check'
import test from 'ava'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { holds } from '../support/holds.ts'

test('whatever is set and deleted, there are never more entries, or more weight, than allowed', (t) => {
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

test('the oldest entry makes room, and one that is set again is the newest', (t) => {
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

test('where newcomers are refused those who are there stay, and may change', (t) => {
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

test('a value that is too heavy for the place of the old one leaves the old one there', (t) => {
  const weight = { max: 10, of: (value: number) => value }
  const map = new BoundedMap<string, number>({ entriesMax: 9, whenFull: 'refuse', weight })
  map.set('a', 4)
  map.set('b', 5)
  t.false(map.set('a', 6))
  t.is(map.get('a'), 4)
})

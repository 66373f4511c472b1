/** Maps that share their common entries. */
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import { withEntry, withoutEntry } from '../../../actors/kernel/with-entry.ts'
import { holds } from '../../support/holds.ts'

test('any number of added entries gives the same as a plain map, in its order', (t) => {
  const entries = fc.array(fc.tuple(fc.nat(400), fc.string()), { maxLength: 300 })
  holds(
    t,
    fc.property(fc.nat(300), entries, (size, changes) => {
      const start = Array.from({ length: size }, (_, key): [number, string] => [key, 'old'])
      const plain = new Map(start)
      let shared: ReadonlyMap<number, string> = new Map(start)
      for (const [key, value] of changes) {
        plain.set(key, value)
        shared = withEntry(shared, key, value)
      }
      assert.deepEqual([...shared], [...plain])
      assert.deepEqual([...shared.keys()], [...plain.keys()])
      assert.deepEqual([...shared.values()], [...plain.values()])
      assert.equal(shared.size, plain.size)
      for (const [key] of changes) assert.equal(shared.get(key), plain.get(key))
      assert.equal(shared.has(-1), false)
      assert.equal(shared.get(-1), undefined)
      const visited: [number, string][] = []
      // oxlint-disable-next-line unicorn/no-array-for-each -- forEach itself is tested
      shared.forEach((value, key) => visited.push([key, value]))
      assert.deepEqual(visited, [...plain])
    }),
    { numRuns: 50 },
  )
})

test('the old map is not changed', (t) => {
  const old = new Map(Array.from({ length: 1000 }, (_, key) => [key, 'old']))
  const patched = withEntry(old, 7, 'new')
  const again = withEntry(patched, 7, 'newer')
  t.is(old.get(7), 'old')
  t.is(patched.get(7), 'new')
  t.is(again.get(7), 'newer')
})

const sorted = (map: ReadonlyMap<number, string>): string =>
  JSON.stringify([...map].toSorted(([one], [other]) => one - other))

test('any number of removed entries gives the same as a plain map', (t) => {
  const changes = fc.array(fc.tuple(fc.nat(400), fc.boolean()), { maxLength: 300 })
  const keeps = fc.property(fc.nat(300), changes, (size, all) => {
    const start = Array.from({ length: size }, (_, key): [number, string] => [key, 'old'])
    const plain = new Map(start)
    let shared: ReadonlyMap<number, string> = new Map(start)
    for (const [key, isGone] of all) {
      if (isGone) plain.delete(key)
      else plain.set(key, 'new')
      shared = isGone ? withoutEntry(shared, key) : withEntry(shared, key, 'new')
      if (shared.size !== plain.size || shared.has(key) === isGone) return false
      if (shared.get(key) !== plain.get(key)) return false
    }
    return sorted(shared) === sorted(plain)
  })
  holds(t, keeps, { numRuns: 50 })
})

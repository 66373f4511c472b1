/** JSON from outside is measured before it is parsed. */
import test from 'ava'
import { assert, jsonValue, property, string } from 'fast-check'
import { readBoundedJson, type JsonBounds } from '../../schema/bounded-json.ts'

const BOUNDS: JsonBounds = { characters: 10_000, depth: 4, members: 20 }
const kindOf = (text: string): string => readBoundedJson(text, BOUNDS).kind
const list = (items: number): string => JSON.stringify(Array.from({ length: items }, () => 0))
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('a value at each bound is accepted, and one above it is refused with the bound', (t) => {
  t.is(kindOf(nested(4)), 'read')
  t.deepEqual(readBoundedJson(nested(5), BOUNDS), {
    kind: 'excessive',
    reason: 'is nested deeper than 4 levels',
  })
  t.is(kindOf(list(20)), 'read')
  t.deepEqual(readBoundedJson(list(21), BOUNDS), {
    kind: 'excessive',
    reason: 'has more than 20 members',
  })
  t.is(kindOf(`"${'x'.repeat(9998)}"`), 'read')
  t.deepEqual(readBoundedJson(`"${'x'.repeat(9999)}"`, BOUNDS), {
    kind: 'excessive',
    reason: 'is longer than 10000 characters',
  })
})

test('brackets inside strings do not count', (t) => {
  const text = JSON.stringify({
    a: '[[[[[[{{{{{',
    b: '\\"[[[[[[',
    '[[[[[[': ',,,,,,,,,,,,,,,,,,,,,,',
  })
  t.is(kindOf(text), 'read')
})

test('text that is not JSON is malformed, and nothing of it is repeated', (t) => {
  for (const text of ['', '{broken', '{"a": "secret', "{'a': 1}", '\\', '"\\', ']', 'NaN']) {
    t.deepEqual(readBoundedJson(text, BOUNDS), { kind: 'malformed', reason: 'is not JSON' }, text)
  }
})

test('nesting of 100,000 levels is refused before it is parsed, also when the text is cut off', (t) => {
  const wide = { ...BOUNDS, characters: 1_000_000 }
  for (const text of ['['.repeat(100_000), '{"a":'.repeat(100_000), `{"x": ${nested(100_000)}}`]) {
    t.is(readBoundedJson(text, wide).kind, 'excessive')
  }
})

/** Depth and members of a value, counted on the value itself. */
function measure(value: unknown): { readonly depth: number; readonly members: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, members: 0 }
  const inner = Object.values(value).map(measure)
  return {
    depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)),
    members: inner.length + inner.reduce((sum, { members }) => sum + members, 0),
  }
}

test('JSON within the bounds is read like JSON.parse does, and deeper JSON is never read', (t) => {
  assert(
    property(jsonValue({ maxDepth: 7 }), (value) => {
      const text = JSON.stringify(value)
      const reading = readBoundedJson(text, { ...BOUNDS, members: 100_000 })
      if (measure(value).depth > BOUNDS.depth) t.is(reading.kind, 'excessive')
      else t.deepEqual(reading, { kind: 'read', value: JSON.parse(text) })
    }),
    { numRuns: 2000 },
  )
})

test('JSON with more members than allowed is never read', (t) => {
  assert(
    property(jsonValue({ maxDepth: 4 }), (value) => {
      const wide = { ...BOUNDS, depth: 100 }
      if (measure(value).members > BOUNDS.members) {
        t.is(readBoundedJson(JSON.stringify(value), wide).kind, 'excessive')
      }
    }),
    { numRuns: 2000 },
  )
})

test('no text makes the reader throw', (t) => {
  assert(
    property(string({ unit: 'binary', maxLength: 200 }), (text) => {
      t.true(['read', 'malformed', 'excessive'].includes(kindOf(text)))
    }),
    { numRuns: 2000 },
  )
})

/** Which monitors run, by how often their rows change. */
import test from 'ava'
import {
  NO_REGISTRATIONS,
  afterLook,
  monitorsOf,
  type Registrations,
} from '../../../actors/verification/registrations.ts'

type Rows = Readonly<Record<string, number>>

function after(...looks: readonly Rows[]): string {
  let known: Registrations = NO_REGISTRATIONS
  for (const [index, rows] of looks.entries()) {
    const list = Object.entries(rows).map(([name, registeredAt]) => ({ name, registeredAt }))
    known = afterLook(known, list, index * 10_000)
  }
  return [...monitorsOf(known)].map(([name, standing]) => `${name} ${standing}`).join(', ')
}
const times = (count: number, rows: Rows): readonly Rows[] =>
  Array.from({ length: count }, () => rows)

test('at the start a monitor runs whose row is about as new as the newest, and of others nobody is sure', (t) => {
  t.is(after({ a: 100_000, b: 95_000, c: 10_000 }), 'a running, b running, c unsure')
})

test('a monitor that joins counts once its row has changed', (t) => {
  const joined = [{ a: 1 }, { a: 2, b: 1 }]
  t.is(after(...joined), 'a running, b unsure')
  t.is(after(...joined, { a: 3, b: 2 }), 'a running, b running')
})

test('a monitor whose row does not change is unsure after three looks, and gone after nine', (t) => {
  const still = { a: 1 }
  t.is(after(still, ...times(2, still)), 'a running')
  t.is(after(still, ...times(3, still)), 'a unsure')
  t.is(after(still, ...times(8, still)), 'a unsure')
  t.is(after(still, ...times(9, still)), '')
  t.is(after(still, ...times(9, still), { a: 2 }), 'a running')
})

test('a clock that was set back is a change like any other', (t) => {
  t.is(after({ a: 5 }, ...times(5, { a: 5 }), { a: 3 }), 'a running')
})

test('looks that follow each other at once are one', (t) => {
  let known = afterLook(NO_REGISTRATIONS, [{ name: 'a', registeredAt: 1 }], 0)
  for (let at = 100; at < 7000; at += 100) {
    known = afterLook(known, [{ name: 'a', registeredAt: 1 }], at)
  }
  t.deepEqual([...monitorsOf(known).values()], ['running'])
})

test('a row that is no longer there is gone', (t) => {
  t.is(after({ a: 1, b: 1 }, { a: 2 }), 'a running')
})

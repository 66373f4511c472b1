/** A property that does not hold fails its test, with a counterexample. */
import test, { type ExecutionContext } from 'ava'
import * as fc from 'fast-check'
import { holds, holdsAsync } from './holds.ts'

/** Runs assertions that are expected to fail; returns the message of the failure. */
async function failureOf(
  t: ExecutionContext,
  assertions: (inner: ExecutionContext) => void | Promise<void>,
): Promise<string> {
  const attempt = await t.try(assertions)
  attempt.discard()
  t.false(attempt.passed)
  return attempt.errors.map(({ message }) => message).join('\n')
}

const isSmall = (value: number): boolean => value < 17

test('a property that holds passes', async (t) => {
  holds(t, fc.property(fc.nat(16), isSmall))
  await holdsAsync(
    t,
    fc.asyncProperty(fc.nat(16), async (value) => isSmall(value)),
  )
})

test('a property that does not hold fails with its smallest counterexample', async (t) => {
  const said = await failureOf(t, (inner) => holds(inner, fc.property(fc.nat(99), isSmall)))
  t.regex(said, /Counterexample: \[17\]/)
  t.regex(said, /seed: -?\d+, path: /)
})

test('an asynchronous property that does not hold fails in the same way', async (t) => {
  const property = fc.asyncProperty(fc.nat(99), async (value) => isSmall(value))
  t.regex(await failureOf(t, (inner) => holdsAsync(inner, property)), /Counterexample: \[17\]/)
})

test('a property that throws fails, and the error is shown', async (t) => {
  const property = fc.property(fc.nat(), () => {
    throw new Error('the mailbox is full')
  })
  t.regex(await failureOf(t, (inner) => holds(inner, property)), /Got error: the mailbox is full/)
})

test('a property whose inputs are all rejected fails', async (t) => {
  const property = fc.property(fc.nat(), () => fc.pre(false))
  t.regex(await failureOf(t, (inner) => holds(inner, property)), /too many pre-condition failures/)
})

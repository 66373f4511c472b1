/** Calls that come together are carried out together; one that fails does not fail the others. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { CodedError } from '../../../schema/errors.ts'
import { Together } from '../../../transports/sql/together.ts'

/** What was carried out together, and calls that fail. */
function recording(failures: ReadonlyMap<number, Error> = new Map(), lanes?: number) {
  const groups: (readonly number[])[] = []
  const together = new Together<number, number>(async (calls) => {
    groups.push(calls)
    await sleep(1)
    const failure = calls.flatMap((call) => failures.get(call) ?? []).at(0)
    if (failure !== undefined) throw failure
    return calls.map((call) => call * 10)
  }, lanes)
  const all = (...calls: readonly number[]) =>
    Promise.allSettled(calls.map((call) => together.carryOut(call)))
  return { groups, together, all }
}

const valuesOf = (results: readonly PromiseSettledResult<number>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))

test('calls of the same turn go together, in their order, and each has its own result', async (t) => {
  const { groups, all } = recording()
  t.deepEqual(valuesOf(await all(1, 2, 3)), [10, 20, 30])
  t.deepEqual(groups, [[1, 2, 3]])
})

test('a group has at most 32 calls, and what comes while all lanes are busy waits for the next one', async (t) => {
  const { groups, all } = recording(new Map(), 1)
  const calls = Array.from({ length: 70 }, (_, index) => index)
  t.deepEqual(
    valuesOf(await all(...calls)),
    calls.map((call) => call * 10),
  )
  t.deepEqual(
    groups.map(({ length }) => length),
    [32, 32, 6],
  )
  t.deepEqual(groups.flat(), calls)
})

test('when a group fails, each of its calls is carried out alone, in order, and only the wrong one fails', async (t) => {
  const { groups, all } = recording(new Map([[2, new Error('a key is taken')]]))
  t.deepEqual(valuesOf(await all(1, 2, 3)), [10, 'failed', 30])
  t.deepEqual(groups, [[1, 2, 3], [1], [2], [3]])
})

test('when the store is away, it is not asked again for each call', async (t) => {
  const away = new CodedError('STORE_UNAVAILABLE', 'the database does not answer')
  const { groups, all } = recording(new Map([[2, away]]))
  t.deepEqual(valuesOf(await all(1, 2, 3)), ['failed', 'failed', 'failed'])
  t.is(groups.length, 1)
})

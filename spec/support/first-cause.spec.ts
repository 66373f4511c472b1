/** The error that happened first is thrown, and those of the disposals after it are told. */
import test from 'ava'
import { withFirstCause } from './first-cause.ts'

const failing = (message: string): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => Promise.reject(new Error(message)),
})

async function failTwice(): Promise<void> {
  await using _outer = failing('second disposal')
  await using _inner = failing('first disposal')
  throw new Error('the cause')
}

async function failAtTheEnd(): Promise<void> {
  await using _only = failing('disposal')
}

test('the error of the body is thrown, and those of the disposals are told in their order', async (t) => {
  const told: string[] = []
  const tell = (line: string): void => void told.push(line)
  await t.throwsAsync(withFirstCause(failTwice, tell), { message: 'the cause' })
  t.deepEqual(told, [
    'after that, while cleaning up: first disposal',
    'after that, while cleaning up: second disposal',
  ])
})

test('the error of a disposal alone is thrown, and a result is returned', async (t) => {
  const told: string[] = []
  const tell = (line: string): void => void told.push(line)
  await t.throwsAsync(withFirstCause(failAtTheEnd, tell), { message: 'disposal' })
  t.is(await withFirstCause(() => Promise.resolve(7), tell), 7)
  t.deepEqual(told, [])
})

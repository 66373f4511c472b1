/** The machine's own clock. */
import test from 'ava'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { isUuid } from '../../../schema/ids.ts'

test('timer of the system clock is never early', async (t) => {
  const clock = new SystemClock()
  for (const afterMs of [0, 1, 2.5, 7]) {
    const startedMs = clock.monotonicMs()
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.schedule(afterMs, resolve)
    await promise
    t.true(clock.monotonicMs() - startedMs >= afterMs)
  }
})

test('cancelled timer of the system clock does not run', async (t) => {
  const clock = new SystemClock()
  let ran = false
  const cancel = clock.schedule(1, () => {
    ran = true
  })
  cancel()
  cancel()
  const { promise, resolve } = Promise.withResolvers<void>()
  clock.schedule(5, resolve)
  await promise
  t.false(ran)
})

test('delay beyond the limit of setTimeout does not fire at once', async (t) => {
  const clock = new SystemClock()
  const cancel = clock.schedule(2 ** 40, () => t.fail('it ran'))
  const { promise, resolve } = Promise.withResolvers<void>()
  clock.schedule(20, resolve)
  await promise
  cancel()
  t.throws(() => clock.schedule(Infinity, () => {}), { instanceOf: RangeError })
})

test('wall clock of the system is that of the machine', (t) => {
  t.true(Math.abs(new SystemClock().wallMs() - Date.now()) < 1000)
})

test('random numbers of the system are in [0, 1), with uuids, and do not repeat', (t) => {
  const random = new SystemRandom()
  const numbers = Array.from({ length: 1000 }, () => random.next())
  t.true(numbers.every((number) => number >= 0 && number < 1))
  t.is(new Set(numbers).size, 1000)
  t.true(isUuid(random.uuid()))
})

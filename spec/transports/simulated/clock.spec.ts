/** Virtual time: order, cancelling, jumps of the wall clock. */
import assert from 'node:assert/strict'
import test from 'ava'
import * as fc from 'fast-check'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { holds } from '../../support/holds.ts'
import { settle } from './virtual-time.ts'

test('timers run in the order of their time, and of their scheduling when the time is the same', (t) => {
  const clock = new VirtualClock()
  const seen: string[] = []
  for (const [name, afterMs] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
    ['e', 20],
  ] as const) {
    clock.schedule(afterMs, () => seen.push(`${name}${clock.monotonicMs()}`))
  }
  while (clock.advanceToNext());
  t.deepEqual(seen, ['a10', 'b10', 'c20', 'd20', 'e20'])
  t.is(clock.nextAt(), undefined)
})

test('any mix of scheduling and cancelling runs the same timers as a sorted list', (t) => {
  const timers = fc.array(
    fc.record({ afterMs: fc.nat(50), cancelled: fc.constantFrom(true, true, true, false) }),
    {
      maxLength: 3000,
      size: 'max',
    },
  )
  holds(
    t,
    fc.property(timers, (timers) => {
      const clock = new VirtualClock()
      const seen: number[] = []
      const cancels = timers.map(({ afterMs }, index) =>
        clock.schedule(afterMs, () => seen.push(index)),
      )
      for (const [index, cancel] of cancels.entries()) if (timers[index]?.cancelled) cancel()
      while (clock.advanceToNext());
      const expected = timers
        .map((timer, index) => ({ ...timer, index }))
        .filter((timer) => !timer.cancelled)
        .toSorted((a, b) => a.afterMs - b.afterMs || a.index - b.index)
      assert.deepEqual(
        seen,
        expected.map((timer) => timer.index),
      )
    }),
    { numRuns: 50 },
  )
})

test('cancelled timer does not run, and cancelling again or too late is harmless', (t) => {
  const clock = new VirtualClock()
  const seen: string[] = []
  const cancelFirst = clock.schedule(5, () => seen.push('first'))
  const cancelSecond = clock.schedule(6, () => seen.push('second'))
  cancelFirst()
  cancelFirst()
  t.is(clock.nextAt(), 6)
  t.true(clock.advanceToNext())
  cancelSecond()
  t.false(clock.advanceToNext())
  t.deepEqual(seen, ['second'])
  t.is(clock.monotonicMs(), 6)
})

test('timer is never early, and a negative delay is no delay', (t) => {
  const clock = new VirtualClock()
  clock.schedule(0.4, () => {})
  t.is(clock.nextAt(), 1)
  clock.schedule(-3, () => {})
  t.is(clock.nextAt(), 0)
  t.throws(() => clock.schedule(Number.NaN, () => {}), { instanceOf: RangeError })
})

test('jump of the wall clock moves neither the monotonic clock nor a timer', (t) => {
  const clock = new VirtualClock()
  clock.schedule(100, () => {})
  const before = clock.wallMs()
  clock.jumpWall(-3_600_000)
  t.is(clock.wallMs(), before - 3_600_000)
  t.is(clock.monotonicMs(), 0)
  t.is(clock.nextAt(), 100)
})

test('passing of time lets resolved promises continue before the next timer runs', async (t) => {
  const clock = new VirtualClock()
  const seen: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  clock.schedule(10, resolve)
  clock.schedule(11, () => seen.push('timer'))
  const waiter = (async () => {
    await promise
    seen.push('promise')
    clock.schedule(0, () => seen.push('its own timer'))
  })()
  await clock.pass(20, settle)
  await waiter
  t.deepEqual(seen, ['promise', 'its own timer', 'timer'])
  t.is(clock.monotonicMs(), 20)
})

/** The wall clock is set ahead or back: what was done lately is found by its stamp all the same. */
import test from 'ava'
import * as fc from 'fast-check'
import { ClockSteps } from '../../../actors/leadership/clock-steps.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { holdsAsync } from '../../support/holds.ts'

const WINDOW_MS = 600_000

/** A process that looks at its clocks every so many ms. */
function lifeOf() {
  const clock = new VirtualClock()
  const steps = new ClockSteps(clock)
  const pass = (ms: number, everyMs = 250): Promise<void> => {
    const look = (): void => {
      steps.note()
      clock.schedule(everyMs, look)
    }
    const cancel = clock.schedule(everyMs, look)
    return clock.pass(ms, () => Promise.resolve()).finally(cancel)
  }
  const agoMs = (): number => clock.wallMs() - steps.earliestWithin(WINDOW_MS)
  return { clock, steps, pass, agoMs }
}

test('without a step a window is as long as it is', async (t) => {
  const { pass, agoMs } = lifeOf()
  await pass(WINDOW_MS)
  t.is(agoMs(), WINDOW_MS)
  await pass(2 * WINDOW_MS)
  t.is(agoMs(), WINDOW_MS)
})

test('a process that has just started looks an hour further back: the clock may have been set before', async (t) => {
  const { pass, agoMs } = lifeOf()
  t.is(agoMs(), WINDOW_MS + 3_600_000)
  await pass(WINDOW_MS - 1)
  t.is(agoMs(), WINDOW_MS + 3_600_000)
  await pass(1)
  t.is(agoMs(), WINDOW_MS)
})

for (const byMs of [3_600_000, 5000]) {
  test(`a clock that is set ahead by ${byMs} ms widens the window for as long as that lies in it`, async (t) => {
    const { clock, pass, agoMs } = lifeOf()
    await pass(WINDOW_MS)
    clock.jumpWall(byMs)
    t.is(agoMs(), WINDOW_MS + byMs)
    await pass(WINDOW_MS - 1000)
    t.is(agoMs(), WINDOW_MS + byMs)
    await pass(2000)
    t.is(agoMs(), WINDOW_MS)
  })
}

test('after a clock is set back by an hour all stamps of the window are at least as late as now', async (t) => {
  const { clock, pass, agoMs } = lifeOf()
  await pass(WINDOW_MS)
  clock.jumpWall(-3_600_000)
  t.is(agoMs(), 0)
  await pass(1000)
  t.is(agoMs(), 1000)
  await pass(2 * WINDOW_MS)
  t.is(agoMs(), WINDOW_MS)
})

test('a clock that runs a little fast or slow is no step', async (t) => {
  const { clock, pass, agoMs } = lifeOf()
  for (let times = 0; times < 100; times += 1) {
    clock.jumpWall(times % 2 === 0 ? 400 : -400)
    await pass(10_000)
  }
  t.is(agoMs(), WINDOW_MS)
})

test('what was written within the window has no older stamp, when the clock is looked at between its steps', async (t) => {
  const aStep = fc.record({
    afterMs: fc.integer({ min: 60_000, max: 400_000 }),
    byMs: fc.integer({ min: -4_000_000, max: 4_000_000 }),
    everyMs: fc.constantFrom(250, 30_000),
  })
  await holdsAsync(
    t,
    fc.asyncProperty(fc.array(aStep, { maxLength: 6 }), async (plan) => {
      const { clock, steps, pass } = lifeOf()
      const written: { readonly atMs: number; readonly stamp: number }[] = []
      const write = (): void => {
        written.push({ atMs: clock.monotonicMs(), stamp: clock.wallMs() })
        clock.schedule(7000, write)
      }
      write()
      for (const { afterMs, byMs, everyMs } of plan) {
        await pass(afterMs, everyMs)
        clock.jumpWall(byMs)
      }
      const since = steps.earliestWithin(WINDOW_MS)
      const lately = written.filter(({ atMs }) => atMs >= clock.monotonicMs() - WINDOW_MS)
      return lately.every(({ stamp }) => stamp >= since - 1000)
    }),
    { numRuns: 100 },
  )
})

/** A partition of our own is a long gap between two answers of the broker, whatever made it. */
import test from 'ava'
import { PartitionDetector } from '../../../actors/leadership/partition-detector.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { settle } from '../../transports/simulated/virtual-time.ts'

const GAP_MS_MAX = 5500

/** What is known after answers of the broker at these moments, asked so much later. */
async function after(answeredAtMs: readonly number[], laterMs = 0): Promise<number> {
  const clock = new VirtualClock()
  const detector = new PartitionDetector(clock, GAP_MS_MAX)
  for (const atMs of answeredAtMs) {
    await clock.pass(atMs - clock.monotonicMs(), settle)
    detector.note()
  }
  await clock.pass(laterMs, settle)
  return detector.unbrokenForMs()
}

test('who has just started has not been cut off, however late the first answer comes', async (t) => {
  t.is(await after([]), Infinity)
  t.is(await after([60_000]), Infinity)
})

test('who is answered again and again has never been cut off', async (t) => {
  t.is(await after([0, 2000, 4000, 9499], 5499), Infinity)
})

test('who gets no answer for as long as a lease lasts is cut off, until the next answer', async (t) => {
  t.is(await after([0], 5500), 0)
  t.is(await after([0, 5500]), 0)
  t.is(await after([0, 20_000], 3000), 3000)
})

test('after another partition everything begins anew', async (t) => {
  t.is(await after([0, 20_000, 22_000, 40_000, 41_000]), 1000)
})

/** Sleeping on a clock: how a sleep ends, and that it leaves nothing behind. */
import test from 'ava'
import { sleep } from '../../../actors/ports/clock.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { during, settle } from '../../transports/simulated/virtual-time.ts'

test('a sleep ends after its time', async (t) => {
  const clock = new VirtualClock()
  await during(clock, sleep(clock, 250, new AbortController().signal))
  t.is(clock.monotonicMs(), 250)
})

test('a sleep ends early and without an error when its signal aborts, and cancels its timer', async (t) => {
  const clock = new VirtualClock()
  const abort = new AbortController()
  const sleeping = sleep(clock, 250, abort.signal)
  await settle()
  abort.abort(new Error('nobody waits'))
  await t.notThrowsAsync(sleeping)
  t.is(clock.monotonicMs(), 0)
  t.is(clock.nextAt(), undefined)
})

test('a sleep whose signal has aborted already starts no timer', async (t) => {
  const clock = new VirtualClock()
  await sleep(clock, 250, AbortSignal.abort())
  t.is(clock.nextAt(), undefined)
})

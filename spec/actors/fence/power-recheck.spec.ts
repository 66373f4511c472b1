/** The device that proved a death is read again while the host is acted on. */
import test from 'ava'
import {
  BOOT_MAX_MS,
  READING_MS,
  PowerRechecks,
  type PowerFinding,
} from '../../../actors/fence/power-recheck.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import { CodedError } from '../../../schema/errors.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { settle } from '../../transports/simulated/virtual-time.ts'
import { H1, H2 } from '../records.ts'

/** A fenced host whose device gives these answers in order, and repeats the last one. */
function watch(...answers: readonly (PowerState | Error)[]) {
  const clock = new VirtualClock()
  const powerRechecks = new PowerRechecks(clock)
  const left = [...answers]
  let reads = 0
  const read = (): Promise<PowerState> => {
    reads += 1
    const answer = left.length > 1 ? left.shift() : left[0]
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? 'off')
  }
  powerRechecks.keep(H1, { read }, clock.monotonicMs())
  const pass = (ms: number): Promise<void> => clock.pass(ms, settle)
  const look = (): Promise<PowerFinding> => powerRechecks.look(H1, new AbortController().signal)
  const lookAfter = async (ms: number): Promise<PowerFinding> => {
    await pass(ms)
    return look()
  }
  return { powerRechecks, pass, look, lookAfter, reads: () => reads }
}

const SILENT = new CodedError('POWER_UNREACHABLE', 'the BMC is silent')

test('a fresh reading is believed', async (t) => {
  const { lookAfter, reads } = watch('on')
  t.deepEqual(await lookAfter(READING_MS - 1), { life: 'none', isNews: false, diedAtMs: 0 })
  t.is(reads(), 0)
})

test('an old reading is taken again, and is then fresh', async (t) => {
  const { lookAfter, reads } = watch('off')
  t.is((await lookAfter(READING_MS)).life, 'none')
  t.is((await lookAfter(READING_MS - 1)).life, 'none')
  t.is(reads(), 1)
})

test('the first caller is told that the power is new, and later ones only that it is on', async (t) => {
  const { lookAfter } = watch('on')
  t.deepEqual(await lookAfter(READING_MS), { life: 'powered', isNews: true, diedAtMs: 0 })
  t.deepEqual(await lookAfter(1), { life: 'powered', isNews: false, diedAtMs: 0 })
  t.deepEqual(await lookAfter(READING_MS), { life: 'powered', isNews: false, diedAtMs: 0 })
})

test('simultaneous callers share a reading, and one of them is told first', async (t) => {
  const { pass, look, reads } = watch('on')
  await pass(READING_MS)
  const found = await Promise.all([look(), look(), look()])
  t.is(reads(), 1)
  t.deepEqual(
    found.map(({ isNews }) => isNews),
    [true, false, false],
  )
})

test('a host that has had power for long and was not seen alive hangs', async (t) => {
  const { lookAfter } = watch('on')
  await lookAfter(READING_MS)
  t.is((await lookAfter(BOOT_MAX_MS - 1)).life, 'powered')
  t.is((await lookAfter(1)).life, 'hung')
})

test('a host that lost power again counts as dead', async (t) => {
  const { lookAfter } = watch('on', 'off', 'on')
  await lookAfter(READING_MS)
  t.is((await lookAfter(BOOT_MAX_MS)).life, 'none')
  t.deepEqual(await lookAfter(READING_MS), { life: 'powered', isNews: true, diedAtMs: 0 })
})

test('a device that cannot be read any more changes nothing', async (t) => {
  const dead = watch(SILENT)
  t.is((await dead.lookAfter(READING_MS)).life, 'none')
  const back = watch('on', SILENT)
  await back.lookAfter(READING_MS)
  t.is((await back.lookAfter(READING_MS)).life, 'powered')
})

test('an error that is no trouble of the device is thrown', async (t) => {
  const { lookAfter } = watch(new Error('a defect'))
  await t.throwsAsync(lookAfter(READING_MS), { message: 'a defect' })
})

test('a new fence starts a new recheck, and nothing is known of other hosts', async (t) => {
  const { powerRechecks, lookAfter } = watch('on')
  await lookAfter(READING_MS)
  powerRechecks.keep(H1, { read: () => Promise.resolve('off') }, READING_MS)
  t.is((await lookAfter(0)).life, 'none')
  t.is((await powerRechecks.look(H2, new AbortController().signal)).life, 'none')
})

test('a death that is proved only by a command or a consent ends the power recheck of an earlier one', async (t) => {
  const { powerRechecks, lookAfter, reads } = watch('on')
  powerRechecks.end(H1)
  t.deepEqual(await lookAfter(READING_MS), { life: 'none', isNews: false, diedAtMs: undefined })
  t.is(reads(), 0)
})

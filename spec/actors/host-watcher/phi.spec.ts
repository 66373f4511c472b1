/** The accrual detector: never hasty, quick for a regular host, patient with a slow one. */
import test from 'ava'
import * as fc from 'fast-check'
import { phi, suspiciousAfterMs, withPause, type Pauses } from '../../../actors/host-watcher/phi.ts'
import { holds } from '../../support/holds.ts'

const RULES = {
  threshold: 8,
  graceMs: 2000,
  intervalMs: 1000,
  deviationMsMin: 250,
  pauseMsMax: 10_000,
}
const learned = (pauses: readonly number[]): Pauses =>
  pauses.reduce<Pauses>((window, pause) => withPause(window, pause, RULES), [])
const beats = fc.array(fc.integer({ min: 1, max: 12_000 }), { maxLength: 100, size: 'max' })

test('the silence of a regular host is suspicious within three seconds', (t) => {
  for (const pauses of [[], [1000], Array.from({ length: 50 }, () => 1010)]) {
    const afterMs = suspiciousAfterMs(learned(pauses), RULES)
    t.true(afterMs > 2000 && afterMs <= 2500, `${pauses.length} pauses: ${afterMs}`)
  }
})

test('a host whose heartbeats come slowly gets more time', (t) => {
  const slow = learned(Array.from({ length: 32 }, (_, index) => (index % 2 === 0 ? 1000 : 3000)))
  t.true(suspiciousAfterMs(slow, RULES) > 6000)
  const recovered = Array.from({ length: 32 }, () => 1000).reduce<Pauses>(
    (window, pause) => withPause(window, pause, RULES),
    slow,
  )
  t.true(suspiciousAfterMs(recovered, RULES) < 2500)
})

test('nothing is ever suspicious sooner than the grace', (t) => {
  holds(
    t,
    fc.property(beats, fc.integer({ min: 1000, max: 60_000 }), (pauses, graceMs) => {
      return suspiciousAfterMs(learned(pauses), { ...RULES, graceMs }) >= graceMs
    }),
  )
})

test('no regular pause of the window is suspicious, and phi grows with the silence', (t) => {
  holds(
    t,
    fc.property(
      fc.integer({ min: 200, max: 8000 }),
      fc.integer({ min: 0, max: 9000 }),
      (pause, more) => {
        const window = learned(Array.from({ length: 40 }, () => pause))
        const isCalm = suspiciousAfterMs(window, RULES) > pause
        return isCalm && phi(window, pause + more, RULES) <= phi(window, pause + more + 1, RULES)
      },
    ),
  )
})

test('phi reaches its threshold where the silence becomes suspicious', (t) => {
  holds(
    t,
    fc.property(beats, (pauses) => {
      const window = learned(pauses)
      const patient = { ...RULES, graceMs: 0 }
      return Math.abs(phi(window, suspiciousAfterMs(window, patient), patient) - 8) < 0.001
    }),
  )
})

test('the window is bounded, and an outage is not learned', (t) => {
  t.is(learned(Array.from({ length: 500 }, () => 1000)).length, 32)
  t.deepEqual(learned([1000, 10_001, 10_000]), [1000, 10_000])
})

test('phi of one means one pause in ten is as long', (t) => {
  // A normal distribution has a tenth beyond 1.2816 deviations.
  const silentForMs = 1000 + 1.2816 * 250
  t.true(Math.abs(phi([], silentForMs, RULES) - 1) < 0.01)
})

/** When a crashed actor starts again: Erlang's restart intensity, with backoff and jitter. */
import test from 'ava'
import * as fc from 'fast-check'
import {
  LEAF,
  SUPERVISOR,
  judgeCrash,
  type ChildPolicy,
} from '../../../actors/kernel/supervision.ts'
import { holds } from '../../support/holds.ts'

const POLICY: ChildPolicy = { ...LEAF, intensity: 3, periodMs: 1000, backoffMsMax: 250 }

const TABLE: readonly [
  what: string,
  earlier: readonly number[],
  nowMs: number,
  chance: number,
  verdict: ReturnType<typeof judgeCrash>,
][] = [
  ['first crash', [], 0, 0, { kind: 'restart', afterMs: 50, crashesAt: [0] }],
  ['first crash, unlucky', [], 0, 0.999, { kind: 'restart', afterMs: 100, crashesAt: [0] }],
  ['second crash', [0], 10, 0, { kind: 'restart', afterMs: 100, crashesAt: [0, 10] }],
  [
    'third crash meets the ceiling',
    [0, 1],
    2,
    1,
    { kind: 'restart', afterMs: 250, crashesAt: [0, 1, 2] },
  ],
  ['fourth crash in the period', [0, 1, 2], 3, 0, { kind: 'give-up' }],
  [
    'fourth crash, the first just forgotten',
    [0, 1, 2],
    1000,
    0,
    { kind: 'restart', afterMs: 125, crashesAt: [1, 2, 1000] },
  ],
  ['fourth crash, the first almost forgotten', [0, 1, 2], 999, 0, { kind: 'give-up' }],
  [
    'crash long after the last',
    [0, 1, 2],
    9000,
    0,
    { kind: 'restart', afterMs: 50, crashesAt: [9000] },
  ],
]

for (const [what, earlier, nowMs, chance, verdict] of TABLE) {
  test(`${what} is judged by the crashes of the period`, (t) => {
    t.deepEqual(judgeCrash(POLICY, earlier, nowMs, chance), verdict)
  })
}

test('an actor that may never crash gives up at once', (t) => {
  t.deepEqual(judgeCrash({ ...POLICY, intensity: 0 }, [], 0, 0), { kind: 'give-up' })
})

test('supervisors restart less often than actors without children, because intensities multiply', (t) => {
  t.true(SUPERVISOR.intensity < LEAF.intensity)
})

const policies = fc.record({
  intensity: fc.integer({ min: 1, max: 8 }),
  periodMs: fc.integer({ min: 1, max: 60_000 }),
  backoffMsMin: fc.integer({ min: 2, max: 1000 }),
  backoffMsMax: fc.integer({ min: 1000, max: 10_000 }),
})
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const histories = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), chances), {
  maxLength: 60,
})

test('no period ever has more restarts than the intensity', (t) => {
  holds(
    t,
    fc.property(policies, histories, (bounds, history) => {
      const policy: ChildPolicy = { ...LEAF, ...bounds }
      let nowMs = 0
      let crashesAt: readonly number[] = []
      const restartedAt: number[] = []
      for (const [sinceLastMs, chance] of history) {
        nowMs += sinceLastMs
        const verdict = judgeCrash(policy, crashesAt, nowMs, chance)
        if (verdict.kind === 'give-up') break
        crashesAt = verdict.crashesAt
        restartedAt.push(nowMs)
      }
      return restartedAt.every(
        (at) =>
          restartedAt.filter((other) => other >= at && other - at < policy.periodMs).length <=
          policy.intensity,
      )
    }),
  )
})

test('pauses grow with every crash of the period, up to the ceiling', (t) => {
  holds(
    t,
    fc.property(policies, chances, (bounds, chance) => {
      const policy: ChildPolicy = { ...LEAF, ...bounds, periodMs: 1000 }
      let crashesAt: readonly number[] = []
      let lastMs = 0
      for (let nowMs = 0; nowMs < policy.intensity; nowMs += 1) {
        const verdict = judgeCrash(policy, crashesAt, nowMs, chance)
        if (verdict.kind === 'give-up' || verdict.afterMs < lastMs) return false
        if (verdict.afterMs === lastMs && lastMs < Math.floor(policy.backoffMsMax / 2)) return false
        lastMs = verdict.afterMs
        crashesAt = verdict.crashesAt
      }
      return true
    }),
  )
})

test('jitter shortens the pause by at most half and adds nothing', (t) => {
  holds(
    t,
    fc.property(policies, chances, fc.integer({ min: 0, max: 7 }), (bounds, chance, earlier) => {
      const policy: ChildPolicy = { ...LEAF, ...bounds, intensity: 8 }
      const crashes = Array.from({ length: earlier }, () => 0)
      const verdict = judgeCrash(policy, crashes, 0, chance)
      const wholeMs = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** earlier)
      if (verdict.kind === 'give-up') return false
      return verdict.afterMs >= Math.round(wholeMs / 2) && verdict.afterMs <= wholeMs
    }),
  )
})

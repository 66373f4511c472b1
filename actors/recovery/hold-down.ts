/**
 * After a start, or a partition of our own, hosts may only seem dead. Nothing new is begun for some
 * time. Pure.
 */
import type { Decision, DecisionRules, Situation } from './decision.ts'

/** undefined when new hosts may be acted on. */
export function holdDown(
  { holdDownMs, partitionHoldDownMs }: DecisionRules,
  { ledForMs, inContactForMs }: Situation,
): Decision | undefined {
  if (ledForMs < holdDownMs) {
    return waitFor(holdDownMs - ledForMs, `in the first ${holdDownMs / 1000} s of a leader`)
  }
  if (inContactForMs >= partitionHoldDownMs) return undefined
  const when = `in the first ${partitionHoldDownMs / 1000} s after a partition of the engine's own`
  return waitFor(partitionHoldDownMs - inContactForMs, when)
}

const waitFor = (leftMs: number, when: string): Decision => ({
  kind: 'hold-down',
  reason: `hold-down: no host is acted on ${when}`,
  leftMs,
})

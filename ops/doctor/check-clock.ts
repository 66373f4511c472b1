/** Whether two clocks agree. */
import type { CheckAnswer } from './finding.ts'

/** A Date has whole seconds, and an answer takes time; of more, stamps and tokens suffer. Ms. */
const SKEW_MS_MAX = 3000

/** Compares another clock with ours. */
export function compareClocks(theirMs: number, ourMs: number): CheckAnswer {
  const seconds = (Math.abs(theirMs - ourMs) / 1000).toFixed(1)
  if (Math.abs(theirMs - ourMs) <= SKEW_MS_MAX) return `agrees with ours to ${SKEW_MS_MAX / 1000} s`
  const direction = theirMs > ourMs ? 'ahead of' : 'behind'
  return { verdict: 'broken', detail: `it is ${seconds} s ${direction} the clock of this node` }
}

export const SYNCHRONISE = 'synchronise the clocks of both machines (chrony, systemd-timesyncd)'

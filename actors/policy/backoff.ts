/** How long a failed attempt pauses before the next one. Pure. */

/** A longer pause would leave instances down for no other reason than our patience. */
const PAUSE_MS_MAX = 300_000

/** Twice as long after each failure, and a tenth more or less by chance, so that many recoveries do not come in step. */
export function pauseMs(firstMs: number, failures: number, chance: number): number {
  const doubled = firstMs * 2 ** Math.max(0, failures - 1)
  return Math.round(Math.min(PAUSE_MS_MAX, doubled) * (0.9 + 0.2 * chance))
}

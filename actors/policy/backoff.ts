/** The pause between a failed attempt and the next one. Pure. */

/** The longest pause, ms. A longer one would keep instances down without need. */
const PAUSE_MS_MAX = 300_000

/**
 * The pause doubles after each failure, and varies by a tenth at random, so that many recoveries do
 * not act at the same time.
 */
export function pauseMs(firstMs: number, failures: number, chance: number): number {
  const doubled = firstMs * 2 ** Math.max(0, failures - 1)
  return Math.round(Math.min(PAUSE_MS_MAX, doubled) * (0.9 + 0.2 * chance))
}

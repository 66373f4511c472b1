/** The quarantine: something that fails repeatedly is not acted on for a growing time. Pure. */

export interface QuarantineRules {
  /** The number of failures in the window from which the quarantine begins. */
  readonly failuresMin: number
  readonly windowMs: number
  /**
   * The length of the first quarantine, counted from the last failure, ms. Each further failure
   * doubles it.
   */
  readonly firstMs: number
  readonly longestMs: number
}

/**
 * When the quarantine ends, from the failures in the window, oldest first; zero when there were too
 * few.
 */
export function quarantinedUntil(rules: QuarantineRules, failures: readonly number[]): number {
  const last = failures.at(-1)
  const excess = failures.length - rules.failuresMin
  if (last === undefined || excess < 0) return 0
  return last + Math.min(rules.longestMs, rules.firstMs * 2 ** excess)
}

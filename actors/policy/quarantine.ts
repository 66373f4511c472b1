/** Damping: whatever fails again and again is left alone for a growing time. Pure. */

export interface QuarantineRules {
  /** Failures in the window from which on it is left alone. */
  readonly failuresMin: number
  readonly windowMs: number
  /** The first quarantine, counted from the last failure; each further one doubles it. */
  readonly firstMs: number
  readonly longestMs: number
}

/** Until when, given the failures in the window, oldest first. Zero when there were few. */
export function quarantinedUntil(rules: QuarantineRules, failures: readonly number[]): number {
  const last = failures.at(-1)
  const excess = failures.length - rules.failuresMin
  if (last === undefined || excess < 0) return 0
  return last + Math.min(rules.longestMs, rules.firstMs * 2 ** excess)
}

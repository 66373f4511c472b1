/**
 * The accrual failure detector (Hayashibara, Défago, Yared, Katayama 2004): from the pauses between the heartbeats of one host, how
 * unlikely its present silence is, and from when on it counts as suspicious. Each host has a window of its own. Pure.
 */

export interface PhiRules {
  /** Silence is suspicious from this phi on: 8 is wrong once in 10^8 pauses of a host that behaves as before. */
  readonly threshold: number
  /** Never suspicious sooner, ms. */
  readonly graceMs: number
  /** Expected while the window is empty, ms. */
  readonly intervalMs: number
  /** A regular host is allowed this deviation all the same, ms: garbage collection, a busy bus. */
  readonly deviationMsMin: number
  /** A longer pause is an outage, and nothing is learned from it, ms. */
  readonly pauseMsMax: number
}

/** The latest pauses between two heartbeats, ms, oldest first. */
export type Pauses = readonly number[]

/** Half a minute of heartbeats: long enough for a mean, short enough to follow a host that becomes slow. */
const PAUSES_MAX = 32

/** The window with one more pause in it; outages are left out. */
export function withPause(pauses: Pauses, pauseMs: number, { pauseMsMax }: PhiRules): Pauses {
  if (pauseMs > pauseMsMax) return pauses
  return [...pauses.slice(1 - PAUSES_MAX), pauseMs]
}

/** How unlikely so long a silence is: 1 means one pause in ten is as long, 8 one in 10^8. */
export function phi(pauses: Pauses, silentForMs: number, rules: PhiRules): number {
  const { meanMs, deviationMs } = shapeOf(pauses, rules)
  return tail((silentForMs - meanMs) / deviationMs)
}

/** The silence from which on a host is suspected: where phi reaches its threshold, and never before the grace has passed. */
export function suspiciousAfterMs(pauses: Pauses, rules: PhiRules): number {
  const { meanMs, deviationMs } = shapeOf(pauses, rules)
  return Math.max(rules.graceMs, meanMs + deviationsOf(rules.threshold) * deviationMs)
}

function shapeOf(
  pauses: Pauses,
  { intervalMs, deviationMsMin }: PhiRules,
): { readonly meanMs: number; readonly deviationMs: number } {
  const count = pauses.length
  if (count === 0) return { meanMs: intervalMs, deviationMs: deviationMsMin }
  const meanMs = pauses.reduce((sum, pause) => sum + pause, 0) / count
  const variance = pauses.reduce((sum, pause) => sum + (pause - meanMs) ** 2, 0) / count
  return { meanMs, deviationMs: Math.max(deviationMsMin, Math.sqrt(variance)) }
}

/** e to the power of more than this is infinite; log(1 + e^x) is x by then. */
const EXPONENT_MAX = 700

/** The constants of the logistic approximation. */
const LINEAR = 1.5976
const CUBIC = 0.070566

/** −log10 of the share of a normal distribution beyond so many deviations, by its logistic approximation. */
function tail(deviations: number): number {
  const exponent = deviations * (LINEAR + CUBIC * deviations ** 2)
  return (exponent > EXPONENT_MAX ? exponent : Math.log1p(Math.exp(exponent))) / Math.LN10
}

/** The inverse of the tail: the one real root of a cubic equation. */
function deviationsOf(threshold: number): number {
  const decades = threshold * Math.LN10
  const exponent = decades > EXPONENT_MAX ? decades : Math.log(Math.expm1(decades))
  const slope = LINEAR / CUBIC
  const scale = Math.sqrt(slope / 3)
  const share = (3 * exponent) / CUBIC / (2 * slope) / scale
  return 2 * scale * Math.sinh(Math.asinh(share) / 3)
}

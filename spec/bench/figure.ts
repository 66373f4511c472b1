/** Prints a measured figure: one readable line, with its target. */

/** The value that a figure should have; without a target, it is only for information. */
export interface Target {
  readonly kind: 'at-least' | 'at-most'
  readonly value: number
}

export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly target?: Target
  /** The circumstances of the measurement. */
  readonly remark?: string
}

const formatted = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** One line: verdict, name, value, target, remark. */
export function lineOf({ what, value, unit, target, remark }: Figure): string {
  const told = `${formatted.format(value)} ${unit}`.trimEnd()
  const wanted = target === undefined ? '' : `  (target ${signOf(target)} ${target.value})`
  const rest = remark === undefined ? '' : `  ${remark}`
  return `${verdictOf(value, target).padEnd(6)} ${what.padEnd(58)} ${told.padStart(16)}${wanted}${rest}`
}

/** True unless it misses its target. */
export const meets = (value: number, target: Target | undefined): boolean =>
  target === undefined ||
  (target.kind === 'at-least' ? value >= target.value : value <= target.value)

const signOf = ({ kind }: Target): string => (kind === 'at-least' ? '≥' : '≤')

const verdictOf = (value: number, target: Target | undefined): string => {
  if (target === undefined) return 'info'
  return meets(value, target) ? 'ok' : 'MISSED'
}

/** The middle value; of an even number of values, the lower one. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** The value that this share of all values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  if (found === undefined) throw new RangeError('nothing was measured')
  return found
}

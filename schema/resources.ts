/** The resources that instances use on hosts, and arithmetic with them. */

/** The keys are resource classes of Placement: PCPU, VGPU, CUSTOM_… */
export type Amounts = Readonly<Record<string, number>>

export interface Resources {
  readonly vcpus: number
  readonly memoryMb: number
  readonly diskGb: number
  /** Amounts of other classes. A class that is not named here counts as 0. */
  readonly others?: Amounts
}

export const NOTHING: Resources = { vcpus: 0, memoryMb: 0, diskGb: 0 }

/** The sum of both. */
export const plus = (one: Resources, other: Resources): Resources => combined(one, other, 1)

/** The first without the second. */
export const minus = (one: Resources, other: Resources): Resources => combined(one, other, -1)

function combined(one: Resources, other: Resources, sign: 1 | -1): Resources {
  const sum = {
    vcpus: one.vcpus + sign * other.vcpus,
    memoryMb: one.memoryMb + sign * other.memoryMb,
    diskGb: one.diskGb + sign * other.diskGb,
  }
  if (one.others === undefined && other.others === undefined) return sum
  const classes = [...Object.keys(one.others ?? {}), ...Object.keys(other.others ?? {})]
  const others = classes.map((name) => [
    name,
    (one.others?.[name] ?? 0) + sign * (other.others?.[name] ?? 0),
  ])
  return { ...sum, others: Object.fromEntries(others) }
}

/**
 * A resource that is not needed is not compared: hosts are overcommitted, so its bound may be
 * negative.
 */
export const isWithin = (needs: Resources, bound: Resources): boolean =>
  KEYS.every((key) => needs[key] === 0 || needs[key] <= bound[key]) &&
  Object.entries(needs.others ?? {}).every(
    ([name, amount]) => amount === 0 || amount <= (bound.others?.[name] ?? 0),
  )

const KEYS = ['vcpus', 'memoryMb', 'diskGb'] as const

/** Every amount, by the name of its resource. */
export const amountsOf = ({ others = {}, ...usual }: Resources): ReadonlyMap<string, number> =>
  new Map(Object.entries({ ...usual, ...others }))

/** A text for people: `4 VCPU, 8192 MB, 20 GB`. */
export function amountOf({ vcpus, memoryMb, diskGb, others = {} }: Resources): string {
  const more = Object.entries(others).filter(([, amount]) => amount !== 0)
  const rest = more.map(([name, amount]) => `, ${amount} ${name}`).join('')
  return `${vcpus} VCPU, ${memoryMb} MB, ${diskGb} GB${rest}`
}

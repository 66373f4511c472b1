/** What instances take of hosts, and counting with it. */

export interface Resources {
  readonly vcpus: number
  readonly memoryMb: number
  readonly diskGb: number
}

export const NOTHING: Resources = { vcpus: 0, memoryMb: 0, diskGb: 0 }

/** Both together. */
export const plus = (one: Resources, other: Resources): Resources => ({
  vcpus: one.vcpus + other.vcpus,
  memoryMb: one.memoryMb + other.memoryMb,
  diskGb: one.diskGb + other.diskGb,
})

/** What remains of the first. */
export const minus = (one: Resources, other: Resources): Resources => ({
  vcpus: one.vcpus - other.vcpus,
  memoryMb: one.memoryMb - other.memoryMb,
  diskGb: one.diskGb - other.diskGb,
})

/** Of what is not needed there may be too little already: hosts are overcommitted. */
export const isWithin = (needs: Resources, bound: Resources): boolean =>
  KEYS.every((key) => needs[key] === 0 || needs[key] <= bound[key])

const KEYS = ['vcpus', 'memoryMb', 'diskGb'] as const

/** For people: `4 VCPU, 8192 MB, 20 GB`. */
export const amountOf = ({ vcpus, memoryMb, diskGb }: Resources): string =>
  `${vcpus} VCPU, ${memoryMb} MB, ${diskGb} GB`

/** The sizes of simulated instances. */
import type { Resources } from '../../schema/resources.ts'

export const FLAVORS = {
  small: { vcpus: 1, memoryMb: 2048, diskGb: 10 },
  large: { vcpus: 4, memoryMb: 8192, diskGb: 40 },
} as const satisfies Readonly<Record<string, Resources>>

/** Room for so many small instances. */
export const roomFor = (count: number): Resources => ({
  vcpus: count * FLAVORS.small.vcpus,
  memoryMb: count * FLAVORS.small.memoryMb,
  diskGb: count * FLAVORS.small.diskGb,
})

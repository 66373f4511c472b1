/** What we need of the Placement API, in our words: how much room compute hosts still have. */
import type { HostName } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'

/** What a host can still take. Infinity where it sets no limit itself, as with shared disks. */
export interface Room {
  readonly free: Resources
  /** By one instance at most. */
  readonly largest: Resources
}

export interface PlacementPort {
  /**
   * Room on these hosts, evacuations under way to them counted, at the same cost for one host and for all of a segment.
   * Hosts of which nobody can tell are left out.
   * PLACEMENT_UNAVAILABLE.
   */
  readRooms(hosts: readonly HostName[], signal?: AbortSignal): Promise<ReadonlyMap<HostName, Room>>
}

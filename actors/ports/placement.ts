/** What we need of the Placement API, in our words: how much room compute hosts still have. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
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
  /**
   * What the instances of a host hold there: what Nova's scheduler has asked for on their behalf, and asks for again. An instance of
   * which nothing is known is left out. PLACEMENT_UNAVAILABLE.
   */
  readAllocations(host: HostName, signal?: AbortSignal): Promise<ReadonlyMap<InstanceId, Resources>>
  /** The hosts that can give what an instance asks for just now (`Instance.request`). PLACEMENT_UNAVAILABLE. */
  readCandidates(request: string, signal?: AbortSignal): Promise<ReadonlySet<HostName>>
}

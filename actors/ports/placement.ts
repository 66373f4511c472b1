/** What we need of the Placement API: how much room compute hosts still have. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'

/**
 * What a host can still take. Infinity when the host itself sets no limit, for example with shared
 * disks.
 */
export interface Room {
  readonly free: Resources
  /** The most that one instance may take. */
  readonly largest: Resources
}

export interface PlacementPort {
  /**
   * The room on these hosts, less the evacuations that are on their way to them. One host costs as
   * much as all hosts of a segment. Hosts whose room is unknown are left out.
   * PLACEMENT_UNAVAILABLE.
   */
  readRooms(hosts: readonly HostName[], signal?: AbortSignal): Promise<ReadonlyMap<HostName, Room>>
  /**
   * The resources that the instances of a host hold there: what Nova's scheduler has requested for
   * them, and requests again. Instances without an allocation are left out. PLACEMENT_UNAVAILABLE.
   */
  readAllocations(host: HostName, signal?: AbortSignal): Promise<ReadonlyMap<InstanceId, Resources>>
  /**
   * The hosts that can give at present what an instance requires (`Instance.request`).
   * PLACEMENT_UNAVAILABLE.
   */
  readCandidates(request: string, signal?: AbortSignal): Promise<ReadonlySet<HostName>>
}

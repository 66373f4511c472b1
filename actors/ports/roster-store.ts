/** The part of the store that knows which hosts and observers are registered. */
import type { HostId, HostName, SegmentId } from '../../schema/ids.ts'

export interface RegisteredHost {
  readonly host: HostId
  readonly hostName: HostName
  readonly segment: SegmentId
}

export interface RegisteredNames {
  readonly hosts: readonly RegisteredHost[]
  readonly observers: readonly string[]
}

export interface RosterStore {
  /**
   * Records that this observer works now. From then on its observations count, until its row is
   * purged.
   */
  registerObserver(name: string): Promise<void>
  /** Every registered host of every segment, and every registered observer. */
  readRoster(): Promise<RegisteredNames>
}

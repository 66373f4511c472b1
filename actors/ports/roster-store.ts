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
  /** Those of the observers that are host monitors. */
  readonly monitors: readonly RegisteredMonitor[]
}

/** host-monitor: hosts are assigned to it; webhook: it passes on what others say. */
export type ObserverRole = 'host-monitor' | 'webhook'

/** A host monitor that has registered at some time. */
export interface RegisteredMonitor {
  readonly name: string
  /** When it registered last, by the clock of whoever wrote it: good for seeing that it changes, and for nothing else. */
  readonly registeredAt: number
}

export interface RosterStore {
  /**
   * Records that this observer works now. From then on its observations count, until its row is
   * purged.
   */
  registerObserver(name: string, role: ObserverRole): Promise<void>
  /** Every host monitor that has registered and was not purged, in no order. */
  listMonitors(): Promise<readonly RegisteredMonitor[]>
  /** Every registered host of every segment, and every registered observer. */
  readRoster(): Promise<RegisteredNames>
}

/** The part of the store that says who may be spoken of on the bus, and who may speak. */
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
  /** Writes down that this observer is at work now; it has a voice from then on, until it is purged. */
  registerObserver(name: string): Promise<void>
  /** Every registered host of every segment, and every registered observer. */
  readRoster(): Promise<RegisteredNames>
}

/** What observers report about hosts, for display. */
import type { HostState } from '../../schema/messages/observation.ts'

/** One observer's view of one host. */
export interface Observation {
  readonly observer: string
  readonly state: HostState
  /** One sentence for each channel. */
  readonly evidence: readonly string[]
  readonly seenAtWallMs: number
}

export interface ObservationBoard {
  /** The present observations of a host, by observer. */
  of(host: string): readonly Observation[]
}

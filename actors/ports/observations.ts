/** What observers say of hosts, for those who show it. */
import type { HostState } from '../../schema/messages/observation.ts'

/** One observer's view of one host. */
export interface Observation {
  readonly observer: string
  readonly state: HostState
  /** One sentence a channel. */
  readonly evidence: readonly string[]
  readonly seenAtWallMs: number
}

export interface ObservationBoard {
  /** What is said of a host now, by observer. */
  of(host: string): readonly Observation[]
}

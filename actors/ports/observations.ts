/** What observers report about hosts, for display. */
import type { HostState } from '../../schema/messages/observation.ts'

/** What one channel means now, by the table of `ops/docs/channels.md`. */
export interface ChannelMeaning {
  readonly channel: string
  readonly meaning: string
  /** How old its latest sign was when the observer said it. */
  readonly ageMs: number
}

/** A suspicion of one observer. */
export interface Doubt {
  /** When it was first heard of; it has lasted without a break since then. */
  readonly sinceWallMs: number
  /** The trace id of its messages; undefined when the observer is of an earlier version. */
  readonly trace: string | undefined
}

/** One observer's view of one host. */
export interface Observation {
  readonly observer: string
  readonly state: HostState
  /** One sentence for each channel. */
  readonly evidence: readonly string[]
  readonly seenAtWallMs: number
  /** Undefined when the observer did not say: it is blind, or of an earlier version. */
  readonly channels?: readonly ChannelMeaning[] | undefined
  /** Undefined while the observer does not doubt the host. */
  readonly doubt?: Doubt | undefined
}

export interface ObservationBoard {
  /** The present observations of a host, by observer. */
  of(host: string): readonly Observation[]
}

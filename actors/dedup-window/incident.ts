/** What the window itself knows of one host: what the leader saw, and which notification is open. What observers say of it is in `HostObservations`. */
import type { HostId, HostName, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import { hostId, hostName, segmentId } from '../../schema/ids.ts'
import { isoTime } from '../../schema/time.ts'
import type { Doubt, Observation } from '../ports/observations.ts'
import type { Look } from '../verification/look.ts'

export interface Incident {
  readonly host: HostId
  readonly hostName: HostName
  readonly segment: SegmentId
  /** What the leader itself saw of the host last, when there was a reason to look. */
  readonly look: Pick<Look, 'finding' | 'atMs'> | null
  /** Observers that called it dead when the leader saw it alive, and until when that is held against them, monotonic ms. */
  readonly doubtedUntilMs: ReadonlyMap<string, number>
  /** Whether somebody has doubted it since it was last seen alive. */
  readonly isDoubted: boolean
  /** The unfinished COMPUTE_HOST notification of this host, if there is one. */
  readonly open: NotificationId | null
  /** Whether the reporter of the open one is not sure: then our own observers may still make a report. */
  readonly unsure: boolean
  /** Our own report is being stored, or was refused or answered a moment ago: nothing new before this, monotonic ms. */
  readonly quietUntilMs: number
  /** Our own reports since the host was last seen alive: each makes the next one wait longer. */
  readonly reports: number
}

/** A host that was not heard of before. */
export function newIncident(observed: HostObserved): Incident {
  return {
    host: hostId(observed.host),
    hostName: hostName(observed.hostName),
    segment: segmentId(observed.segment),
    look: null,
    doubtedUntilMs: new Map(),
    isDoubted: false,
    open: null,
    unsure: false,
    quietUntilMs: 0,
    reports: 0,
  }
}

/** All that observers say, one sentence each. The first one about a suspicion says since when it lasts, and in which trace its messages are. */
export function evidenceOf(observations: readonly Observation[]): readonly string[] {
  return observations.flatMap(({ observer, state, evidence, doubt }) => {
    const plain = `${observer}: ${state}`
    const first = doubt === undefined ? plain : `${plain} ${sinceWhen(doubt)}`
    if (evidence.length === 0) return [first]
    return evidence.map((sentence, index) => `${index === 0 ? first : plain}: ${sentence}`)
  })
}

const sinceWhen = ({ sinceWallMs, trace }: Doubt): string =>
  `(suspected since ${isoTime(sinceWallMs)}${trace === undefined ? '' : `, trace ${trace}`})`

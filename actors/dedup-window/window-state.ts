/** State, messages and effects of the dedup window. */
import type { HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import { withEntry } from '../kernel/with-entry.ts'
import type { Observation } from '../ports/observations.ts'
import type { Acceptance, UnfinishedRecovery } from '../ports/store.ts'
import type { Finding, Look } from '../verification/look.ts'
import type { ContradictionRules } from './contradiction.ts'
import { HOSTS_MAX } from '../verification/host-observations.ts'
import type { Incident } from './incident.ts'
import type { BegunRecovery } from './intake.ts'

export type DedupWindowMessage =
  | { readonly type: 'window.begin' } // first message
  | { readonly type: 'window.settled' } // private: our own timer
  | {
      readonly type: 'window.observed' // an observer spoke of a host
      readonly observed: HostObserved
      /** All that is said of the host now. */
      readonly observations: readonly Observation[]
      readonly atMs: number
    }
  | { readonly type: 'window.notified' } // a report was stored: look now instead of at the next turn
  | { readonly type: 'window.began'; readonly begun: readonly BegunRecovery[] } // recoveries of instances were stored just now
  | { readonly type: 'window.commanded' } // an operator's command was stored
  | { readonly type: 'window.look-due' } // private: our own timer
  | {
      readonly type: 'window.looked' // private: what was read; undefined while the store is away
      readonly part: UnfinishedPart
      readonly unfinished: readonly UnfinishedRecovery[] | undefined
      /** What is said now of the hosts of these. */
      readonly observations: ReadonlyMap<HostId, readonly Observation[]>
      readonly atMs: number
    }
  | {
      readonly type: 'window.host-looked' // what the leader itself saw of a host; undefined while the store is away
      readonly host: HostId
      readonly look: Look | undefined
      /** What observers say of the host now. */
      readonly observations: readonly Observation[]
      readonly atMs: number
    }
  | {
      readonly type: 'window.reported' // private: our own report; undefined while the store is away
      readonly host: HostId
      readonly acceptance: Acceptance | undefined
      readonly atMs: number
    }
  /** private: nothing was reported, for an operator keeps the host, or its segment, out of service */
  | { readonly type: 'window.kept-out'; readonly host: HostId; readonly atMs: number }

export interface DedupWindowState {
  readonly kind: 'folding'
  /** False for a while after the start: who was heard so far may not be everybody. */
  readonly settled: boolean
  readonly incidents: ReadonlyMap<HostId, Incident>
  /** Hosts that the leader looks at itself right now. */
  readonly inSight: ReadonlySet<HostId>
  /** Since when a notification is held back because its host is seen alive, monotonic ms. */
  readonly contradicted: ReadonlyMap<NotificationId, number>
  readonly looking: boolean
  /** A notification came while we were looking: look once more. */
  readonly lookAgain: boolean
  /** The id of the last instance or service fault of the page that was read last; 0 when none comes after it. */
  readonly pageEnd: number
  /** The greatest id of an instance or service fault that was read. */
  readonly newest: number
}

/** new: instance and service faults that were not read before; page: the next page of all of them. */
export type UnfinishedPart = 'new' | 'page'

export type DedupWindowEffect =
  /** Those of all hosts, and a part of the smaller ones. */
  | { readonly type: 'unfinished.read'; readonly part: UnfinishedPart; readonly afterId: number }
  /** The leader looks at a host about which there is a contradiction; what it saw of it before is known. */
  | {
      readonly type: 'host.look'
      readonly host: HostId
      readonly hostName: HostName
      readonly before: Finding | null
      readonly said: readonly string[]
    }
  /** Somebody begins to doubt the host: the leader begins to ask it over SSH, in case it must look soon. */
  | { readonly type: 'host.probe-early'; readonly host: HostId; readonly hostName: HostName }
  | {
      readonly type: 'fault.report'
      readonly host: HostId
      readonly hostName: HostName
      /** Whether it was reported before and stays dead: then an operator who keeps it out of service is not told again. */
      readonly repeated: boolean
    }

export interface WindowRules extends ContradictionRules {
  /** After our start, observers are listened to for so long before their quorum counts, ms. */
  readonly settleMs: number
  /** How often unfinished notifications are read again, ms. */
  readonly lookIntervalMs: number
  /** A report about a host that stays alive for so long is refused, ms. */
  readonly contradictionMs: number
  /** Pause after our own report before the observers of that host may cause another one, ms; doubles each time. */
  readonly quietMs: number
  readonly quietMsMax: number
  /** How often a dead host that an operator keeps out of service is looked at again, ms. */
  readonly keptOutMs: number
}

export type WindowEffect = DedupWindowEffect | KernelEffect<DedupWindowMessage>
export type WindowStep = Step<DedupWindowState, WindowEffect>

export const EMPTY_WINDOW: DedupWindowState = {
  kind: 'folding',
  settled: false,
  incidents: new Map(),
  inSight: new Set(),
  contradicted: new Map(),
  looking: false,
  lookAgain: false,
  pageEnd: 0,
  newest: 0,
}

/** Hosts come and go: at the bound what is known of those without an open report is forgotten, and said again soon. */
export function withIncident(state: DedupWindowState, incident: Incident): DedupWindowState {
  const isFull = state.incidents.size >= HOSTS_MAX && !state.incidents.has(incident.host)
  const kept = isFull
    ? new Map([...state.incidents].filter(([, { open }]) => open !== null))
    : state.incidents
  return { ...state, incidents: withEntry(kept, incident.host, incident) }
}

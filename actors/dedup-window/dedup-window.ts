/** Folds observations and notifications into incidents: the first opens one, the rest are its evidence. */
import type { HostId, HostName, NotificationId } from '../../schema/ids.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import { hostId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import { withEntry } from '../kernel/with-entry.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { Acceptance, UnfinishedRecovery } from '../ports/store.ts'
import { HOSTS_MAX } from './host-observations.ts'
import { evidenceOf, newIncident, withView, type Incident } from './incident.ts'
import { withOpen } from './open-reports.ts'
import { judgeHost, type HostVerdict, type QuorumRules } from './quorum.ts'

export type DedupWindowMessage =
  | { readonly type: 'window.begin' } // first message
  | { readonly type: 'window.settled' } // private: our own timer
  | { readonly type: 'window.observed'; readonly observed: HostObserved; readonly atMs: number }
  | { readonly type: 'window.notified' } // a row or a word was stored: look now instead of at the next turn
  | { readonly type: 'window.look-due' } // private: our own timer
  | {
      readonly type: 'window.looked' // private: everything unfinished; undefined while the store is away
      readonly unfinished: readonly UnfinishedRecovery[] | undefined
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
  /** Since when a notification is held back because its host is seen alive, monotonic ms. */
  readonly contradicted: ReadonlyMap<NotificationId, number>
  readonly looking: boolean
  /** A notification came while we were looking: look once more. */
  readonly lookAgain: boolean
  /** The id of the last smaller fault of the page that was read last; 0 when none comes after it. */
  readonly pageEnd: number
  /** Whether so many smaller faults are unfinished that we do not look for each new one at once. */
  readonly isCrowded: boolean
  /** In a crowd: the next look is soon anyway. */
  readonly isSoon: boolean
}

export type DedupWindowEffect =
  /** Those of all hosts, and a page of the smaller ones. */
  | { readonly type: 'unfinished.read'; readonly afterId: number }
  | {
      readonly type: 'fault.report'
      readonly host: HostId
      readonly hostName: HostName
      /** Whether it was reported before and stays dead: then an operator who keeps it out of service is not told again. */
      readonly repeated: boolean
    }

export interface WindowRules extends QuorumRules {
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

type WindowEffect = DedupWindowEffect | KernelEffect<DedupWindowMessage>
type WindowStep = Step<DedupWindowState, WindowEffect>

export const EMPTY_WINDOW: DedupWindowState = {
  kind: 'folding',
  settled: false,
  incidents: new Map(),
  contradicted: new Map(),
  looking: false,
  lookAgain: false,
  pageEnd: 0,
  isCrowded: false,
  isSoon: false,
}

/** Smaller faults that are read and handed on at a time; as many again follow soon after. */
export const SMALL_PAGE = 500
/** From so many on they are a crowd. */
const CROWD = 100
/** Between two looks in a crowd, so that other work has its turn, ms. */
const SOON_MS = 100

export const dedupWindow =
  (rules: WindowRules, leader: ActorRef<LeaderMessage>) =>
  (state: DedupWindowState, message: DedupWindowMessage): WindowStep => {
    switch (message.type) {
      case 'window.begin':
        return onBegin(rules, state)
      case 'window.settled':
        return [{ ...state, settled: true }, []]
      case 'window.observed':
        return onObserved(rules, leader, state, message)
      case 'window.notified':
        return lookSoon(rules, state)
      case 'window.look-due':
        return look(rules, state)
      case 'window.looked':
        return onLooked(rules, leader, state, message)
      case 'window.reported':
        return onReported(rules, state, message)
      case 'window.kept-out':
        return onKeptOut(rules, state, message)
      default:
        return assertNever(message)
    }
  }

function onBegin(rules: WindowRules, state: DedupWindowState): WindowStep {
  const [next, effects] = look(rules, state)
  const settle: WindowEffect = {
    type: 'timer.start',
    name: 'settle',
    afterMs: rules.settleMs,
    message: { type: 'window.settled' },
  }
  return [next, [settle, ...effects]]
}

function look(rules: WindowRules, state: DedupWindowState): WindowStep {
  const read = { type: 'unfinished.read', afterId: state.pageEnd } as const
  const looking = { ...state, looking: true, lookAgain: false, isSoon: false }
  return [looking, [read, lookAfter(rules.lookIntervalMs)]]
}

const lookAfter = (afterMs: number): WindowEffect => ({
  type: 'timer.start',
  name: 'look',
  afterMs,
  message: { type: 'window.look-due' },
})

/** Something was stored: it is looked at now, or, if that happens all the time, with all that comes within a moment. */
function lookSoon(rules: WindowRules, state: DedupWindowState): WindowStep {
  if (state.looking) return [{ ...state, lookAgain: true }, []]
  if (!state.isCrowded) return look(rules, state)
  return state.isSoon ? [state, []] : [{ ...state, isSoon: true }, [lookAfter(SOON_MS)]]
}

function onObserved(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { observed, atMs }: DedupWindowMessage & { readonly type: 'window.observed' },
): WindowStep {
  const known = state.incidents.get(hostId(observed.host)) ?? newIncident(observed)
  const heard = withView(known, observed, atMs)
  const verdict = judgeHost(heard.views, rules, atMs)
  const incident = verdict === 'alive' ? { ...heard, reports: 0 } : heard
  const next = withIncident(state, incident)
  if (verdict === 'alive' && incident.open !== null) {
    const { host, segment, hostName } = incident
    const reason = `${hostName} was seen alive by ${observed.observer}`
    return [next, [tell(leader, { type: 'leader.host-alive', segment, host, reason })]]
  }
  const unreported = incident.open === null || incident.unsure
  const mayReport = state.settled && unreported && atMs >= incident.quietUntilMs
  if (verdict !== 'dead' || !mayReport) return [next, []]
  const quietMs = Math.min(rules.quietMsMax, rules.quietMs * 2 ** incident.reports)
  const quiet = { ...incident, quietUntilMs: atMs + quietMs, reports: incident.reports + 1 }
  const { host, hostName } = incident
  const repeated = incident.reports > 0
  return [withIncident(next, quiet), [{ type: 'fault.report', host, hostName, repeated }]]
}

/** Everything unfinished goes to its segment, again and again: segments know what they have. */
function onLooked(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { unfinished, atMs }: DedupWindowMessage & { readonly type: 'window.looked' },
): WindowStep {
  const idle = { ...state, looking: false }
  if (unfinished === undefined) return [idle, []]
  const effects: WindowEffect[] = []
  const contradicted = new Map<NotificationId, number>()
  for (const recovery of unfinished) {
    const { notification } = recovery
    const incident = state.incidents.get(notification.sourceHost)
    const objection = objectionTo(rules, state, recovery, atMs)
    if (objection === 'unheard') continue
    const since = state.contradicted.get(notification.uuid) ?? atMs
    const alive = objection === 'alive'
    if (alive) contradicted.set(notification.uuid, since)
    if (alive && atMs - since < rules.contradictionMs) continue
    const evidence = incident === undefined ? [] : evidenceOf(incident)
    effects.push(
      tell(leader, {
        type: 'leader.recover',
        unfinished: recovery,
        evidence: [...reportOf(recovery), ...evidence],
        objection: alive ? `the host is alive all the time: ${evidence.join('; ')}` : null,
      }),
    )
  }
  const read = withPage(
    { ...idle, contradicted, incidents: withOpen(state.incidents, unfinished) },
    unfinished,
  )
  if (!state.lookAgain && read.pageEnd === 0) return [read, effects]
  const [next, more] = lookSoon(rules, read)
  return [next, [...effects, ...more]]
}

/** After a full page comes the next one, after the last one the first. */
function withPage(
  state: DedupWindowState,
  unfinished: readonly UnfinishedRecovery[],
): DedupWindowState {
  const small = unfinished.filter(({ notification }) => notification.type !== 'COMPUTE_HOST')
  const last = small.length < SMALL_PAGE ? undefined : small.at(-1)
  const isCrowded = state.pageEnd > 0 || small.length >= CROWD
  return { ...state, isCrowded, pageEnd: last?.notification.id ?? 0 }
}

/**
 * A fresh report about a host that our own observers see alive is not believed at once; and a leader that has just begun
 * listens to them before it believes one that they do not confirm.
 */
function objectionTo(
  rules: WindowRules,
  state: DedupWindowState,
  { notification }: UnfinishedRecovery,
  atMs: number,
): 'none' | 'alive' | 'unheard' {
  if (notification.type !== 'COMPUTE_HOST' || notification.status !== 'new') return 'none'
  if (notification.payload['event'] !== 'STOPPED') return 'none'
  const views = state.incidents.get(notification.sourceHost)?.views ?? new Map()
  const verdict: HostVerdict = judgeHost(views, rules, atMs)
  if (verdict === 'alive') return 'alive'
  return verdict === 'dead' || state.settled ? 'none' : 'unheard'
}

function reportOf({ notification }: UnfinishedRecovery): readonly string[] {
  const { type, payload } = notification
  const fields = Object.entries(payload).map(([key, value]) => `${key} ${value}`)
  return [`reported as ${type}: ${fields.join(', ')}`]
}

function onReported(
  rules: WindowRules,
  state: DedupWindowState,
  { host, acceptance, atMs }: DedupWindowMessage & { readonly type: 'window.reported' },
): WindowStep {
  const incident = state.incidents.get(host)
  if (acceptance?.kind === 'accepted') {
    return state.looking ? [{ ...state, lookAgain: true }, []] : look(rules, state)
  }
  if (acceptance !== undefined || incident === undefined) return [state, []]
  // The store is away: the next word of an observer tries again, a second later at the earliest.
  const again = { ...incident, quietUntilMs: atMs + 1000, reports: incident.reports - 1 }
  return [withIncident(state, again), []]
}

/** What made the operator keep it out may be over at any moment. */
function onKeptOut(
  rules: WindowRules,
  state: DedupWindowState,
  { host, atMs }: DedupWindowMessage & { readonly type: 'window.kept-out' },
): WindowStep {
  const incident = state.incidents.get(host)
  if (incident === undefined) return [state, []]
  const quietUntilMs = atMs + rules.keptOutMs
  return [withIncident(state, { ...incident, reports: 1, quietUntilMs }), []]
}

/** Hosts come and go: at the bound what is known of those without an open report is forgotten, and said again soon. */
function withIncident(state: DedupWindowState, incident: Incident): DedupWindowState {
  const isFull = state.incidents.size >= HOSTS_MAX && !state.incidents.has(incident.host)
  const kept = isFull
    ? new Map([...state.incidents].filter(([, { open }]) => open !== null))
    : state.incidents
  return { ...state, incidents: withEntry(kept, incident.host, incident) }
}

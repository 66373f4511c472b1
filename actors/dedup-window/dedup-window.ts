/** Folds observations and notifications into incidents: the first opens one, the rest are its evidence. */
import type { NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import { hasLoneVoiceOfLife, judgeWords, wasSeenLately } from './contradiction.ts'
import { evidenceOf, type Incident } from './incident.ts'
import { withOpen } from './open-reports.ts'
import { lookAt, onHostLooked, onObserved } from './weighing.ts'
import {
  withIncident,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowEffect,
  type WindowRules,
  type WindowStep,
} from './window-state.ts'

/** Smaller faults that are read and handed on at a time; as many again follow soon after. */
export const SMALL_PAGE = 500
/** From so many on they are a crowd. */
const CROWD = 100
/** Between two looks in a crowd, so that other work has its turn, ms. */
const SOON_MS = 100
/** Shortest pause before a report that the store did not take is stored again, ms: observers may repeat it sooner. */
const STORE_AGAIN_MS = 1000

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
      case 'window.host-looked':
        return onHostLooked(rules, leader, state, message)
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

/** A host whose report is contradicted is looked at by the leader itself, when it is time to. */
const lookAtAlive = (
  rules: WindowRules,
  state: DedupWindowState,
  incident: Incident | undefined,
  atMs: number,
): WindowStep =>
  incident !== undefined && isToBeSeen(rules, incident, atMs)
    ? lookAt(state, incident)
    : [state, []]

/** Everything unfinished goes to its segment, again and again: segments know what they have. */
function onLooked(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  { unfinished, atMs }: DedupWindowMessage & { readonly type: 'window.looked' },
): WindowStep {
  let idle: DedupWindowState = { ...state, looking: false }
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
    if (alive) {
      contradicted.set(notification.uuid, since)
      const [next, looks] = lookAtAlive(rules, idle, incident, atMs)
      idle = next
      effects.push(...looks)
      if (atMs - since < rules.contradictionMs) continue
    }
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

/** One observer alone contradicts the report: the leader looks for itself, but not all the time. */
const isToBeSeen = (rules: WindowRules, incident: Incident, atMs: number): boolean =>
  hasLoneVoiceOfLife(incident, rules, atMs) && !wasSeenLately(incident, rules, atMs)

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
  const incident = state.incidents.get(notification.sourceHost)
  const verdict = incident === undefined ? 'unclear' : judgeWords(incident, rules, atMs)
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
  // The store is away: the next word of an observer tries again.
  const again = { ...incident, quietUntilMs: atMs + STORE_AGAIN_MS, reports: incident.reports - 1 }
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

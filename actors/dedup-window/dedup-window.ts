/** Folds observations and notifications into incidents: the first opens one, the rest are its evidence. */
import type { HostId, NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { Observation } from '../ports/observations.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import { hasLoneVoiceOfLife, judgeTestimony, wasSeenLately } from './contradiction.ts'
import { evidenceOf } from './incident.ts'
import type { BegunRecovery } from './intake.ts'
import { withOpen } from './open-reports.ts'
import { lookAt, onHostLooked, onObserved } from './weighing.ts'
import {
  withIncident,
  type DedupWindowMessage,
  type DedupWindowState,
  type UnfinishedPart,
  type WindowEffect,
  type WindowRules,
  type WindowStep,
} from './window-state.ts'

/** Instance and service faults that are read and handed on at a time; as many again follow soon after. */
export const SMALL_PAGE = 500
/** Between two full pages, so that other work has its turn, ms. */
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
        return lookForNew(state)
      case 'window.began':
        return [state, message.begun.map((begun) => recover(leader, begun, null))]
      case 'window.commanded':
      case 'window.look-due':
        return look(rules, state)
      case 'window.looked':
        return onLooked(rules, leader, state, message)
      case 'window.reported':
        return onReported(state, message)
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
  const read = { type: 'unfinished.read', part: 'page', afterId: state.pageEnd } as const
  return [{ ...state, looking: true }, [read, lookAfter(rules.lookIntervalMs)]]
}

const lookAfter = (afterMs: number): WindowEffect => ({
  type: 'timer.start',
  name: 'look',
  afterMs,
  message: { type: 'window.look-due' },
})

/**
 * Something was stored: of the instance and service faults only those are read that were not read before. A row that became visible
 * after one with a greater id is found with the next page.
 */
function lookForNew(state: DedupWindowState): WindowStep {
  if (state.looking) return [{ ...state, lookAgain: true }, []]
  const read = { type: 'unfinished.read', part: 'new', afterId: state.newest } as const
  return [{ ...state, looking: true, lookAgain: false }, [read]]
}

const lookForMoreSoon: WindowEffect = {
  type: 'timer.start',
  name: 'look for more',
  afterMs: SOON_MS,
  message: { type: 'window.notified' },
}

/** When one observer alone contradicts the report, the leader looks at the host itself, but not all the time. */
const lookAtAlive = (
  rules: WindowRules,
  state: DedupWindowState,
  observations: readonly Observation[],
  { host, atMs }: { readonly host: HostId; readonly atMs: number },
): WindowStep => {
  const incident = state.incidents.get(host)
  return incident !== undefined &&
    hasLoneVoiceOfLife(observations) &&
    !wasSeenLately(incident, rules, atMs)
    ? lookAt(state, incident, observations)
    : [state, []]
}

/** Everything unfinished goes to its segment, again and again: segments know what they have. */
function onLooked(
  rules: WindowRules,
  leader: ActorRef<LeaderMessage>,
  state: DedupWindowState,
  message: DedupWindowMessage & { readonly type: 'window.looked' },
): WindowStep {
  const { unfinished, atMs } = message
  let idle: DedupWindowState = { ...state, looking: false }
  if (unfinished === undefined) return [idle, []]
  const effects: WindowEffect[] = []
  const contradicted = new Map<NotificationId, number>()
  for (const recovery of unfinished) {
    const { notification } = recovery
    const { sourceHost: host } = notification
    const observations = message.observations.get(host) ?? []
    const objection = objectionTo(rules, state, { notification, observations, atMs })
    if (objection === 'unheard') continue
    const since = state.contradicted.get(notification.uuid) ?? atMs
    const alive = objection === 'alive'
    if (alive) {
      contradicted.set(notification.uuid, since)
      const [next, looks] = lookAtAlive(rules, idle, observations, { host, atMs })
      idle = next
      effects.push(...looks)
      if (atMs - since < rules.contradictionMs) continue
    }
    const life = evidenceOf(observations).join('; ')
    const contradiction = alive ? `the host is alive all the time: ${life}` : null
    effects.push(recover(leader, { recovery, observations }, contradiction))
  }
  const [read, more] = withPart(
    { ...idle, contradicted, incidents: withOpen(state.incidents, unfinished) },
    message.part,
    unfinished,
  )
  if (!read.lookAgain) return [read, [...effects, ...more]]
  const [next, again] = lookForNew(read)
  return [next, [...effects, ...more, ...again]]
}

/** Has a recovery begun, or ended when there is an objection to it. */
const recover = (
  leader: ActorRef<LeaderMessage>,
  { recovery, observations }: BegunRecovery,
  objection: string | null,
): WindowEffect =>
  tell(leader, {
    type: 'leader.recover',
    unfinished: recovery,
    evidence: [...reportOf(recovery), ...evidenceOf(observations)],
    objection,
  })

/** After a full page comes the next one, after the last one the first. */
function withPart(
  state: DedupWindowState,
  part: UnfinishedPart,
  unfinished: readonly UnfinishedRecovery[],
): WindowStep {
  const small = unfinished.filter(({ notification }) => notification.type !== 'COMPUTE_HOST')
  const last = small.at(-1)?.notification.id ?? 0
  const isFull = small.length >= SMALL_PAGE
  const newest = Math.max(state.newest, last)
  if (part === 'new') return [{ ...state, newest }, isFull ? [lookForMoreSoon] : []]
  const next = { ...state, newest, pageEnd: isFull ? last : 0 }
  return [next, isFull ? [lookAfter(SOON_MS)] : []]
}

interface Reported extends Pick<UnfinishedRecovery, 'notification'> {
  /** What observers say of its host now. */
  readonly observations: readonly Observation[]
  readonly atMs: number
}

const NOTHING_KNOWN = { look: null, doubtedUntilMs: new Map<string, number>() }

/**
 * A fresh report about a host that our own observers see alive is not believed at once; and a leader that has just begun
 * listens to them before it believes one that they do not confirm.
 */
function objectionTo(
  rules: WindowRules,
  state: DedupWindowState,
  { notification, observations, atMs }: Reported,
): 'none' | 'alive' | 'unheard' {
  if (notification.type !== 'COMPUTE_HOST' || notification.status !== 'new') return 'none'
  if (notification.payload['event'] !== 'STOPPED') return 'none'
  const known = state.incidents.get(notification.sourceHost) ?? NOTHING_KNOWN
  const { look, doubtedUntilMs } = known
  const verdict = judgeTestimony({ observations, look, doubtedUntilMs }, rules, atMs)
  if (verdict === 'alive') return 'alive'
  return verdict === 'dead' || state.settled ? 'none' : 'unheard'
}

function reportOf({ notification }: UnfinishedRecovery): readonly string[] {
  const { type, payload } = notification
  const fields = Object.entries(payload).map(([key, value]) => `${key} ${value}`)
  return [`reported as ${type}: ${fields.join(', ')}`]
}

function onReported(
  state: DedupWindowState,
  { host, acceptance, atMs }: DedupWindowMessage & { readonly type: 'window.reported' },
): WindowStep {
  const incident = state.incidents.get(host)
  if (acceptance?.kind === 'accepted') {
    return lookForNew(state)
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

/** State, messages and effects of a segment, and the rule whose turn it is. */
import type { Epoch, HostId, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { FenceReply } from '../fence/fence-messages.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import { EMPTY_FIFO, queued, taken, type Fifo } from '../kernel/fifo.ts'
import { withEntry, withoutEntry } from '../kernel/with-entry.ts'
import type { SegmentSnapshot, UnfinishedRecovery } from '../ports/store.ts'
import type { DecisionRules } from './decision.ts'
import type { FaultReply } from './fault-reply.ts'
import { isIdle, isOpen, isSmall, type Recovery, type RecoveryPhase } from './recovery.ts'
import type { Census, StormLimits } from './storm-guard.ts'

export type SegmentMessage =
  | { readonly type: 'segment.begin' }
  | {
      /** Repeated for as long as the notification is unfinished. */
      readonly type: 'segment.recover'
      readonly unfinished: UnfinishedRecovery
      readonly evidence: readonly string[]
      /** Why it must not be acted on: its host has been seen alive all the time. */
      readonly objection: string | null
    }
  | { readonly type: 'segment.host-alive'; readonly host: HostId; readonly reason: string }
  | {
      readonly type: 'segment.consulted' // private
      readonly notification: NotificationId
      readonly snapshot: SegmentSnapshot
      readonly nowWallMs: number
      readonly ledForMs: number
      readonly inContactForMs: number
      readonly hostSeenWell: boolean
      readonly doubted: ReadonlySet<HostId>
    }
  | About<'segment.admitted'> // private
  | {
      readonly type: 'segment.deferred' // private: not under the cap over all segments
      readonly notification: NotificationId
      readonly reason: string
    }
  | About<'segment.gone'> // private: no longer unfinished
  | About<'segment.decide-due'> // private: our own timer
  | About<'segment.concluded'> // private
  | {
      readonly type: 'segment.suspended' // private: that an attempt failed is written
      readonly notification: NotificationId
      /** In [0, 1). */
      readonly chance: number
    }
  | FenceReply
  | EvacuatorReply
  | FaultReply

interface About<Type extends string> {
  readonly type: Type
  readonly notification: NotificationId
}

export interface SegmentState {
  readonly kind: 'serving'
  readonly recoveries: ReadonlyMap<NotificationId, Recovery>
  /** Smaller faults that are queued, in the order in which they came; one that is not queued any more is passed over. */
  readonly line: Fifo<NotificationId>
  /** Every host's recovery, and the smaller ones that are decided on, worked on or being ended: few, however many wait. */
  readonly busy: ReadonlySet<NotificationId>
}

/** A segment in which nothing was reported. */
export const SERVING: SegmentState = {
  kind: 'serving',
  recoveries: new Map(),
  line: EMPTY_FIFO,
  busy: new Set(),
}

/** Smaller faults that are seen to at the same time: more would only make the store and Nova slow for the hosts. */
export const SMALL_AT_ONCE = 16

export type SegmentEffect =
  | { readonly type: 'snapshot.read'; readonly notification: NotificationId }
  | {
      readonly type: 'recovery.admit'
      readonly recovery: Recovery
      readonly reason: string
      /** All segments together, when their cap counts for this recovery. */
      readonly census: Census | null
    }
  | { readonly type: 'recovery.suspend'; readonly recovery: Recovery; readonly reason: string }
  | { readonly type: 'recovery.note-held'; readonly recovery: Recovery; readonly reason: string }
  | {
      readonly type: 'recovery.conclude'
      readonly recovery: Recovery
      readonly to: NotificationStatus
      readonly reason: string
    }
  /** Whether its host counts as acted on right now, over all segments. */
  | { readonly type: 'flight.leave' | 'flight.rejoin'; readonly host: HostId }
  /** Ends it for an operator: its host stays out of service until it returns. */
  | { readonly type: 'recovery.cancel'; readonly recovery: Recovery; readonly reason: string }

export interface SegmentRules extends DecisionRules {
  /** The storm guard of all segments together. */
  readonly overall: StormLimits
  /** Attempts of one recovery before it is given up. */
  readonly runsMax: number
  /** A host that the leader itself sees alive is looked at again so often in all, and after such a pause, ms. */
  readonly aliveLooksMax: number
  readonly aliveLookMs: number
  /** Pause before a held recovery is decided on again, and the first one after a failed attempt, ms. */
  readonly retryIntervalMs: number
}

export interface SegmentIdentity {
  readonly segment: SegmentId
  readonly epoch: Epoch
}

export type SegmentStep = Step<SegmentState, SegmentEffect | KernelEffect<SegmentMessage>>

/** One decision at a time: the host that has waited longest is next, then smaller faults; nobody while one is decided on or admitted. */
export function nextTurn(
  state: SegmentState,
  effects: readonly (SegmentEffect | KernelEffect<SegmentMessage>)[],
): SegmentStep {
  const busy = busyOnes(state)
  if (busy.some(({ phase }) => phase.kind === 'deciding' || phase.kind === 'admitting')) {
    return [state, effects]
  }
  const host = busy.find(({ phase }) => phase.kind === 'queued')
  if (host !== undefined) return consult(state, host, effects)
  if (busy.filter(isSmall).length >= SMALL_AT_ONCE) return [state, effects]
  const [small, line] = firstQueued(state)
  const next = { ...state, line }
  return small === undefined ? [next, effects] : consult(next, small, effects)
}

function consult(
  state: SegmentState,
  next: Recovery,
  effects: readonly (SegmentEffect | KernelEffect<SegmentMessage>)[],
): SegmentStep {
  const { uuid: notification } = next.notification
  return [
    withPhase(state, next, { kind: 'deciding' }),
    [...effects, { type: 'snapshot.read', notification }],
  ]
}

function firstQueued({
  recoveries,
  line,
}: SegmentState): readonly [Recovery | undefined, SegmentState['line']] {
  let rest = line
  for (let found = taken(rest); found !== undefined; found = taken(rest)) {
    rest = found[1]
    const recovery = recoveries.get(found[0])
    if (recovery?.phase.kind === 'queued') return [recovery, rest]
  }
  return [undefined, rest]
}

/** The recoveries of hosts, the oldest first, and the smaller ones that something is done about. */
export const busyOnes = ({ recoveries, busy }: SegmentState): readonly Recovery[] =>
  [...busy].flatMap((id) => recoveries.get(id) ?? [])

/** The state with this recovery in it. */
export function withRecovery(state: SegmentState, recovery: Recovery): SegmentState {
  const { uuid } = recovery.notification
  const before = state.recoveries.get(uuid)
  const isNew = before?.phase.kind !== 'queued' && recovery.phase.kind === 'queued'
  return {
    ...state,
    recoveries: withEntry(state.recoveries, uuid, recovery),
    line: isNew && isSmall(recovery) ? queued(state.line, uuid) : state.line,
    busy: withMember(state.busy, uuid, !isSmall(recovery) || !isIdle(recovery)),
  }
}

function withMember<Member>(
  set: ReadonlySet<Member>,
  member: Member,
  belongs: boolean,
): ReadonlySet<Member> {
  if (set.has(member) === belongs) return set
  return new Set(belongs ? [...set, member] : [...set].filter((other) => other !== member))
}

/** The state with this recovery in another phase. */
export const withPhase = (
  state: SegmentState,
  recovery: Recovery,
  phase: RecoveryPhase,
): SegmentState => withRecovery(state, { ...recovery, phase })

/** The state without this recovery. Smaller faults that waited for it to end are decided on anew. */
export function without(state: SegmentState, id: NotificationId): SegmentState {
  const gone = state.recoveries.get(id)
  const rest = {
    ...state,
    recoveries: withoutEntry(state.recoveries, id),
    busy: withMember(state.busy, id, false),
  }
  if (gone === undefined || isSmall(gone)) return rest
  return [...rest.recoveries.values()]
    .filter(({ phase }) => phase.kind === 'held' && phase.behind === id)
    .reduce((before, waiting) => withPhase(before, waiting, { kind: 'queued' }), rest)
}

const CHILDREN = ['fence', 'evacuator', 'instance-recovery', 'process-recovery'] as const

/** Ends whatever works on a recovery. */
export const stopChildren = (name: NotificationId): readonly KernelEffect<SegmentMessage>[] =>
  CHILDREN.map((kind) => ({ type: 'child.stop', kind, name }))

/** Faults smaller than the host are decided on anew: it is about to be acted on, or certainly dead. */
export function standAside(state: SegmentState, host: HostId): SegmentStep {
  const small = [...state.recoveries.values()].filter(
    (recovery) => recovery.host === host && isSmall(recovery) && isOpen(recovery),
  )
  const next = small.reduce(
    (before, recovery) => withPhase(before, recovery, { kind: 'queued' }),
    state,
  )
  return [next, small.flatMap(({ notification }) => stopChildren(notification.uuid))]
}

/** Asks the question again, as soon as it is its turn. */
export const decideAnew = (state: SegmentState, recovery: Recovery): SegmentStep =>
  nextTurn(withPhase(state, recovery, { kind: 'queued' }), [])

/** Asks the question again after a pause. */
export const decideLater = (recovery: Recovery, afterMs: number): KernelEffect<SegmentMessage> => ({
  type: 'timer.start',
  name: `decide-${recovery.notification.uuid}`,
  afterMs,
  message: { type: 'segment.decide-due', notification: recovery.notification.uuid },
})

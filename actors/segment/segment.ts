/** Decides for one failover segment, one notification at a time: who is fenced, who is evacuated, who must wait. */
import type { EvacuationOrder } from '../evacuator/evacuator-messages.ts'
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { FenceMessage } from '../fence/fence-messages.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect } from '../kernel/behaviour.ts'
import { refOf } from '../kernel/ref.ts'
import { onRoom } from './awaiting-room.ts'
import { censusOf } from './census.ts'
import { decide } from './decide.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import { onWords } from './operator-orders.ts'
import {
  actsOnHost,
  instanceInHand,
  isAtWork,
  waits,
  type Plan,
  type Recovery,
} from './recovery.ts'
import {
  busyOnes,
  decideAnew,
  nextTurn,
  standAside,
  stopChildren,
  withPhase,
  withRecovery,
  without,
  type SegmentEffect,
  type SegmentIdentity,
  type SegmentMessage,
  type SegmentRules,
  type SegmentState,
  type SegmentStep,
} from './segment-state.ts'
import type { Census } from './storm-guard.ts'
import {
  cancel,
  conclude,
  hold,
  onContradicted,
  holdBehind,
  onSuspended,
  tryAgain,
} from './ways-on.ts'
import { workOrder } from './work-order.ts'

export const segment =
  (identity: SegmentIdentity, rules: SegmentRules) =>
  (state: SegmentState, message: SegmentMessage): SegmentStep => {
    if (message.type === 'segment.begin') return [state, []]
    if (message.type === 'segment.recover') return onRecover(state, message)
    if (message.type === 'segment.host-alive') return onHostAlive(state, message)
    const id =
      message.type === 'fence.confirmed' ? message.certificate.notification : message.notification
    const recovery = state.recoveries.get(id)
    if (recovery === undefined) return [state, []]
    switch (message.type) {
      case 'segment.consulted':
        return onConsulted({ identity, rules }, state, recovery, message)
      case 'segment.admitted':
        return onAdmitted(identity, state, recovery)
      case 'segment.deferred':
        return recovery.phase.kind === 'admitting'
          ? hold(rules, state, recovery, message.reason)
          : [state, []]
      case 'segment.gone':
      case 'segment.concluded':
        return nextTurn(without(state, id), stopChildren(id))
      case 'segment.decide-due':
        return waits(recovery) ? decideAnew(state, recovery) : [state, []]
      case 'segment.suspended':
        return onSuspended(rules, state, recovery, message.chance)
      case 'fence.confirmed':
        return onFenced(identity, state, recovery)
      case 'fence.unconfirmed':
        return tryAgain(rules, state, recovery, message.reason)
      case 'fence.refused':
      case 'evacuator.forbidden':
      case 'fault.forbidden':
        return onForbidden(state, recovery)
      case 'fence.contradicted':
        return onContradicted(rules, state, recovery, message.reason)
      case 'fence.abandoned':
        return conclude(state, recovery, 'ignored', message.reason)
      case 'evacuator.room':
        return onRoom(state, recovery, message)
      case 'evacuator.finished':
        return onEvacuated(rules, state, recovery, message)
      case 'fault.concluded':
        return message.status === 'error'
          ? tryAgain(rules, state, recovery, message.reason)
          : conclude(state, recovery, message.status, message.reason)
      default:
        return assertNever(message)
    }
  }

function onRecover(
  state: SegmentState,
  { unfinished, evidence, objection }: SegmentMessage & { readonly type: 'segment.recover' },
): SegmentStep {
  const { notification, host, standing, wordCount: wordsHeard } = unfinished
  const known = state.recoveries.get(notification.uuid)
  if (known !== undefined) return onWords(state, known, unfinished)
  const recovery: Recovery = {
    notification,
    host: notification.sourceHost,
    hostName: host?.name ?? UNKNOWN_HOST,
    evidence,
    run: notification.run,
    firstRun: notification.firstRun,
    standing,
    wordsHeard,
    certified: false,
    seenAlive: 0,
    lastHeld: null,
    phase: { kind: 'queued' },
  }
  const next = withRecovery(state, recovery)
  return objection === null ? nextTurn(next, []) : conclude(next, recovery, 'ignored', objection)
}

/** A host that is not registered any more has no name; its recovery is only concluded. */
const UNKNOWN_HOST = 'unregistered' as Recovery['hostName']

/** Evidence of life calls a recovery off for as long as nothing irreversible was done (promise I7). */
function onHostAlive(
  state: SegmentState,
  { host, reason }: SegmentMessage & { readonly type: 'segment.host-alive' },
): SegmentStep {
  const effects: (SegmentEffect | KernelEffect<SegmentMessage>)[] = []
  let next = state
  for (const recovery of busyOnes(state)) {
    if (recovery.host !== host || recovery.certified) continue
    if (recovery.notification.type !== 'COMPUTE_HOST') continue
    if (recovery.phase.kind === 'fencing') {
      const fence = refOf<FenceMessage>('fence', recovery.notification.uuid)
      effects.push(tell(fence, { type: 'fence.abandon', reason }))
    } else if (waits(recovery) || isUntouched(recovery)) {
      const [after, more] = conclude(next, recovery, 'ignored', reason)
      next = after
      effects.push(...more)
    }
  }
  return [next, effects]
}

/** Of what has begun under an earlier leader a certificate may exist that we have not read yet. */
const isUntouched = ({ phase, notification }: Recovery): boolean =>
  (phase.kind === 'queued' || phase.kind === 'deciding') && notification.status === 'new'

interface Charter {
  readonly identity: SegmentIdentity
  readonly rules: SegmentRules
}

function onConsulted(
  { identity, rules }: Charter,
  state: SegmentState,
  waiting: Recovery,
  { snapshot, ...when }: SegmentMessage & { readonly type: 'segment.consulted' },
): SegmentStep {
  if (waiting.phase.kind !== 'deciding') return [state, []]
  // A certificate of an earlier leader, or of an earlier run, still stands.
  const certified = snapshot.certificate !== undefined
  const { standing, words } = snapshot
  const wordsHeard = words.length
  const recovery = { ...waiting, ...runOf(snapshot), certified, standing, wordsHeard }
  const others = busyOnes(state).filter((other) => other !== waiting)
  const inFlight = new Set(others.filter(actsOnHost).map(({ host }) => host))
  const recovering = new Map(
    others.flatMap((other) => {
      const instance = instanceInHand(other)
      return instance === undefined ? [] : [[instance, other.notification.uuid] as const]
    }),
  )
  const decision = decide(rules, { snapshot, inFlight, recovering, ...when })
  switch (decision.kind) {
    case 'gone':
      return nextTurn(without(state, recovery.notification.uuid), [])
    case 'conclude':
      return conclude(state, recovery, decision.to, decision.reason)
    case 'cancel':
      return cancel(state, recovery, decision.reason)
    case 'hold':
      return decision.behind !== undefined && state.recoveries.has(decision.behind)
        ? holdBehind(state, recovery, { reason: decision.reason, behind: decision.behind })
        : hold(rules, state, recovery, decision.reason)
    case 'hold-down': {
      const retryIntervalMs = Math.min(rules.retryIntervalMs, decision.leftMs)
      return hold({ retryIntervalMs }, state, recovery, decision.reason)
    }
    case 'follow':
      return evacuate(identity, state, recovery, decision.reason)
    case 'fence':
    case 'restart':
    case 'disable':
      return admit(state, recovery, decision, censusOf({ snapshot, ...when }, rules.gatheringMs))
    default:
      return assertNever(decision)
  }
}

/** A new leader goes on with the attempt that is running; otherwise the next one begins. */
function runOf({ notification }: SegmentSnapshot): Pick<Recovery, 'run' | 'firstRun'> {
  const { run = 0, firstRun = 1, status } = notification ?? {}
  return { run: status === 'running' ? Math.max(run, 1) : run + 1, firstRun }
}

function admit(
  state: SegmentState,
  recovery: Recovery,
  plan: Plan,
  census: Census | null,
): SegmentStep {
  const reason = PLANNED[plan.kind]
  const next = withPhase(state, recovery, { kind: 'admitting', plan })
  return [next, [{ type: 'recovery.admit', recovery, reason, census }]]
}

const PLANNED: Readonly<Record<Plan['kind'], string>> = {
  fence: 'the host will be fenced',
  restart: 'the guest will be restarted',
  disable: "Nova's scheduler will be kept away",
}

function onAdmitted(
  identity: SegmentIdentity,
  state: SegmentState,
  recovery: Recovery,
): SegmentStep {
  if (recovery.phase.kind !== 'admitting') return [state, []]
  const { plan } = recovery.phase
  const { phase, child } = workOrder(identity, recovery, plan)
  const next = withPhase(state, recovery, phase)
  const effects = [...stopChildren(recovery.notification.uuid), child]
  if (plan.kind !== 'fence') return nextTurn(next, effects)
  const [aside, more] = standAside(next, recovery.host)
  return nextTurn(aside, [...more, ...effects])
}

function onFenced(identity: SegmentIdentity, state: SegmentState, recovery: Recovery): SegmentStep {
  if (recovery.phase.kind !== 'fencing') return [state, []]
  const certified = { ...recovery, certified: true }
  return recovery.standing.kind === 'free'
    ? evacuate(identity, state, certified, null)
    : decideAnew(state, certified)
}

/** Somebody has forbidden to go on: the next decision says whether it waits or ends. */
const onForbidden = (state: SegmentState, recovery: Recovery): SegmentStep =>
  isAtWork(recovery) ? decideAnew(state, recovery) : [state, []]

/** With a reason why nothing new may be begun, only what is under way is followed. */
function evacuate(
  identity: SegmentIdentity,
  state: SegmentState,
  recovery: Recovery,
  forbidden: string | null,
): SegmentStep {
  const { uuid: notification } = recovery.notification
  const argument: EvacuationOrder = {
    notification,
    segment: identity.segment,
    host: recovery.hostName,
    hostId: recovery.host,
    epoch: identity.epoch,
    run: recovery.run,
    forbidden,
    replyTo: refOf<SegmentMessage>('segment', identity.segment),
  }
  const next = withPhase(state, recovery, { kind: 'evacuating', room: 'there' })
  const [aside, effects] = standAside(next, recovery.host)
  return nextTurn(aside, [
    ...effects,
    ...stopChildren(notification),
    { type: 'child.start', kind: 'evacuator', name: notification, argument },
  ])
}

function onEvacuated(
  rules: SegmentRules,
  state: SegmentState,
  recovery: Recovery,
  { succeeded, failed, ignored }: EvacuatorReply & { readonly type: 'evacuator.finished' },
): SegmentStep {
  const sentence = `${succeeded} instances moved, ${failed} failed, ${ignored} ignored`
  return failed > 0
    ? tryAgain(rules, state, recovery, sentence)
    : conclude(state, recovery, 'finished', sentence)
}

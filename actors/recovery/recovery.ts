/**
 * The recovery of one notification, from the report to its end. Pure.
 *
 * | state                                | event                                | next state                              | when                                               |
 * | ------------------------------------ | ------------------------------------ | --------------------------------------- | -------------------------------------------------- |
 * | queued                               | recovery.turn                        | deciding                                | it is its turn in the segment                      |
 * | queued                               | recovery.turn                        | concluding                              | its event needs no recovery                        |
 * | queued                               | recovery.begin                       | concluding                              | its host was seen alive all the time               |
 * | queued, deciding                     | recovery.host-alive                  | concluding                              | it is new, so nothing was done to the host         |
 * | held, pausing                        | recovery.host-alive                  | concluding                              | the host is not certainly dead                     |
 * | deciding                             | recovery.consulted                   | admitting, held, evacuating, concluding | act; not now; follow what is under way; ended      |
 * | held, pausing                        | recovery.decide-due, recovery.heard  | queued                                  | the pause is over; operators said something        |
 * | held                                 | recovery.release                     | queued                                  | the recovery of its host has ended                 |
 * | held, pausing, restarting, disabling | recovery.stand-aside                 | queued                                  | the recovery of its host begins to act             |
 * | admitting                            | recovery.admitted                    | fencing, restarting, disabling          | `running` is stored; as the plan says              |
 * | admitting                            | recovery.deferred                    | held                                    | the cap of all segments is reached                 |
 * | fencing                              | fence.confirmed                      | evacuating, queued                      | the host is certainly dead; operators forbid more  |
 * | fencing                              | fence.unconfirmed                    | suspending, concluding                  | another attempt; too many of them                  |
 * | fencing                              | fence.contradicted                   | held, concluding                        | the leader sees the host alive; as often as it may |
 * | fencing                              | fence.abandoned                      | concluding                              | there were signs of life in time                   |
 * | fencing                              | fence.refused                        | queued                                  | operators forbid to go on                          |
 * | evacuating                           | evacuator.finished                   | concluding, suspending                  | every instance has its end; some failed            |
 * | evacuating                           | evacuator.forbidden                  | queued                                  | operators forbid to go on                          |
 * | restarting, disabling                | fault.concluded                      | concluding, suspending                  | it has its end; what blocked it may pass           |
 * | restarting, disabling                | fault.forbidden                      | queued                                  | operators forbid to go on                          |
 * | suspending                           | recovery.suspended                   | pausing                                 | the failed attempt is stored                       |
 *
 * Every other event leaves the state as it is. When the end is stored in `concluding`, the segment stops the recovery.
 */
import type { EvacuationOrder } from '../evacuator/evacuator-messages.ts'
import type { EvacuatorReply } from '../evacuator/evacuator-reply.ts'
import type { FenceReply } from '../fence/fence-messages.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell } from '../kernel/behaviour.ts'
import type { FaultReply } from '../policy/fault-reply.ts'
import type { SegmentSnapshot } from '../ports/store.ts'
import { refOf, startChild, stopChild } from '../registry.ts'
import type { Cut } from '../verification/cut.ts'
import { censusOf } from './census.ts'
import { decide } from './decide.ts'
import { needlessReason } from '../instance-recovery/instance-events.ts'
import { onHeard } from './operator-orders.ts'
import type {
  RecoveryEffects,
  Known,
  Plan,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryRules,
  RecoveryState,
  RecoveryStep,
} from './recovery-messages.ts'
import { isInstanceOrServiceFault, isSame, summaryOf } from './summary.ts'
import {
  cancel,
  conclude,
  hold,
  onReleased,
  onContradicted,
  onSuspended,
  queue,
  tryAgain,
} from './outcomes.ts'
import { workOrder } from './work-order.ts'

/**
 * Makes the step in every state, and adds a report to the segment when the segment must know of the
 * change.
 */
export const recovery =
  (order: RecoveryOrder, rules: RecoveryRules) =>
  (state: RecoveryState, message: RecoveryMessage): RecoveryStep => {
    const [next, effects] = step({ order, rules }, state, message)
    const summary = summaryOf(order, next)
    const isNews = message.type === 'recovery.begin' || !isSame(summaryOf(order, state), summary)
    if (!isNews) return [next, effects]
    const { uuid: notification } = order.notification
    return [
      next,
      [...effects, tell(segmentOf(order), { type: 'segment.informed', notification, summary })],
    ]
  }

/** The state of a recovery that has just been started. */
export const newRecovery = ({
  notification,
  control,
  commandCount,
}: RecoveryOrder): RecoveryState => ({
  kind: 'queued',
  reason: null,
  known: {
    run: notification.run,
    firstRun: notification.firstRun,
    control,
    commandsHeard: commandCount,
    certified: false,
    seenAlive: 0,
    lastHeld: null,
    crowd: 1,
  },
})

const segmentOf = ({ segment }: RecoveryOrder) => refOf('segment', segment)

interface Charter {
  readonly order: RecoveryOrder
  readonly rules: RecoveryRules
}

function step(charter: Charter, state: RecoveryState, message: RecoveryMessage): RecoveryStep {
  const { order, rules } = charter
  switch (message.type) {
    case 'recovery.begin':
      return state.kind === 'queued' && order.objection !== null
        ? conclude(state, 'ignored', order.objection)
        : [state, []]
    case 'recovery.heard':
      return onHeard(order, state, message)
    case 'recovery.host-alive':
      return onHostAlive(order, state, message.reason)
    case 'recovery.turn':
      return onTurn(order, state, message)
    case 'recovery.stand-aside':
      return isOpen(state) ? queue(state, 'its host is acted on', stopChildren(order)) : [state, []]
    case 'recovery.release':
      return state.kind === 'held' && state.behind !== null ? queue(state, null) : [state, []]
    case 'recovery.behind-nobody':
      return onReleased(rules, state)
    case 'recovery.consulted':
      return onConsulted(charter, state, message)
    case 'recovery.admitted':
      return onAdmitted(order, state)
    case 'recovery.deferred':
      return state.kind === 'admitting' ? hold(charter, state, message.reason) : [state, []]
    case 'recovery.gone':
    case 'recovery.concluded':
      return end(order, state)
    case 'recovery.decide-due':
      return waits(state) ? queue(state, null) : [state, []]
    case 'recovery.suspended':
      return onSuspended(rules, state, message.chance)
    case 'fence.confirmed':
      return onFenced(order, state)
    case 'fence.unconfirmed':
    case 'fence.refused':
    case 'fence.contradicted':
    case 'fence.abandoned':
      return onUnfenced(charter, state, message)
    case 'evacuator.room':
    case 'evacuator.finished':
    case 'evacuator.forbidden':
      return onEvacuator(rules, state, message)
    case 'fault.concluded':
    case 'fault.forbidden':
      return onFaultConcluded(rules, state, message)
    default:
      return assertNever(message)
  }
}

/** Whether the recovery does nothing until its next decision. */
export const waits = ({ kind }: RecoveryState): boolean => kind === 'held' || kind === 'pausing'

/** Whether the recovery of its host makes it begin again. */
const isOpen = (state: RecoveryState): boolean =>
  waits(state) || state.kind === 'restarting' || state.kind === 'disabling'

/** Evidence of life calls a recovery off as long as nothing irreversible was done (promise I7). */
function onHostAlive(order: RecoveryOrder, state: RecoveryState, reason: string): RecoveryStep {
  if (state.known.certified || isInstanceOrServiceFault(order)) return [state, []]
  if (state.kind === 'fencing') {
    const fence = refOf('fence', order.notification.uuid)
    return [state, [tell(fence, { type: 'fence.abandon', reason })]]
  }
  return waits(state) || isUntouched(order, state)
    ? conclude(state, 'ignored', reason)
    : [state, []]
}

/**
 * A recovery that began under an earlier leader may have a certificate that we have not read yet.
 */
const isUntouched = ({ notification }: RecoveryOrder, { kind }: RecoveryState): boolean =>
  (kind === 'queued' || kind === 'deciding') && notification.status === 'new'

function onTurn(
  { notification }: RecoveryOrder,
  state: RecoveryState,
  { type: _type, ...turn }: RecoveryMessage & { readonly type: 'recovery.turn' },
): RecoveryStep {
  if (state.kind !== 'queued') return [state, []]
  const known = { ...state.known, crowd: turn.crowd }
  const needless = needlessReason(notification)
  if (needless !== undefined) return conclude({ ...state, known }, 'ignored', needless)
  return [{ kind: 'deciding', reason: null, known }, [{ type: 'snapshot.read', turn }]]
}

function onConsulted(
  charter: Charter,
  state: RecoveryState,
  { turn, snapshot, ...when }: RecoveryMessage & { readonly type: 'recovery.consulted' },
): RecoveryStep {
  if (state.kind !== 'deciding') return [state, []]
  const { order, rules } = charter
  const known: Known = {
    ...state.known,
    ...runOf(snapshot),
    // A certificate of an earlier leader, or of an earlier run, is still valid.
    certified: snapshot.certificate !== undefined,
    control: snapshot.control,
    commandsHeard: snapshot.commands.length,
  }
  const now = { ...state, known }
  const { inFlight, recovering } = turn
  const decision = decide(rules, { snapshot, inFlight, recovering, ...when })
  switch (decision.kind) {
    case 'gone':
      return end(order, now)
    case 'conclude':
      return conclude(now, decision.to, decision.reason)
    case 'cancel':
      return cancel(now, decision.reason)
    case 'hold':
      return hold(charter, now, decision.reason, decision)
    case 'hold-down': {
      const afterMs = Math.min(rules.heldRecheckMs, decision.leftMs)
      return hold(charter, now, decision.reason, { afterMs })
    }
    case 'follow':
      return evacuate(order, now, decision.reason)
    case 'fence':
    case 'restart':
    case 'disable': {
      const reason = reasonOf(decision, when.cut)
      const census = censusOf({ snapshot, ...when }, rules)
      const admitting = { kind: 'admitting', reason, plan: decision, known } as const
      return [admitting, [{ type: 'recovery.admit', known, reason, census }]]
    }
    default:
      return assertNever(decision)
  }
}

/** A new leader continues the attempt that is running. Otherwise the next attempt begins. */
function runOf({ notification }: SegmentSnapshot): Pick<Known, 'run' | 'firstRun'> {
  const { run = 0, firstRun = 1, status } = notification ?? {}
  return { run: status === 'running' ? Math.max(run, 1) : run + 1, firstRun }
}

/** What will be done, and for a host that died with its failure domain, what is known of that. */
const reasonOf = ({ kind }: Plan, cut: Cut): string =>
  kind === 'fence' && cut.kind === 'domain-dead' ? `${PLANNED[kind]}; ${cut.reason}` : PLANNED[kind]

const PLANNED: Readonly<Record<Plan['kind'], string>> = {
  fence: 'the host will be fenced',
  restart: 'the guest will be restarted',
  disable: "Nova's scheduler will be kept away",
}

function onAdmitted(order: RecoveryOrder, state: RecoveryState): RecoveryStep {
  if (state.kind !== 'admitting') return [state, []]
  const { kind, child } = workOrder(order, state.known, state.plan)
  return [{ kind, reason: null, known: state.known }, [...stopChildren(order), child]]
}

function onFenced(order: RecoveryOrder, state: RecoveryState): RecoveryStep {
  if (state.kind !== 'fencing') return [state, []]
  const { control } = state.known
  const certified = { ...state, known: { ...state.known, certified: true } }
  return control.kind === 'running'
    ? evacuate(order, certified, null)
    : queue(certified, control.reason)
}

/** With a reason why nothing new may be begun, only what is under way is followed. */
function evacuate(
  order: RecoveryOrder,
  { known }: RecoveryState,
  forbidden: string | null,
): RecoveryStep {
  const { uuid: notification, sourceHost: hostId } = order.notification
  const { segment, epoch, hostName: host } = order
  const argument: EvacuationOrder = {
    notification,
    segment,
    host,
    hostId,
    epoch,
    run: known.run,
    forbidden,
    replyTo: refOf('recovery', notification),
  }
  return [
    { kind: 'evacuating', reason: forbidden, room: 'there', known },
    [...stopChildren(order), startChild('evacuator', notification, argument)],
  ]
}

/** The fence could not prove the host dead. */
function onUnfenced(
  charter: Charter,
  state: RecoveryState,
  { type, reason }: Exclude<FenceReply, { readonly type: 'fence.confirmed' }>,
): RecoveryStep {
  if (state.kind !== 'fencing') return [state, []]
  switch (type) {
    case 'fence.unconfirmed':
      return tryAgain(charter.rules, state, reason)
    case 'fence.refused':
      return queue(state, reason)
    case 'fence.contradicted':
      return onContradicted(charter, state, reason)
    case 'fence.abandoned':
      return conclude(state, 'ignored', reason)
    default:
      return assertNever(type)
  }
}

function onEvacuator(
  rules: RecoveryRules,
  state: RecoveryState,
  reply: EvacuatorReply,
): RecoveryStep {
  if (state.kind !== 'evacuating') return [state, []]
  switch (reply.type) {
    case 'evacuator.room': {
      // While the evacuation waits for room, its host is not in flight and other recoveries may
      // begin. The host still counts for the rest of the window. When the evacuation goes on, it
      // needs no new place under the cap, because its host is certainly dead.
      const { room } = reply
      return [{ ...state, room }, [{ type: room === 'awaited' ? 'flight.leave' : 'flight.rejoin' }]]
    }
    case 'evacuator.finished': {
      const { succeeded, failed, ignored } = reply
      const sentence = `${succeeded} instances moved, ${failed} failed, ${ignored} ignored`
      return failed > 0 ? tryAgain(rules, state, sentence) : conclude(state, 'finished', sentence)
    }
    case 'evacuator.forbidden':
      return queue(state, reply.reason)
    default:
      return assertNever(reply)
  }
}

/** The outcome for a guest, or for a compute service. */
function onFaultConcluded(
  rules: RecoveryRules,
  state: RecoveryState,
  reply: FaultReply,
): RecoveryStep {
  if (state.kind !== 'restarting' && state.kind !== 'disabling') return [state, []]
  const { reason } = reply
  if (reply.type === 'fault.forbidden') return queue(state, reason)
  return reply.status === 'error'
    ? tryAgain(rules, state, reason)
    : conclude(state, reply.status, reason)
}

/** Asks the segment to stop the recovery and its children. */
const end = (order: RecoveryOrder, state: RecoveryState): RecoveryStep => [
  state,
  [tell(segmentOf(order), { type: 'segment.ended', notification: order.notification.uuid })],
]

const CHILDREN = ['fence', 'evacuator', 'instance-recovery', 'process-recovery'] as const

/** Stops the children that work for the recovery. */
const stopChildren = ({ notification }: RecoveryOrder): RecoveryEffects =>
  CHILDREN.map((kind) => stopChild(kind, notification.uuid))

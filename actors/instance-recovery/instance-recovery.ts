/**
 * Recovers one failed guest of a living host: reads its state, climbs one rung, waits until Nova
 * shows it running, and reads its state again. It keeps no memory: it reads what was done from the
 * journal and from Nova each time, so that a new leader can go on.
 */
import type { HostName, InstanceId, NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { Instance } from '../ports/compute.ts'
import { isHaEnabled } from '../policy/ha-enabled.ts'
import type { FaultOutcome, FaultReply } from '../policy/fault-reply.ts'
import type { GuestFault } from './refutation.ts'
import {
  RUNNING,
  climbed,
  isRunning,
  isTakenUp,
  leftAlone,
  nextRung,
  type Examination,
  type RestartRung,
} from './ladder.ts'

export interface InstanceOrder {
  readonly notification: NotificationId
  readonly instance: InstanceId
  /** The fault that was reported. */
  readonly fault: GuestFault
  /** The host on which it was reported. */
  readonly host: HostName
  /** When the recovery was requested by the report or by an operator's retry, by our own clock. */
  readonly askedForAt: number
  /**
   * The number of the attempt that counts as the first one: after an operator's retry, the ladder
   * begins again.
   */
  readonly firstRun: number
  /** Whether the segment allows the disk to be made anew from the image. */
  readonly mayRebuild: boolean
  readonly replyTo: ActorRef<FaultReply>
}

export interface InstanceRecoveryRules {
  /** Whether guests are recovered that their owners did not mark. */
  readonly processAll: boolean
  readonly haMetadataKey: string
  /** Whether instances are recovered that were in ERROR before. */
  readonly recoverError: boolean
  /** The pause between two checks of an instance that starts, ms. */
  readonly pollMs: number
  /** The longest wait after each rung until the instance runs, ms. */
  readonly limitMs: Readonly<Record<RestartRung, number>>
  /** The pause after a failed question or order, or while the instance is busy, ms. */
  readonly retryMs: number
  /** After so many of these in succession, the attempt ends. */
  readonly blocksMax: number
}

export type InstanceRecoveryMessage =
  | { readonly type: 'instance.begin' }
  | { readonly type: 'instance.forbid'; readonly reason: string } // an operator command
  | { readonly type: 'instance.examined'; readonly examination: Examination } // private
  /** private: whether the hypervisor refutes the report, and how */
  | { readonly type: 'instance.verified'; readonly refutation: string | undefined }
  | { readonly type: 'instance.ordered' } // private
  | { readonly type: 'instance.forbidden'; readonly reason: string } // private: the store does not allow the intent
  | { readonly type: 'instance.seen'; readonly instance: Instance | undefined } // private
  | { readonly type: 'instance.blocked'; readonly reason: string } // private
  | { readonly type: 'instance.look-due' } // private: our own timer
  | { readonly type: 'instance.limit-passed' } // private: our own timer
  | { readonly type: 'instance.noted' } // private: the journal has the line that the instance runs again

export type InstanceRecoveryState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'examining'; readonly timesBlocked: number }
  | { readonly kind: 'blocked'; readonly timesBlocked: number }
  | { readonly kind: 'verifying'; readonly rung: RestartRung; readonly timesBlocked: number }
  | { readonly kind: 'ordering'; readonly rung: RestartRung; readonly timesBlocked: number }
  | { readonly kind: 'confirming'; readonly rung: RestartRung }
  | { readonly kind: 'noting' }
  | { readonly kind: 'finished' }

export type InstanceRecoveryEffect =
  | { readonly type: 'instance.examine' }
  | { readonly type: 'instance.verify' }
  | { readonly type: 'instance.look' }
  | { readonly type: 'instance.restart'; readonly rung: RestartRung }
  | { readonly type: 'instance.note-running' }

type InstanceStep = Step<
  InstanceRecoveryState,
  InstanceRecoveryEffect | KernelEffect<InstanceRecoveryMessage>
>

export const instanceRecovery =
  (order: InstanceOrder, rules: InstanceRecoveryRules) =>
  (state: InstanceRecoveryState, message: InstanceRecoveryMessage): InstanceStep => {
    switch (message.type) {
      case 'instance.begin':
        return examine(0)
      case 'instance.examined':
        return state.kind === 'examining'
          ? onExamined(order, rules, state.timesBlocked, message.examination)
          : [state, []]
      case 'instance.verified':
        return state.kind === 'verifying' ? onVerified(order, state, message) : [state, []]
      case 'instance.ordered':
        return state.kind === 'ordering' ? onOrdered(rules, state.rung) : [state, []]
      case 'instance.forbid':
        return UNTOUCHED.includes(state.kind) ? giveWay(order, message.reason) : [state, []] // what was ordered is followed to its end
      case 'instance.forbidden':
        return state.kind === 'ordering' ? giveWay(order, message.reason) : [state, []]
      case 'instance.seen':
        return state.kind === 'confirming'
          ? onSeen(order, rules, state, message.instance)
          : [state, []]
      case 'instance.blocked':
        return onBlocked(order, rules, state, message.reason)
      case 'instance.look-due':
        if (state.kind === 'blocked') return examine(state.timesBlocked)
        return state.kind === 'confirming' ? [state, [{ type: 'instance.look' }]] : [state, []]
      case 'instance.limit-passed':
        return state.kind === 'confirming' ? examine(0) : [state, []]
      case 'instance.noted':
        return state.kind === 'noting'
          ? finish(order, 'finished', 'the instance runs again')
          : [state, []]
      default:
        return assertNever(message)
    }
  }

/** The states before anything was ordered. */
const UNTOUCHED: readonly InstanceRecoveryState['kind'][] = ['examining', 'verifying', 'blocked']

const examine = (timesBlocked: number): InstanceStep => [
  { kind: 'examining', timesBlocked },
  [{ type: 'instance.examine' }],
]

function onExamined(
  order: InstanceOrder,
  rules: InstanceRecoveryRules,
  timesBlocked: number,
  examination: Examination,
): InstanceStep {
  const { instance } = examination
  if (instance === undefined)
    return finish(order, 'ignored', 'the instance does not exist any more')
  const { host, taskState } = instance
  if (!rules.processAll && !isHaEnabled(instance, rules.haMetadataKey)) {
    return finish(order, 'finished', `nothing to do: ${rules.haMetadataKey} is not set`)
  }
  if (host !== order.host) {
    return finish(order, 'ignored', `the instance is on ${host ?? 'no host'} now`)
  }
  if (taskState !== null)
    return wait(order, rules, timesBlocked, `the instance is busy: ${taskState}`)
  return climbOn(order, rules, timesBlocked, { ...examination, instance })
}

function climbOn(
  order: InstanceOrder,
  { recoverError }: InstanceRecoveryRules,
  timesBlocked: number,
  examination: Examination & { readonly instance: Instance },
): InstanceStep {
  const { instance, actions, orders } = examination
  const ours = orders.filter(({ run }) => run >= order.firstRun)
  const tried = climbed({ actions, orders: ours })
  if (tried.length > 0 && isRunning(instance)) return note
  if (isRunning(instance) && isTakenUp(actions, order.askedForAt)) {
    return finish(order, 'finished', 'it was started again meanwhile')
  }
  const touched = climbed(examination).length > 0
  const objection = leftAlone(instance, actions, { touched, recoverError })
  if (objection !== undefined) {
    return finish(order, 'ignored', `the instance is left to its owner: ${objection}`)
  }
  const rung = nextRung(instance, tried, order.mayRebuild)
  if (rung === undefined) {
    return finish(order, 'failed', `it is still ${instance.vmState} after ${tried.join(', ')}`)
  }
  const given = ours.filter((known) => known.rung === rung).length
  if (given >= ORDERS_MAX) {
    return finish(order, 'failed', `Nova shows nothing of ${given} orders: ${rung}`)
  }
  // If Nova shows the instance as running, its hypervisor is asked once before the first rung,
  // because the report may be wrong.
  const isSaidToRun = instance.powerState === RUNNING
  return ours.length === 0 && isSaidToRun
    ? [{ kind: 'verifying', rung, timesBlocked }, [{ type: 'instance.verify' }]]
    : restart(rung, timesBlocked)
}

const restart = (rung: RestartRung, timesBlocked: number): InstanceStep => [
  { kind: 'ordering', rung, timesBlocked },
  [{ type: 'instance.restart', rung }],
]

function onVerified(
  order: InstanceOrder,
  { rung, timesBlocked }: InstanceRecoveryState & { readonly kind: 'verifying' },
  { refutation }: InstanceRecoveryMessage & { readonly type: 'instance.verified' },
): InstanceStep {
  return refutation === undefined
    ? restart(rung, timesBlocked)
    : finish(order, 'ignored', `it is left alone: ${refutation}`)
}

/**
 * An order that was lost is given again, up to so many orders in all. An operator's retry begins
 * the count again.
 */
const ORDERS_MAX = 5

const note: InstanceStep = [{ kind: 'noting' }, [{ type: 'instance.note-running' }]]

function onOrdered({ limitMs, pollMs }: InstanceRecoveryRules, rung: RestartRung): InstanceStep {
  const limit: KernelEffect<InstanceRecoveryMessage> = {
    type: 'timer.start',
    name: 'limit',
    afterMs: limitMs[rung],
    message: { type: 'instance.limit-passed' },
  }
  return [{ kind: 'confirming', rung }, [lookLater(pollMs), limit]]
}

function onSeen(
  order: InstanceOrder,
  { pollMs }: InstanceRecoveryRules,
  state: InstanceRecoveryState,
  instance: Instance | undefined,
): InstanceStep {
  if (instance === undefined) return finish(order, 'ignored', 'the instance was deleted meanwhile')
  if (isRunning(instance)) return note
  // Nova has ended its attempt, so the next rung need not wait for the limit.
  if (instance.vmState === 'error' && instance.taskState === null) return examine(0)
  return [state, [lookLater(pollMs)]]
}

/** When an order was not answered, the next check shows whether it was carried out. */
function onBlocked(
  order: InstanceOrder,
  rules: InstanceRecoveryRules,
  state: InstanceRecoveryState,
  reason: string,
): InstanceStep {
  switch (state.kind) {
    case 'examining':
    case 'verifying':
    case 'ordering':
      return wait(order, rules, state.timesBlocked, reason)
    case 'confirming':
      return [state, [lookLater(rules.pollMs)]] // its limit continues to run
    case 'idle':
    case 'blocked':
    case 'noting':
    case 'finished':
      return [state, []]
    default:
      return assertNever(state)
  }
}

function wait(
  order: InstanceOrder,
  { retryMs, blocksMax }: InstanceRecoveryRules,
  timesBlocked: number,
  reason: string,
): InstanceStep {
  if (timesBlocked >= blocksMax) return finish(order, 'error', reason)
  return [{ kind: 'blocked', timesBlocked: timesBlocked + 1 }, [lookLater(retryMs)]]
}

function finish(order: InstanceOrder, status: FaultOutcome, reason: string): InstanceStep {
  const { notification, replyTo } = order
  return [
    { kind: 'finished' },
    [tell(replyTo, { type: 'fault.concluded', notification, status, reason })],
  ]
}

const giveWay = ({ notification, replyTo }: InstanceOrder, reason: string): InstanceStep => [
  { kind: 'finished' },
  [tell(replyTo, { type: 'fault.forbidden', notification, reason })],
]

const lookLater = (afterMs: number): KernelEffect<InstanceRecoveryMessage> => ({
  type: 'timer.start',
  name: 'look',
  afterMs,
  message: { type: 'instance.look-due' },
})

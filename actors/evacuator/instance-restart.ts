/** Brings one failed guest of a living host back: hard reboot, or start, then waits until Nova shows it running. */
import type { InstanceId, NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { Instance } from '../ports/compute.ts'
import { isHaEnabled } from './selection.ts'

export interface RestartReply {
  readonly type: 'restart.finished'
  readonly notification: NotificationId
  readonly status: 'finished' | 'ignored' | 'error'
  readonly reason: string
}

export interface RestartOrder {
  readonly notification: NotificationId
  readonly instance: InstanceId
  readonly replyTo: ActorRef<RestartReply>
}

export interface RestartRules {
  /** Restart guests whose owners did not mark them, too. */
  readonly processAll: boolean
  readonly haMetadataKey: string
  /** Pause between looks at the instance, ms. */
  readonly pollMs: number
  /** Longest wait for the instance to run, ms. */
  readonly deadlineMs: number
}

export type RestartMessage =
  | { readonly type: 'restart.begin' }
  | { readonly type: 'restart.read'; readonly instance: Instance | undefined } // private
  | { readonly type: 'restart.ordered' } // private
  | { readonly type: 'restart.hindered'; readonly reason: string } // private
  | { readonly type: 'restart.look-due' } // private: our own timer
  | { readonly type: 'restart.deadline-passed' } // private: our own timer

export type RestartState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'deciding' }
  | { readonly kind: 'ordering' }
  | { readonly kind: 'confirming' }
  | { readonly kind: 'finished' }

export type RestartEffect =
  | { readonly type: 'instance.read' }
  | { readonly type: 'instance.restart'; readonly how: 'hard-reboot' | 'start' }

type RestartStep = Step<RestartState, RestartEffect | KernelEffect<RestartMessage>>

export const instanceRestart =
  (order: RestartOrder, rules: RestartRules) =>
  (state: RestartState, message: RestartMessage): RestartStep => {
    switch (message.type) {
      case 'restart.begin':
        return [{ kind: 'deciding' }, [{ type: 'instance.read' }]]
      case 'restart.read':
        if (state.kind === 'deciding') return decide(order, rules, message.instance)
        return state.kind === 'confirming'
          ? confirm(order, rules, state, message.instance)
          : [state, []]
      case 'restart.ordered':
        return state.kind === 'ordering' ? onOrdered(rules) : [state, []]
      case 'restart.hindered':
        return state.kind === 'finished' ? [state, []] : finish(order, 'error', message.reason)
      case 'restart.look-due':
        return state.kind === 'confirming' ? [state, [{ type: 'instance.read' }]] : [state, []]
      case 'restart.deadline-passed':
        return state.kind === 'confirming'
          ? finish(order, 'error', `Nova does not show it running after ${rules.deadlineMs} ms`)
          : [state, []]
      default:
        return assertNever(message)
    }
  }

function decide(
  order: RestartOrder,
  rules: RestartRules,
  instance: Instance | undefined,
): RestartStep {
  if (instance === undefined)
    return finish(order, 'ignored', 'the instance does not exist any more')
  if (!rules.processAll && !isHaEnabled(instance, rules.haMetadataKey)) {
    return finish(order, 'finished', `nothing to do: ${rules.haMetadataKey} is not set`)
  }
  switch (instance.vmState) {
    case 'active':
    case 'error':
      return [{ kind: 'ordering' }, [{ type: 'instance.restart', how: 'hard-reboot' }]]
    case 'stopped':
      return [{ kind: 'ordering' }, [{ type: 'instance.restart', how: 'start' }]]
    default:
      return finish(order, 'ignored', `the instance is ${instance.vmState}: left to its owner`)
  }
}

function onOrdered(rules: RestartRules): RestartStep {
  const deadline: KernelEffect<RestartMessage> = {
    type: 'timer.start',
    name: 'deadline',
    afterMs: rules.deadlineMs,
    message: { type: 'restart.deadline-passed' },
  }
  return [{ kind: 'confirming' }, [lookLater(rules), deadline]]
}

const RUNNING = 1

function confirm(
  order: RestartOrder,
  rules: RestartRules,
  state: RestartState,
  instance: Instance | undefined,
): RestartStep {
  if (instance === undefined) return finish(order, 'ignored', 'the instance was deleted meanwhile')
  const { vmState, taskState, powerState } = instance
  if (vmState === 'active' && taskState === null && powerState === RUNNING) {
    return finish(order, 'finished', 'the instance runs again')
  }
  return [state, [lookLater(rules)]]
}

function finish(order: RestartOrder, status: RestartReply['status'], reason: string): RestartStep {
  const { notification, replyTo } = order
  return [
    { kind: 'finished' },
    [tell(replyTo, { type: 'restart.finished', notification, status, reason })],
  ]
}

const lookLater = (rules: RestartRules): KernelEffect<RestartMessage> => ({
  type: 'timer.start',
  name: 'look',
  afterMs: rules.pollMs,
  message: { type: 'restart.look-due' },
})

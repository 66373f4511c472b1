/**
 * Disables the service of a living host whose nova-compute has died, so that Nova's scheduler does
 * not use it. It does nothing else: the host itself stays protected, and the ledger makes sure that
 * the service is enabled again.
 */
import type { HostId, HostName, NotificationId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { ComputeService } from '../ports/compute.ts'
import type { FaultOutcome, FaultReply } from '../policy/fault-reply.ts'

export interface ProcessOrder {
  readonly notification: NotificationId
  readonly host: HostId
  readonly hostName: HostName
  readonly replyTo: ActorRef<FaultReply>
}

export interface ProcessRecoveryRules {
  /** Shown in Nova. By it we recognise a service that we disabled. */
  readonly disableReason: string
  /** The pause after a request that failed, ms. */
  readonly retryMs: number
  /** After so many failures, the attempt ends. */
  readonly blocksMax: number
}

export type ProcessRecoveryMessage =
  | { readonly type: 'process.begin' }
  | { readonly type: 'process.forbid'; readonly reason: string } // an operator command
  | { readonly type: 'process.read'; readonly service: ComputeService | undefined } // private
  | { readonly type: 'process.disabled' } // private: Nova has accepted the order
  | { readonly type: 'process.forbidden'; readonly reason: string } // private: the store does not allow the intent
  | { readonly type: 'process.noted' } // private: the outcome is in the journal
  | { readonly type: 'process.blocked'; readonly reason: string } // private
  | { readonly type: 'process.look-due' } // private: our own timer

export type ProcessRecoveryState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'reading'; readonly timesBlocked: number }
  | { readonly kind: 'disabling'; readonly timesBlocked: number }
  | { readonly kind: 'blocked'; readonly timesBlocked: number }
  | { readonly kind: 'noting' }
  | { readonly kind: 'finished' }

export type ProcessRecoveryEffect =
  | { readonly type: 'service.read' }
  | { readonly type: 'service.disable'; readonly service: string }
  | { readonly type: 'outcome.note' }

type ProcessStep = Step<
  ProcessRecoveryState,
  ProcessRecoveryEffect | KernelEffect<ProcessRecoveryMessage>
>

export const processRecovery =
  (order: ProcessOrder, rules: ProcessRecoveryRules) =>
  (state: ProcessRecoveryState, message: ProcessRecoveryMessage): ProcessStep => {
    switch (message.type) {
      case 'process.begin':
        return read(0)
      case 'process.read':
        return state.kind === 'reading'
          ? onRead(order, rules, state.timesBlocked, message.service)
          : [state, []]
      case 'process.disabled':
        return state.kind === 'disabling' ? read(state.timesBlocked) : [state, []]
      case 'process.forbid':
        return state.kind === 'reading' || state.kind === 'blocked'
          ? giveWay(order, message.reason)
          : [state, []] // what was ordered is followed to its end
      case 'process.forbidden':
        return state.kind === 'disabling' ? giveWay(order, message.reason) : [state, []]
      case 'process.noted':
        return state.kind === 'noting'
          ? finish(order, 'finished', 'nova-compute is disabled until it beats again')
          : [state, []]
      case 'process.blocked':
        return state.kind === 'reading' || state.kind === 'disabling'
          ? onBlocked(order, rules, state.timesBlocked, message.reason)
          : [state, []]
      case 'process.look-due':
        return state.kind === 'blocked' ? read(state.timesBlocked) : [state, []]
      default:
        return assertNever(message)
    }
  }

const read = (timesBlocked: number): ProcessStep => [
  { kind: 'reading', timesBlocked },
  [{ type: 'service.read' }],
]

function onRead(
  order: ProcessOrder,
  rules: ProcessRecoveryRules,
  timesBlocked: number,
  service: ComputeService | undefined,
): ProcessStep {
  if (service === undefined) return finish(order, 'ignored', 'Nova has no compute service on it')
  if (!service.disabled) {
    const { id } = service
    return [{ kind: 'disabling', timesBlocked }, [{ type: 'service.disable', service: id }]]
  }
  return service.disabledReason === rules.disableReason
    ? [{ kind: 'noting' }, [{ type: 'outcome.note' }]]
    : finish(order, 'finished', 'nothing to do: somebody else keeps nova-compute disabled')
}

function onBlocked(
  order: ProcessOrder,
  { retryMs, blocksMax }: ProcessRecoveryRules,
  timesBlocked: number,
  reason: string,
): ProcessStep {
  if (timesBlocked >= blocksMax) return finish(order, 'error', reason)
  const later: KernelEffect<ProcessRecoveryMessage> = {
    type: 'timer.start',
    name: 'look',
    afterMs: retryMs,
    message: { type: 'process.look-due' },
  }
  return [{ kind: 'blocked', timesBlocked: timesBlocked + 1 }, [later]]
}

function finish(order: ProcessOrder, status: FaultOutcome, reason: string): ProcessStep {
  const { notification, replyTo } = order
  return [
    { kind: 'finished' },
    [tell(replyTo, { type: 'fault.concluded', notification, status, reason })],
  ]
}

const giveWay = ({ notification, replyTo }: ProcessOrder, reason: string): ProcessStep => [
  { kind: 'finished' },
  [tell(replyTo, { type: 'fault.forbidden', notification, reason })],
]

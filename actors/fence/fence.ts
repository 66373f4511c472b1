/** Powers one failed host off, and proves that it is off, before anyone may restart its instances. */
import type { DeathCertificate, CertificateGround } from '../../schema/records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { PowerState } from '../ports/power.ts'
import type { Deceased } from './death-certificate.ts'

/** What the fence answers to the segment. */
export type FenceReply =
  | { readonly type: 'fence.confirmed'; readonly certificate: DeathCertificate }
  | ({ readonly type: 'fence.unconfirmed' } & Refusal)
  | ({ readonly type: 'fence.refused' } & Refusal)
  | ({ readonly type: 'fence.abandoned' } & Refusal)

interface Refusal {
  readonly notification: Deceased['notification']
  readonly reason: string
}

export interface FenceOrder extends Deceased {
  /** The segment's operators consent to go on without a confirmed power off, for trusted reports. */
  readonly consent: boolean
  readonly replyTo: ActorRef<FenceReply>
}

/** Milliseconds. */
export interface FenceTiming {
  /** Longest climb before the next rung, BMC retries included. */
  readonly deadlineMs: number
  /** First pause after a BMC failure; doubles. */
  readonly retryMs: number
  /** Pause between an ordered power off and reading it back. */
  readonly verifyMs: number
}

export type FenceMessage =
  | { readonly type: 'fence.begin' }
  | { readonly type: 'fence.abandon'; readonly reason: string } // evidence of life
  | { readonly type: 'fence.power-read'; readonly power: PowerState } // private
  | { readonly type: 'fence.power-off-ordered' } // private
  | { readonly type: 'fence.power-failed'; readonly reason: string; readonly hopeless: boolean } // private
  | { readonly type: 'fence.forbidden'; readonly reason: string } // private: no grant for the intent
  | { readonly type: 'fence.read-due' } // private: our own timer
  | { readonly type: 'fence.deadline-passed' } // private: our own timer
  | { readonly type: 'fence.certified'; readonly certificate: DeathCertificate } // private

export type FenceState =
  | { readonly kind: 'idle' }
  | Climbing
  | { readonly kind: 'certifying' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unfenced'; readonly reason: string }

interface Climbing {
  readonly kind: 'climbing'
  /** Whether power off was ordered: from then on there is no way back. */
  readonly ordered: boolean
  readonly failures: number
  readonly lastFailure: string
}

export type FenceEffect =
  | { readonly type: 'power.read' }
  | { readonly type: 'power.off' }
  | { readonly type: 'certificate.save'; readonly ground: CertificateGround }

type FenceStep = Step<FenceState, FenceEffect | KernelEffect<FenceMessage>>

export const fence =
  (order: FenceOrder, timing: FenceTiming) =>
  (state: FenceState, message: FenceMessage): FenceStep => {
    switch (message.type) {
      case 'fence.begin':
        return onBegin(timing)
      case 'fence.abandon':
        return state.kind === 'climbing' && !state.ordered
          ? giveUp(order, 'fence.abandoned', message.reason)
          : [state, []]
      case 'fence.power-read':
        return onPowerRead(timing, state, message.power)
      case 'fence.power-off-ordered':
        return state.kind === 'climbing' ? [state, [readAfter(timing.verifyMs)]] : [state, []]
      case 'fence.power-failed':
        return onPowerFailed(order, timing, state, message)
      case 'fence.forbidden':
        return state.kind === 'climbing'
          ? giveUp(order, 'fence.refused', message.reason)
          : [state, []]
      case 'fence.read-due':
        return state.kind === 'climbing' ? [state, [{ type: 'power.read' }]] : [state, []]
      case 'fence.deadline-passed':
        return state.kind === 'climbing' ? nextRung(order, state) : [state, []]
      case 'fence.certified':
        return onCertified(order, state, message.certificate)
      default:
        return assertNever(message)
    }
  }

function onBegin(timing: FenceTiming): FenceStep {
  const deadline: KernelEffect<FenceMessage> = {
    type: 'timer.start',
    name: 'deadline',
    afterMs: timing.deadlineMs,
    message: { type: 'fence.deadline-passed' },
  }
  return [
    { kind: 'climbing', ordered: false, failures: 0, lastFailure: 'the BMC has not answered yet' },
    [deadline, { type: 'power.read' }],
  ]
}

/** Off is a success whatever any command said; on means to order power off, again if need be. */
function onPowerRead(timing: FenceTiming, state: FenceState, power: PowerState): FenceStep {
  if (state.kind !== 'climbing') return [state, []]
  if (power === 'off') {
    const ground = state.ordered ? 'power-off-confirmed' : 'already-off'
    return [{ kind: 'certifying' }, [{ type: 'certificate.save', ground }]]
  }
  if (!state.ordered) return [{ ...state, ordered: true }, [{ type: 'power.off' }]]
  const failures = state.failures + 1
  const lastFailure = 'power off was ordered and the BMC still reads on'
  const again: FenceEffect | KernelEffect<FenceMessage> =
    failures % READS_PER_ORDER === 0 ? { type: 'power.off' } : readAfter(timing.verifyMs)
  return [{ ...state, failures, lastFailure }, [again]]
}

/** A machine may take some seconds to go down before the order is worth repeating. */
const READS_PER_ORDER = 3

function onPowerFailed(
  order: FenceOrder,
  timing: FenceTiming,
  state: FenceState,
  failure: { readonly reason: string; readonly hopeless: boolean },
): FenceStep {
  if (state.kind !== 'climbing') return [state, []]
  const next = { ...state, failures: state.failures + 1, lastFailure: failure.reason }
  if (failure.hopeless) return nextRung(order, next)
  return [next, [readAfter(timing.retryMs * 2 ** Math.min(state.failures, 4))]]
}

/** The BMC rung is used up: the written consent, or an honest refusal. */
function nextRung(order: FenceOrder, state: Climbing): FenceStep {
  if (order.consent) {
    return [{ kind: 'certifying' }, [{ type: 'certificate.save', ground: 'consent' }]]
  }
  return giveUp(order, 'fence.unconfirmed', `power off is not confirmed: ${state.lastFailure}`)
}

function onCertified(
  order: FenceOrder,
  state: FenceState,
  certificate: DeathCertificate,
): FenceStep {
  if (state.kind !== 'certifying') return [state, []]
  return [{ kind: 'fenced' }, [tell(order.replyTo, { type: 'fence.confirmed', certificate })]]
}

function giveUp(
  order: FenceOrder,
  type: 'fence.unconfirmed' | 'fence.refused' | 'fence.abandoned',
  reason: string,
): FenceStep {
  const reply: FenceReply = { type, notification: order.notification, reason }
  return [{ kind: 'unfenced', reason }, [tell(order.replyTo, reply)]]
}

const readAfter = (afterMs: number): KernelEffect<FenceMessage> => ({
  type: 'timer.start',
  name: 'read',
  afterMs,
  message: { type: 'fence.read-due' },
})

/** Listens to all guests of one compute host, and reports one that fell silent while the host lives. */
import type { InstanceId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { GuestSign } from '../ports/guest.ts'
import { UNKNOWN_GUEST, afterSign, failsNow, type GuestHealth } from './guest-health.ts'

export type InstanceWatcherMessage =
  | { readonly type: 'guests.begin' } // first message, and our own timer
  | { readonly type: 'guests.heard'; readonly signs: ReadonlyMap<InstanceId, GuestSign> } // private

export interface InstanceWatcherState {
  readonly kind: 'listening'
  /** Of those that ran here at the last look. */
  readonly guests: ReadonlyMap<InstanceId, GuestHealth>
}

export type InstanceWatcherEffect =
  | { readonly type: 'guests.ask' }
  | { readonly type: 'guest.report'; readonly instance: InstanceId; readonly missed: number }

export interface InstanceWatcherRules {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Heartbeats missed in a row that make a guest failed. */
  readonly samples: number
}

type InstanceWatcherStep = Step<
  InstanceWatcherState,
  InstanceWatcherEffect | KernelEffect<InstanceWatcherMessage>
>

export const NO_GUESTS: InstanceWatcherState = { kind: 'listening', guests: new Map() }

export const instanceWatcher =
  (rules: InstanceWatcherRules) =>
  (state: InstanceWatcherState, message: InstanceWatcherMessage): InstanceWatcherStep => {
    switch (message.type) {
      case 'guests.begin':
        return [state, [{ type: 'guests.ask' }]]
      case 'guests.heard':
        return onHeard(rules, state, message.signs)
      default:
        return assertNever(message)
    }
  }

/** Who is not heard of any more has left this host, and is a stranger when it comes back. */
function onHeard(
  rules: InstanceWatcherRules,
  state: InstanceWatcherState,
  signs: ReadonlyMap<InstanceId, GuestSign>,
): InstanceWatcherStep {
  const guests = new Map<InstanceId, GuestHealth>()
  const reports: InstanceWatcherEffect[] = []
  for (const [instance, sign] of signs) {
    const health = afterSign(state.guests.get(instance) ?? UNKNOWN_GUEST, sign)
    guests.set(instance, health)
    if (failsNow(health, rules.samples)) {
      reports.push({ type: 'guest.report', instance, missed: health.missed })
    }
  }
  const again: KernelEffect<InstanceWatcherMessage> = {
    type: 'timer.start',
    name: 'heartbeats',
    afterMs: rules.intervalMs,
    message: { type: 'guests.begin' },
  }
  return [{ ...state, guests }, [again, ...reports]]
}

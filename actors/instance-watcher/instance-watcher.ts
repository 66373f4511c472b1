/** Listens to one guest's heartbeat and reports a guest that fell silent on a living host. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { GuestSign } from '../ports/guest.ts'
import { UNKNOWN_GUEST, afterSign, failsNow, type GuestHealth } from './guest-health.ts'

export type InstanceWatcherMessage =
  | { readonly type: 'guest.begin' } // first message
  | { readonly type: 'guest.heartbeat-due' } // private: our own timer
  | { readonly type: 'guest.heard'; readonly sign: GuestSign } // private

export interface InstanceWatcherState {
  readonly kind: 'listening'
  readonly health: GuestHealth
}

export type InstanceWatcherEffect =
  { readonly type: 'guest.ask' } | { readonly type: 'guest.report'; readonly missed: number }

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

export const NEW_GUEST: InstanceWatcherState = { kind: 'listening', health: UNKNOWN_GUEST }

export const instanceWatcher =
  (rules: InstanceWatcherRules) =>
  (state: InstanceWatcherState, message: InstanceWatcherMessage): InstanceWatcherStep => {
    switch (message.type) {
      case 'guest.begin':
      case 'guest.heartbeat-due':
        return [state, [{ type: 'guest.ask' }]]
      case 'guest.heard':
        return onHeard(rules, state, message.sign)
      default:
        return assertNever(message)
    }
  }

function onHeard(
  rules: InstanceWatcherRules,
  state: InstanceWatcherState,
  sign: GuestSign,
): InstanceWatcherStep {
  const health = afterSign(state.health, sign)
  const next: KernelEffect<InstanceWatcherMessage> = {
    type: 'timer.start',
    name: 'heartbeat',
    afterMs: rules.intervalMs,
    message: { type: 'guest.heartbeat-due' },
  }
  const fails = sign === 'silent' && failsNow(health, rules.samples)
  const report = fails ? [{ type: 'guest.report', missed: health.missed } as const] : []
  return [{ ...state, health }, [next, ...report]]
}

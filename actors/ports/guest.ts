/** The guests of the compute host that an instance monitor runs on: which guests there are, what happens to them, and which answer. */
import type { InstanceId } from '../../schema/ids.ts'

/**
 * alive: the guest answered; silent: it runs and did not answer in time; unknown: it could not be asked, or
 * another program was using its agent.
 */
export type GuestSign = 'alive' | 'silent' | 'unknown'

/** The events that a hypervisor sends, by name. An event without a name here is left out. */
export const GUEST_EVENTS = [
  'defined',
  'undefined',
  'started',
  'suspended',
  'suspended-migration',
  'suspended-io-error',
  'suspended-watchdog',
  'suspended-api-error',
  'suspended-post-copy-failed',
  'resumed',
  'shutdown',
  'stopped',
  'stopped-shutdown',
  'stopped-destroyed',
  'stopped-crashed',
  'stopped-migrated',
  'stopped-saved',
  'stopped-failed',
  'sleeping',
  'crashed-panicked',
  'crashed-loaded',
  'reboot',
  'watchdog-none',
  'watchdog-pause',
  'watchdog-reset',
  'watchdog-poweroff',
  'watchdog-shutdown',
  'watchdog-debug',
  'watchdog-inject-nmi',
  'io-error-none',
  'io-error-pause',
  'io-error-report',
  'disk-full',
  'control-error',
  'memory-failure',
  'agent-connected',
  'agent-disconnected',
] as const
export type GuestEvent = (typeof GUEST_EVENTS)[number]

/**
 * off: stopped in a way that may have been wanted; failed: its emulator died, or it panicked and was stopped; panicked: it
 * panicked and stands still.
 */
export type GuestPower =
  'running' | 'paused' | 'paused-io-error' | 'paused-watchdog' | 'off' | 'failed' | 'panicked'

/** One guest as it is now. */
export interface GuestView {
  readonly instance: InstanceId
  /** Another number is another run of the guest. It has no meaning while the guest is off. */
  readonly run: number
  readonly power: GuestPower
  /** Whether an agent listens inside; none: the guest has no channel for one. */
  readonly agent: 'connected' | 'disconnected' | 'none'
}

export type GuestNews =
  /** All guests as they are now; no earlier event follows. */
  | { readonly type: 'snapshot'; readonly guests: readonly GuestView[] }
  /** A guest that was started or changed. */
  | { readonly type: 'seen'; readonly guest: GuestView }
  | { readonly type: 'happened'; readonly instance: InstanceId; readonly event: GuestEvent }
  /** The hypervisor does not answer, and its events are lost. A snapshot follows when it answers again. */
  | { readonly type: 'lost'; readonly reason: string }

export interface GuestPort {
  /**
   * What happened since the last call, oldest first; the call waits until something happens. From a `snapshot` the answer begins
   * with all guests. It contains Nova's guests only. It is empty when the signal aborts.
   */
  news(from: 'snapshot' | 'last-call', signal: AbortSignal): Promise<readonly GuestNews[]>
  /** Asks these guests for a heartbeat, in this order and few at once; each may take `timeoutMs`. There may be none to ask. */
  heartbeats(
    instances: readonly InstanceId[],
    timeoutMs: number,
  ): Promise<ReadonlyMap<InstanceId, GuestSign>>
}

/** Whether the daemon that runs the guests answers, does not answer, or was not asked yet; and how old this observation is. */
export interface DaemonHealth {
  readonly daemon: 'answers' | 'silent' | 'unknown'
  readonly ageMs: number
}

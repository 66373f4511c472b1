/**
 * The numbers of libvirt's remote protocol that we use, and what they mean: the only place where they stand. libvirt only ever
 * appends to them, so they hold for every version that knows the call or the event at all.
 */
import type { GuestEvent, GuestPower } from '../../actors/ports/guest.ts'

export const PROGRAM = { remote: 0x20008086, qemu: 0x20008087, keepalive: 0x6b656570 } as const
export const VERSION = 1

export const TYPE = { call: 0, reply: 1, message: 2 } as const
export const STATUS_FINE = 0

/** Procedures of the program `remote`. */
export const CALL = {
  open: 1,
  xml: 14,
  feature: 60,
  authList: 66,
  authPolkit: 70,
  state: 212,
  list: 273,
  register: 316,
} as const

/** Of the program `qemu`. */
export const AGENT_COMMAND = 3

export const KEEPALIVE = { ping: 1, pong: 2 } as const
/** A daemon sends keepalive messages only to clients that asked for this feature. */
export const FEATURE_KEEPALIVE = 10

export const AUTH = { none: 0, sasl: 1, polkit: 2 } as const
export const OPEN_READ_ONLY = 1
/** Active and inactive domains. */
export const LIST_ALL = 3

/** Errors that calls answer with. */
export const ERROR = {
  internal: 1,
  unknownProcedure: 39,
  noDomain: 42,
  agentUnresponsive: 86,
} as const

/** Events by what they are registered with, and the procedure that brings each. */
export const EVENTS = {
  lifecycle: { id: 0, procedure: 318 },
  reboot: { id: 1, procedure: 319 },
  watchdog: { id: 3, procedure: 321 },
  ioError: { id: 6, procedure: 324 },
  controlError: { id: 7, procedure: 325 },
  agent: { id: 18, procedure: 348 },
  memoryFailure: { id: 25, procedure: 423 },
} as const
export type EventKind = keyof typeof EVENTS

/** By event, then by detail; `other` for every detail that is not named. */
type Details = Readonly<Record<number, GuestEvent>> & { readonly other?: GuestEvent }

export const LIFECYCLE: Readonly<Record<number, Details>> = {
  0: { other: 'defined' },
  1: { 0: 'undefined' }, // a renamed one stays
  2: { other: 'started' },
  3: {
    1: 'suspended-migration',
    2: 'suspended-io-error',
    3: 'suspended-watchdog',
    6: 'suspended-api-error',
    7: 'suspended-migration',
    8: 'suspended-post-copy-failed',
    other: 'suspended',
  },
  4: { other: 'resumed' },
  5: {
    0: 'stopped-shutdown',
    1: 'stopped-destroyed',
    2: 'stopped-crashed',
    3: 'stopped-migrated',
    4: 'stopped-saved',
    5: 'stopped-failed',
    other: 'stopped',
  },
  6: { other: 'shutdown' },
  7: { other: 'sleeping' },
  8: { 0: 'crashed-panicked', 1: 'crashed-loaded' },
}

export const WATCHDOG: Readonly<Record<number, GuestEvent>> = {
  0: 'watchdog-none',
  1: 'watchdog-pause',
  2: 'watchdog-reset',
  3: 'watchdog-poweroff',
  4: 'watchdog-shutdown',
  5: 'watchdog-debug',
  6: 'watchdog-inject-nmi',
}

export const IO_ERROR: Readonly<Record<number, GuestEvent>> = {
  0: 'io-error-none',
  1: 'io-error-pause',
  2: 'io-error-report',
}

export const AGENT: Readonly<Record<number, GuestEvent>> = {
  1: 'agent-connected',
  2: 'agent-disconnected',
}

/** The power of a guest by its state and reason. A number that is not known is `off`, and nothing follows from that. */
export function powerOf(state: number, reason: number): GuestPower {
  switch (state) {
    case 1: // running
    case 2: // blocked
    case 4: // being shut down
      return 'running'
    case 3:
      if (reason === 5) return 'paused-io-error'
      return reason === 6 ? 'paused-watchdog' : 'paused'
    case 5:
      return reason === 3 ? 'failed' : 'off'
    case 6:
      return 'panicked'
    case 7: // asleep
      return 'paused'
    default:
      return 'off'
  }
}

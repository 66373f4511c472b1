/** Sends a heartbeat of its compute host each second, with the state of libvirt and nova-compute. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { HostHealth } from '../ports/host-health.ts'

export type HostHeartbeatMessage =
  | { readonly type: 'heartbeat.due' } // first message, and our own timer
  | { readonly type: 'heartbeat.looked'; readonly health: HostHealth } // private

export interface HostHeartbeatState {
  readonly kind: 'beating'
  /** Of the last heartbeat that was sent. */
  readonly sequence: number
}

export type HostHeartbeatEffect =
  | { readonly type: 'health.look' }
  | { readonly type: 'heartbeat.say'; readonly sequence: number; readonly health: HostHealth }

/** The host monitors suspect a host when two or three heartbeats are missing. */
const EVERY_MS = 1000

export const NOT_BEATEN: HostHeartbeatState = { kind: 'beating', sequence: 0 }

/** When a look does not end, no heartbeat follows: a host that cannot look at itself is not healthy. */
export function hostHeartbeat(
  state: HostHeartbeatState,
  message: HostHeartbeatMessage,
): Step<HostHeartbeatState, HostHeartbeatEffect | KernelEffect<HostHeartbeatMessage>> {
  switch (message.type) {
    case 'heartbeat.due':
      return [state, [{ type: 'health.look' }]]
    case 'heartbeat.looked': {
      const sequence = state.sequence + 1
      const again = { type: 'heartbeat.due' } as const
      return [
        { ...state, sequence },
        [
          { type: 'heartbeat.say', sequence, health: message.health },
          { type: 'timer.start', name: 'heartbeat', afterMs: EVERY_MS, message: again },
        ],
      ]
    }
    default:
      return assertNever(message)
  }
}

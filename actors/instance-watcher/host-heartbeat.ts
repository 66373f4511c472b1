/** Sends a heartbeat of its compute host each second, with the state of libvirt and nova-compute. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { HostHealth } from '../ports/host-health.ts'

export type HostHeartbeatMessage =
  | { readonly type: 'heartbeat.due' } // first message, and our own timer
  | { readonly type: 'heartbeat.looked'; readonly health: HostHealth } // private

export interface HostHeartbeatState {
  readonly kind: 'beating'
}

export type HostHeartbeatEffect =
  { readonly type: 'health.look' } | { readonly type: 'heartbeat.say'; readonly health: HostHealth }

/** The host monitors suspect a host when two or three heartbeats are missing. */
const EVERY_MS = 1000

export const NOT_BEATEN: HostHeartbeatState = { kind: 'beating' }

/** When a look does not end, no heartbeat follows: a host that cannot look at itself is not healthy. */
export function hostHeartbeat(
  state: HostHeartbeatState,
  message: HostHeartbeatMessage,
): Step<HostHeartbeatState, HostHeartbeatEffect | KernelEffect<HostHeartbeatMessage>> {
  switch (message.type) {
    case 'heartbeat.due':
      return [state, [{ type: 'health.look' }]]
    case 'heartbeat.looked': {
      const again = { type: 'heartbeat.due' } as const
      return [
        state,
        [
          { type: 'heartbeat.say', health: message.health },
          { type: 'timer.start', name: 'heartbeat', afterMs: EVERY_MS, message: again },
        ],
      ]
    }
    default:
      return assertNever(message)
  }
}

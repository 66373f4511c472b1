/** Carries out the effects of a host-heartbeat. */
import type { HostName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { HostHealth, HostHealthPort } from '../ports/host-health.ts'
import {
  NOT_BEATEN,
  hostHeartbeat,
  type HostHeartbeatEffect,
  type HostHeartbeatMessage,
  type HostHeartbeatState,
} from './host-heartbeat.ts'

export interface HeartbeatWorld {
  readonly announcer: Announcer
  readonly hostHealth: ReadonlyMap<HostName, HostHealthPort>
}

/** The actor that sends the heartbeats of one host. */
export function defineHostHeartbeat(
  world: HeartbeatWorld,
  host: HostName,
): Definition<HostHeartbeatMessage> {
  return define<HostHeartbeatState, HostHeartbeatMessage, HostHeartbeatEffect>({
    initial: NOT_BEATEN,
    behaviour: hostHeartbeat,
    first: { type: 'heartbeat.due' },
    policy: SUPERVISION['host-heartbeat'],
    perform: (effect) => performHeartbeat(world, host, effect),
  })
}

function performHeartbeat(
  { announcer, hostHealth }: HeartbeatWorld,
  hostName: HostName,
  effect: HostHeartbeatEffect,
): Promise<HostHeartbeatMessage> | undefined {
  switch (effect.type) {
    case 'health.look':
      return look(hostName, hostHealth.get(hostName))
    case 'heartbeat.say':
      announcer.announce('host.heartbeat', { hostName, ...bodyOf(effect.health) })
      return undefined
    default:
      return assertNever(effect)
  }
}

async function look(
  hostName: HostName,
  port: HostHealthPort | undefined,
): Promise<HostHeartbeatMessage> {
  if (port === undefined) throw new RangeError(`this process does not run on ${hostName}`)
  return { type: 'heartbeat.looked', health: await port.look() }
}

function bodyOf({ boot, libvirtAgeMs, computeAgeMs, libvirt, compute }: HostHealth) {
  const ages = {
    libvirtAgeMs: Math.round(libvirtAgeMs),
    computeAgeMs: Math.round(computeAgeMs),
  }
  return { libvirt, compute, ...ages, ...(boot === undefined ? {} : { boot }) }
}

/** What the instance-monitor role is made of: a watcher of the guests of each compute host here. */
import { defineInstanceWatcher } from '../../actors/instance-watcher/perform-listening.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import type { Factories } from '../../actors/kernel/typed-registry.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { Actors, InstanceMonitorActors } from '../../actors/registry.ts'
import type { HostName } from '../../schema/ids.ts'
import type { NodeWorld } from './node.ts'

/** Makers of every kind of actor in the instance monitor. */
export function instanceMonitorFactories(
  world: NodeWorld,
  guests: ReadonlyMap<HostName, GuestPort>,
): Factories<InstanceMonitorActors> {
  const listening = { ...world, guests, rules: world.rules.guest }
  return {
    'instance-watcher': (host) => defineInstanceWatcher(listening, host),
  }
}

/** Starts listening on each host. */
export function startInstanceMonitor(
  system: ActorSystem<Actors>,
  guests: ReadonlyMap<HostName, GuestPort>,
): void {
  for (const host of guests.keys()) system.start('instance-watcher', host, host)
}

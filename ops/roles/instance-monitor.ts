/** What the instance-monitor role is made of: a watcher of the guests of each compute host here. */
import { defineInstanceWatcher } from '../../actors/instance-watcher/perform-listening.ts'
import type { AnyDefinition } from '../../actors/kernel/behaviour.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { HostName } from '../../schema/ids.ts'
import type { NodeWorld } from './node.ts'

/** Makers of every kind of actor in the instance monitor. */
export function instanceMonitorFactories(
  world: NodeWorld,
  guests: ReadonlyMap<HostName, GuestPort>,
): Readonly<Record<string, (argument: never, name: string) => AnyDefinition>> {
  const listening = { ...world, guests, rules: world.rules.guest }
  return {
    'instance-watcher': (host: HostName) => defineInstanceWatcher(listening, host),
  }
}

/** Starts listening on each host. */
export function startInstanceMonitor(
  system: ActorSystem,
  guests: ReadonlyMap<HostName, GuestPort>,
): void {
  for (const host of guests.keys()) system.start('instance-watcher', host, host)
}

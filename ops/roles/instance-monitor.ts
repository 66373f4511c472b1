/** What the instance-monitor role is made of: a guest list for each compute host here, and a watcher for each guest. */
import {
  defineGuestList,
  defineInstanceWatcher,
} from '../../actors/instance-watcher/perform-listening.ts'
import type { Guest } from '../../actors/instance-watcher/guest-list.ts'
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
    'guest-list': (host: HostName) => defineGuestList(listening, host),
    'instance-watcher': (guest: Guest) => defineInstanceWatcher(listening, guest),
  }
}

/** Starts listening on each host. */
export function startInstanceMonitor(
  system: ActorSystem,
  guests: ReadonlyMap<HostName, GuestPort>,
): void {
  for (const host of guests.keys()) system.start('guest-list', host, host)
}

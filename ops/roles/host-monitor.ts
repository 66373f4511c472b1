/** What the host-monitor role is made of: the observer, and a host-watcher for each registered host. */
import { defineHostWatcher, defineObserver } from '../../actors/host-watcher/perform-watching.ts'
import type { WatchedHost } from '../../actors/host-watcher/host-watcher.ts'
import type { AnyDefinition } from '../../actors/kernel/behaviour.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import type { NodeWorld } from './node.ts'

/** Makers of every kind of actor in the host monitor. */
export function hostMonitorFactories(
  world: NodeWorld,
): Readonly<Record<string, (argument: never, name: string) => AnyDefinition>> {
  const watching = {
    ...world,
    observerRules: world.rules.observer,
    watcherRules: world.rules.watcher,
    sshTimeoutMs: world.rules.sshTimeoutMs,
  }
  return {
    observer: () => defineObserver(watching),
    'host-watcher': (watched: WatchedHost) => defineHostWatcher(watching, watched),
  }
}

/** Starts watching every registered host. */
export function startHostMonitor(system: ActorSystem): void {
  system.start('observer', 'hosts', undefined)
}

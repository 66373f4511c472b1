/** What the host-monitor role is made of: the observer, and a host-watcher for each registered host. */
import {
  defineHostWatcher,
  defineObserver,
  type WatchingWorld,
} from '../../actors/host-watcher/perform-watching.ts'
import type { ActorSystem } from '../../actors/kernel/spawn.ts'
import type { Factories } from '../../actors/kernel/typed-registry.ts'
import { refOf, type Actors, type HostMonitorActors } from '../../actors/registry.ts'
import type { NodeWorld } from './node.ts'

/** Makers of every kind of actor in the host monitor. */
export function hostMonitorFactories(
  world: NodeWorld,
  system: () => ActorSystem<Actors>,
): Factories<HostMonitorActors> {
  const watching: WatchingWorld = {
    ...world,
    metadataKeys: world.rules.domains.metadataKeys,
    observerRules: world.rules.observer,
    watcherRules: world.rules.watcher,
    tellWatcher: (host, message) => system().tell(refOf('host-watcher', host), message),
  }
  return {
    observer: () => defineObserver(watching),
    'host-watcher': (watched) => defineHostWatcher(watching, watched),
  }
}

/** Starts watching every registered host. */
export function startHostMonitor(system: ActorSystem<Actors>): void {
  system.start('observer', 'hosts', undefined)
}

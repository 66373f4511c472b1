/** The actors of the instance-monitor role: a watcher of the guests of each compute host, and the heartbeats of that host. */
import { defineHostHeartbeat } from '../../actors/instance-watcher/perform-host-heartbeat.ts'
import { defineInstanceWatcher } from '../../actors/instance-watcher/perform-listening.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import { createActorSystem, type ActorSystem } from '../../actors/kernel/spawn.ts'
import type { Factories } from '../../actors/kernel/typed-registry.ts'
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { InstanceMonitorActors } from '../../actors/registry.ts'
import { announcerOn } from './announcer.ts'
import { DecisionLog } from './decision-log.ts'
import { everyWitness, witnessed } from './witness.ts'
import type { Node, NodeHooks, NodePorts } from './node.ts'

/** All ports that the role needs: neither a store nor Compute. */
export type MonitorPorts = Pick<
  NodePorts,
  | 'node'
  | 'cloud'
  | 'clock'
  | 'random'
  | 'log'
  | 'turns'
  | 'bus'
  | 'guests'
  | 'spool'
  | 'runRecords'
  | 'hostHealth'
  | 'rules'
>

/** Makers of every kind of actor in the instance monitor. */
export function instanceMonitorFactories(
  world: MonitorPorts & { readonly announcer: Announcer },
): Factories<InstanceMonitorActors> {
  const listening = { ...world, rules: world.rules.guest }
  return {
    'instance-watcher': (host) => defineInstanceWatcher(listening, host),
    'host-heartbeat': (host) => defineHostHeartbeat(world, host),
  }
}

/** Starts the watcher and the heartbeats of each host. */
export function startInstanceMonitor(
  system: Pick<ActorSystem<InstanceMonitorActors>, 'start'>,
  { guests, hostHealth }: Pick<MonitorPorts, 'guests' | 'hostHealth'>,
): void {
  for (const host of guests.keys()) system.start('instance-watcher', host, host)
  for (const host of hostHealth.keys()) system.start('host-heartbeat', host, host)
}

/** A node without a store: an instance-monitor on a compute host, a bridge, or both. */
export function createStorelessNode(
  ports: MonitorPorts,
  { onGiveUp, witnesses = [] }: NodeHooks,
): Node {
  const { clock, random, log, turns, bus } = ports
  const from = { cloud: ports.cloud, node: ports.node, incarnation: random.uuid() }
  let parked = 0
  const term = new LeadershipTerm(clock) // it never leads
  const witness = everyWitness([new DecisionLog(log), ...witnesses])
  const announcer = witnessed(announcerOn(bus, from, { clock, random, term }), witness)
  const factories = instanceMonitorFactories({ ...ports, announcer })
  const onTransition = witness.turned.bind(witness)
  const kernel = { clock, random, log, turns, onGiveUp, onTransition, factories }
  const system = createActorSystem<InstanceMonitorActors>(kernel)
  return {
    system,
    announcer,
    start: () => startInstanceMonitor(system, ports),
    countParked: () => void (parked += 1),
    parked: () => parked,
    newer: () => 0,
    strangers: () => 0,
    contradictions: () => 0,
    hosts: () => undefined,
    leading: () => false,
    epoch: () => null,
    resign: () => {},
    campaigning: () => false,
  }
}

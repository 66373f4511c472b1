/** One process of ours: its ports, its actor system, and the roles that it plays. Real and simulated nodes are made here. */
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort, RandomPort } from '../../actors/ports/clock.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { FenceAgentPort } from '../../actors/ports/fence-agent.ts'
import type { FaultSpool } from '../../actors/ports/fault-spool.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { HostHealthPort } from '../../actors/ports/host-health.ts'
import type { LeasePort } from '../../actors/ports/lease.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import type { PolledPowerPort } from '../../actors/ports/power.ts'
import type { AnchorPort } from '../../actors/ports/anchors.ts'
import type { RunRecord } from '../../actors/ports/run-record.ts'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Turns } from '../../actors/ports/turns.ts'
import {
  createActorSystem,
  type ActorSystem,
  type SystemOptions,
} from '../../actors/kernel/spawn.ts'
import type { Actors } from '../../actors/registry.ts'
import { HostRemarks } from '../../actors/host-watcher/host-remarks.ts'
import { Contradictions } from '../../actors/verification/contradictions.ts'
import { ClockSteps } from '../../actors/leadership/clock-steps.ts'
import { PartitionDetector } from '../../actors/leadership/partition-detector.ts'
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { DomainsByHost } from '../../schema/failure-domains.ts'
import type { HostRemarksShown } from '../../schema/messages/host-remarks.ts'
import type { HostName, NodeName } from '../../schema/ids.ts'
import { announcerOn } from './announcer.ts'
import { DecisionLog } from './decision-log.ts'
import { everyWitness, witnessed, type Witness } from './witness.ts'
import { deposingStore } from './deposing-store.ts'
import { LEASE_HOLDER, engineFactories, startEngine } from './engine.ts'
import { hostMonitorFactories, startHostMonitor } from './host-monitor.ts'
import { instanceMonitorFactories, startInstanceMonitor } from './instance-monitor.ts'
import type { Rules } from './rules.ts'

/** What a node is given of the world. */
export interface NodePorts {
  readonly node: NodeName
  readonly cloud: string
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: LogPort
  /** Of this process alone. */
  readonly turns: Turns
  readonly bus: BusPort
  readonly lease: LeasePort
  readonly store: StorePort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly power: PolledPowerPort
  readonly fenceAgent: FenceAgentPort
  readonly shell: ShellPort
  readonly anchors: AnchorPort
  /** Compute hosts whose guests this node listens to. */
  readonly guests: ReadonlyMap<HostName, GuestPort>
  /** Of the faults of those guests. */
  readonly spool: FaultSpool
  /** Of the guests that run on those hosts. */
  readonly runRecords: ReadonlyMap<HostName, RunRecord>
  /** Compute hosts whose heartbeats this node sends. */
  readonly hostHealth: ReadonlyMap<HostName, HostHealthPort>
  /** Failure domains, from the file of the operators. */
  readonly declaredDomains: DomainsByHost
  readonly rules: Rules
}

/** The ports, and what the node itself adds to them. */
export interface NodeWorld extends NodePorts {
  readonly term: LeadershipTerm
  readonly partitionDetector: PartitionDetector
  readonly clockSteps: ClockSteps
  readonly announcer: Announcer
  readonly contradictions: Contradictions
  readonly remarks: HostRemarks
  /** Counts a message from outside that could not be decoded. */
  readonly countParked: () => void
  /** Counts a message that a newer version has sent. */
  readonly countNewer: () => void
  /** Counts an observation by somebody, or of a host, that is not registered. */
  readonly countStranger: () => void
}

/** Roles that are made of actors. */
export type ActingRole = 'engine' | 'host-monitor' | 'instance-monitor'

export interface Node {
  readonly system: Pick<
    ActorSystem<Actors>,
    'snapshot' | 'deadLetters' | 'deadLettersBy' | 'crashes' | 'queued' | 'stop'
  >
  readonly announcer: Announcer
  /** Starts its roles. */
  start(): void
  /** Counts a message that could not be decoded. */
  readonly countParked: () => void
  /** Messages that could not be decoded, since the start. */
  parked(): number
  /** Messages of newer versions that this one does not know, since the start. */
  newer(): number
  /** Observations that did not count, since the start. */
  strangers(): number
  /** Reports that were not true, by what this node saw itself, since the start. */
  contradictions(): number
  /** What its host monitor knows of hosts beside life and death; undefined when it knows nothing. */
  hosts(): HostRemarksShown | undefined
  /** True while this node leads. */
  leading(): boolean
  /** The epoch with which it leads; null while it does not. */
  epoch(): number | null
  /** Gives leadership up, so that a standby takes over at once, and campaigns no more. */
  resign(): void
  /** True while this node leads, or may begin to lead. */
  campaigning(): boolean
}

/** What only some nodes have: who is told of a hopeless crash, and of every change of an actor's state. */
export interface NodeHooks {
  readonly onGiveUp: (path: string, error: unknown) => void
  readonly onTransition?: SystemOptions<Actors>['onTransition']
  /** Beside the log of decisions. */
  readonly witnesses?: readonly Witness[]
}

/** Makes a node; its actors come to life with `start`. */
export function createNode(ports: NodePorts, roles: readonly ActingRole[], hooks: NodeHooks): Node {
  const { clock, random, log, turns, bus } = ports
  const term = new LeadershipTerm(clock)
  const from = { cloud: ports.cloud, node: ports.node, incarnation: random.uuid() }
  const witness = everyWitness([new DecisionLog(log), ...(hooks.witnesses ?? [])])
  const announcer = witnessed(announcerOn(bus, from, { clock, random, term }), witness)
  const store = deposingStore(ports.store, (refused) => {
    system.tell(LEASE_HOLDER, { type: 'lease.deposed', epoch: refused })
  })
  const contradictions = new Contradictions(log)
  const remarks = new HostRemarks(clock)
  const counts = { parked: 0, newer: 0, strangers: 0 }
  const counting = (what: keyof typeof counts) => () => void (counts[what] += 1)
  const world: NodeWorld = {
    ...ports,
    store,
    term,
    clockSteps: new ClockSteps(clock),
    partitionDetector: new PartitionDetector(
      clock,
      ports.rules.lease.ttlMs - ports.rules.lease.marginMs,
    ),
    announcer,
    contradictions,
    remarks,
    countParked: counting('parked'),
    countNewer: counting('newer'),
    countStranger: counting('strangers'),
  }
  const system: ActorSystem<Actors> = createActorSystem<Actors>({
    clock,
    random,
    log,
    turns,
    onGiveUp: hooks.onGiveUp,
    onTransition: (path, from, to, reason) => {
      witness.turned(path, from, to, reason)
      hooks.onTransition?.(path, from, to, reason)
    },
    factories: {
      ...engineFactories(world, () => system),
      ...hostMonitorFactories(world, () => system),
      ...instanceMonitorFactories(world),
    },
  })
  return {
    system,
    announcer,
    start: () => {
      if (roles.includes('engine')) startEngine(system)
      if (roles.includes('host-monitor')) startHostMonitor(system)
      if (roles.includes('instance-monitor')) startInstanceMonitor(system, ports)
    },
    countParked: world.countParked,
    parked: () => counts.parked,
    newer: () => counts.newer,
    strangers: () => counts.strangers,
    contradictions: () => contradictions.count(),
    hosts: () => remarks.shown(),
    leading: () => term.current() !== undefined,
    epoch: () => term.current() ?? null,
    resign: () => {
      if (isCampaigning(system)) system.tell(LEASE_HOLDER, { type: 'lease.resign' })
    },
    campaigning: () => isCampaigning(system),
  }
}

/** False before the store is ready, and for a node without the role engine: there is no lease holder. */
const isCampaigning = (system: ActorSystem<Actors>): boolean =>
  system.snapshot().some(({ path, state }) => path === LEASE_HOLDER.address && state !== 'resigned')

/**
 * The running actors of all processes. Each process publishes its own tree on the bus and keeps the
 * trees of the others, so every process can show all of them.
 */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import type { BusMessage, BusPort } from '../../actors/ports/bus.ts'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'
import type { ShownProcess } from '../../gateway/plugins/health.ts'
import type { BridgeCounts, LinkHealth, RoleHealth } from '../../schema/messages/leadership.ts'
import { CATALOGUE } from '../../schema/messages/catalogue.ts'
import { decodeOrCount, subjectsOf } from '../../schema/messages/codec.ts'
import { HeardProcesses, SAY_MS } from './heard-processes.ts'
import type { Node } from './node.ts'

const ACTORS_MAX = 1000

export interface HealthBoard extends AsyncDisposable {
  /**
   * This process first, then the others; one that went silent is shown as gone for some minutes. At
   * most one leads.
   */
  all(): readonly ShownProcess[]
  /** Whether an engine was heard lately, this process included. */
  isEngineAlive(): boolean
  /**
   * When the latest message of a leader was received, by the monotonic clock; without one, the time
   * of the start.
   */
  leaderHeardAtMs(): number
}

/** What a process says of itself beside its actors. */
interface Identity {
  readonly node: string
  readonly cloud: string
  readonly roles: readonly string[]
  /** Undefined for a process without a bridge. */
  readonly bridge: { counts(): BridgeCounts } | undefined
  /** Brokers beside our own bus. */
  links(): readonly LinkHealth[]
  /** The requests of the process to BMCs and hosts. */
  politeness(): Pick<RoleHealth, 'bmcPoliteness' | 'sshPoliteness'>
}

function healthOf(node: Node, identity: Identity): RoleHealth {
  const counts = identity.bridge?.counts()
  const hosts = node.hosts()
  const actors = node.system.snapshot()
  return {
    node: identity.node,
    roles: [...identity.roles],
    leading: node.leading(),
    deadLetters: node.system.deadLetters(),
    givenUp: actors.filter(({ state }) => state === GIVEN_UP).length,
    parked: node.parked() + (counts?.parked ?? 0),
    newer: node.newer(),
    strangers: node.strangers(),
    contradictions: node.contradictions(),
    ...(counts === undefined ? {} : { bridge: counts }),
    links: [...identity.links()],
    ...identity.politeness(),
    ...(hosts === undefined ? {} : { hosts }),
    actors: actors.slice(0, ACTORS_MAX),
  }
}

/** A compute host hears nobody: its account may not. */
const hearsOthers = (roles: readonly string[]): boolean =>
  CATALOGUE['role.health'].to.some((role) => roles.includes(role))

/** Starts to publish and to receive. */
export function startHealthBoard(
  node: Node,
  identity: Identity,
  world: { readonly bus: BusPort; readonly clock: ClockPort },
): HealthBoard {
  const { bus, clock } = world
  const heard = new HeardProcesses(clock)
  const own = (): RoleHealth => healthOf(node, identity)
  let leaderHeardAtMs = clock.monotonicMs()
  const noteLeader = (): void => {
    leaderHeardAtMs = clock.monotonicMs()
  }
  let cancel: Cancel | undefined
  const say = (): void => {
    if (node.leading()) noteLeader()
    node.announcer.announce('role.health', own())
    cancel = clock.schedule(SAY_MS, say)
  }
  const hearHealth = (message: BusMessage): void => {
    const received = decodeOrCount(message, node.countParked)
    if (received?.type !== 'role.health' || received.body.node === identity.node) return
    const health = received.body
    const leads = health.leading && health.roles.includes('engine')
    if (leads) noteLeader()
    heard.note({ health, epoch: leads ? received.epoch : null }, message.body.length)
  }
  const hearProclaimed = (message: BusMessage): void => {
    const received = decodeOrCount(message, node.countParked)
    if (received?.type !== 'leader.proclaimed') return
    noteLeader()
    heard.noteProclaimed(received.body)
  }
  const listening = hearsOthers(identity.roles)
    ? [
        bus.subscribe(subjectsOf(identity.cloud, 'role.health'), hearHealth),
        bus.subscribe(subjectsOf(identity.cloud, 'leader.proclaimed'), hearProclaimed),
      ]
    : []
  say()
  return {
    leaderHeardAtMs() {
      if (node.leading()) noteLeader()
      return leaderHeardAtMs
    },
    all: () => heard.shown({ health: own(), epoch: node.epoch() }),
    isEngineAlive: () => identity.roles.includes('engine') || heard.engines() > 0,
    async [Symbol.asyncDispose]() {
      cancel?.()
      for (const subscription of listening) await subscription[Symbol.asyncDispose]()
    },
  }
}

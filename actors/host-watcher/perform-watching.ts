/** Carries out the effects of the observer and its host-watchers: inventory, probes, observations. */
import { describeError, isCoded } from '../../schema/errors.ts'
import { bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import type { Host } from '../../schema/records.ts'
import type { NodeName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { LEAF, SUPERVISOR } from '../kernel/supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import { sleep, type ClockPort, type RandomPort } from '../ports/clock.ts'
import { isPowerTrouble, type PowerPort } from '../ports/power.ts'
import type { ShellPort } from '../ports/shell.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import { isStoreAway, type InventoryStore } from '../ports/store.ts'
import { refOf } from '../registry.ts'
import type { Channel, Sign } from './failure-detector.ts'
import {
  hostWatcher,
  type HostWatcherEffect,
  type HostWatcherMessage,
  type HostWatcherRules,
  type HostWatcherState,
  type WatchedHost,
} from './host-watcher.ts'
import {
  NEW_OBSERVER,
  observer,
  type ObserverEffect,
  type ObserverMessage,
  type ObserverRules,
  type ObserverState,
} from './observer.ts'

export interface WatchingWorld {
  readonly node: NodeName
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly store: Pick<InventoryStore, 'listAllHosts'> & Pick<RosterStore, 'registerObserver'>
  readonly power: PowerPort
  readonly shell: ShellPort
  readonly announcer: Announcer
  readonly observerRules: ObserverRules
  readonly watcherRules: HostWatcherRules
  readonly sshTimeoutMs: number
}

/** Where the watchers of a process tell what they see. */
export const OBSERVER = refOf('observer', 'hosts')

/** The actor that speaks for everything this process watches. */
export function defineObserver(world: WatchingWorld): Definition<ObserverMessage> {
  let sequence = 0
  const registration = new Registration(world)
  return define<ObserverState, ObserverMessage, ObserverEffect>({
    initial: NEW_OBSERVER,
    behaviour: observer(world.observerRules),
    first: { type: 'observer.begin' },
    policy: { ...SUPERVISOR, overflow: 'drop-oldest' },
    perform: (effect) => {
      if (effect.type === 'observation.announce') sequence += 1
      return effect.type === 'registration.renew'
        ? registration.renew()
        : performObserver(world, effect, sequence)
    },
  })
}

function performObserver(
  world: WatchingWorld,
  effect: Exclude<ObserverEffect, { readonly type: 'registration.renew' }>,
  sequence: number,
): Promise<ObserverMessage> | ObserverMessage | undefined {
  switch (effect.type) {
    case 'clock.read':
      return { type: 'observer.ticked', atMs: world.clock.monotonicMs() }
    case 'inventory.read':
      return readInventory(world)
    case 'channels.forget':
      if (effect.watched.ssh !== undefined) world.shell.forget(effect.watched.ssh)
      return undefined
    case 'observation.announce': {
      const { watched, state, evidence } = effect
      const { host, hostName, segment } = watched
      world.announcer.announce('host.observed', {
        host,
        hostName,
        segment,
        observer: world.node,
        state,
        sequence,
        evidence: [...evidence],
      })
      return undefined
    }
    default:
      return assertNever(effect)
  }
}

/** What this process says counts for as long as it is registered; the leader may read that at any moment. */
class Registration {
  readonly #world: WatchingWorld
  #renewedAtMs = -Infinity

  constructor(world: WatchingWorld) {
    this.#world = world
  }

  /** While the store is away it is tried again with every look at the inventory. */
  async renew(): Promise<undefined> {
    const { clock, store, node } = this.#world
    if (clock.monotonicMs() - this.#renewedAtMs < REGISTERED_MS) return
    try {
      await store.registerObserver(node)
      this.#renewedAtMs = clock.monotonicMs()
    } catch (error) {
      if (!isStoreAway(error)) throw error
    }
  }
}

/** An observer that has not registered for weeks is purged; one that was purged by mistake is back soon. */
const REGISTERED_MS = 60_000

/** Undefined while the store is away: the hosts that we know are watched all the same. */
async function readInventory(world: WatchingWorld): Promise<ObserverMessage> {
  try {
    const hosts = await world.store.listAllHosts()
    return { type: 'observer.inventory', hosts: hosts.map(watchedOf) }
  } catch (error) {
    if (!isStoreAway(error)) throw error
    return { type: 'observer.inventory', hosts: undefined }
  }
}

function watchedOf(host: Host): WatchedHost {
  const { uuid, name: hostName, segment } = host
  const attributes = parseControlAttributes(host.controlAttributes)
  const { ssh, problems } = attributes
  const [ipmi] = bmcsOf(attributes)
  const fingerprint = `${hostName} ${segment} ${host.updatedAt ?? host.createdAt}`
  return { host: uuid, hostName, segment, ipmi, ssh, problems, fingerprint }
}

/** The actor that probes one host, and listens to it. */
export function defineHostWatcher(
  world: WatchingWorld,
  watched: WatchedHost,
): Definition<HostWatcherMessage> {
  const random = world.random.fork(`watcher of ${watched.hostName}`)
  return define<HostWatcherState, HostWatcherMessage, HostWatcherEffect>({
    initial: { kind: 'blind', views: {} },
    behaviour: hostWatcher(watched, world.watcherRules, OBSERVER),
    first: { type: 'watcher.begin' },
    policy: LEAF,
    perform: (effect, signal) => performWatcher({ ...world, random }, watched, effect, signal),
  })
}

async function performWatcher(
  world: WatchingWorld,
  watched: WatchedHost,
  effect: HostWatcherEffect,
  signal: AbortSignal,
): Promise<HostWatcherMessage | undefined> {
  const { channel } = effect
  if (effect.type === 'probe.first') {
    // Spread over one peace interval, so that a start does not ask every host at once.
    await sleep(world.clock, world.random.next() * world.watcherRules.timing.sshPeaceMs)
    if (signal.aborted) return undefined
  }
  const { sign, detail } = await probe(world, watched, channel, signal)
  return { type: 'watcher.probed', channel, sign, detail, chance: world.random.next() }
}

type Shown = { readonly sign: Sign; readonly detail: string }

async function probe(
  world: WatchingWorld,
  watched: WatchedHost,
  channel: Channel,
  signal: AbortSignal,
): Promise<Shown> {
  if (channel === 'ssh') {
    if (watched.ssh === undefined) return { sign: 'misconfigured', detail: 'no SSH settings' }
    const { outcome, detail } = await world.shell.probe(watched.ssh, world.sshTimeoutMs)
    return { sign: outcome, detail }
  }
  if (watched.ipmi === undefined) return { sign: 'misconfigured', detail: 'no settings of a BMC' }
  try {
    const power = await world.power.read(watched.ipmi, signal)
    const over = watched.ipmi.kind === 'redfish' ? ', read over Redfish' : ''
    const detail = `chassis power is ${power}${over}`
    return { sign: power === 'on' ? 'powered-on' : 'powered-off', detail }
  } catch (error) {
    if (!isPowerTrouble(error) && !isCoded(error, 'ACTOR_STOPPED')) throw error
    const sign = error.retryable ? 'silent' : 'misconfigured'
    return { sign, detail: describeError(error) }
  }
}

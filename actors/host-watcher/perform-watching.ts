/** Carries out the effects of the observer and its host-watchers: inventory, probes, observations. */
import type { DomainsByHost } from '../../schema/failure-domains.ts'
import { hostId, type NodeName } from '../../schema/ids.ts'
import { heartbeatsOf } from '../../schema/messages/codec.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { AnchorPort } from '../ports/anchors.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { BusMessage, BusPort } from '../ports/bus.ts'
import { sleep, type ClockPort, type RandomPort } from '../ports/clock.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import type { LogPort } from '../ports/log.ts'
import type { PolledPowerPort } from '../ports/power.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import type { ShellPort } from '../ports/shell.ts'
import { isStoreAway, type InventoryStore } from '../ports/store.ts'
import { refOf } from '../registry.ts'
import { askPower } from './ask-power.ts'
import { readBeat } from '../verification/host-beats.ts'
import type { HostRemarks } from './host-remarks.ts'
import { WatchedDomains } from './watched-domains.ts'
import {
  NEW_WATCHER,
  hostWatcher,
  type HostWatcherEffect,
  type HostWatcherMessage,
  type HostWatcherRules,
  type HostWatcherState,
  type Shown,
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
import type { ProbedChannel } from './probe-plan.ts'
import { InventoryReader } from './read-inventory.ts'

export interface WatchingWorld {
  readonly node: NodeName
  readonly cloud: string
  readonly clock: ClockPort
  readonly random: RandomPort
  readonly log: Pick<LogPort, 'warn'>
  readonly bus: Pick<BusPort, 'connected' | 'subscribe'>
  readonly store: Pick<InventoryStore, 'listAllHosts'> &
    Pick<RosterStore, 'registerObserver' | 'listMonitors'>
  readonly compute: Pick<ComputePort, 'listServices' | 'listAggregates'>
  /** Failure domains, from the file of the operators. */
  readonly declaredDomains: DomainsByHost
  /** Which metadata of aggregates name one. */
  readonly metadataKeys: readonly string[]
  readonly power: PolledPowerPort
  readonly shell: ShellPort
  readonly anchors: AnchorPort
  readonly announcer: Announcer
  /** For operators. */
  readonly remarks: HostRemarks
  readonly observerRules: ObserverRules
  readonly watcherRules: HostWatcherRules
  /** Counts a message from outside that could not be decoded, or that nobody may send. */
  readonly countParked: () => void
  readonly tellWatcher: (host: WatchedHost['host'], message: HostWatcherMessage) => void
}

/** Where the watchers of a process tell what they see. */
export const OBSERVER = refOf('observer', 'hosts')

/** The actor that speaks for everything this process watches. */
export function defineObserver(world: WatchingWorld): Definition<ObserverMessage> {
  const domains = new WatchedDomains(world.declaredDomains, world.metadataKeys)
  const inventory = new InventoryReader(world.store, domains)
  return define<ObserverState, ObserverMessage, ObserverEffect>({
    initial: NEW_OBSERVER,
    behaviour: observer(world.node, world.observerRules),
    first: { type: 'observer.begin' },
    policy: SUPERVISION.observer,
    childGivenUp: ({ name }) => ({ type: 'observer.watcher-given-up', host: hostId(name) }),
    perform: (effect) => performObserver({ ...world, domains, inventory }, effect),
  })
}

interface ObservingWorld extends WatchingWorld {
  readonly domains: WatchedDomains
  readonly inventory: InventoryReader
}

function performObserver(
  world: ObservingWorld,
  effect: ObserverEffect,
): Promise<ObserverMessage | undefined> | ObserverMessage | undefined {
  switch (effect.type) {
    case 'clock.read':
      return { type: 'observer.ticked', atMs: world.clock.monotonicMs(), bus: busOf(world) }
    case 'anchors.ask':
      return askAnchors(world)
    case 'inventory.read':
      return readInventory(world)
    case 'services.read':
      return readServices(world)
    case 'aggregates.read':
      return readAggregates(world)
    case 'registration.renew':
      return register(world)
    case 'strays.report':
      reportStrays(world, effect)
      return undefined
    case 'channels.forget':
      world.remarks.forget(effect.watched.hostName)
      if (effect.watched.ssh !== undefined) world.shell.forget(effect.watched.ssh)
      return undefined
    case 'observation.announce': {
      const { watched, state, evidence, channels } = effect
      const { host, hostName, segment } = watched
      world.announcer.announce('host.observed', {
        host,
        hostName,
        segment,
        observer: world.node,
        state,
        evidence: [...evidence],
        ...(channels === undefined ? {} : { channels: [...channels] }),
      })
      return undefined
    }
    default:
      return assertNever(effect)
  }
}

const busOf = ({ bus }: WatchingWorld): 'connected' | 'away' =>
  bus.connected() ? 'connected' : 'away'

async function askAnchors({ anchors }: WatchingWorld): Promise<ObserverMessage> {
  return { type: 'observer.anchors', unreached: await anchors.unreached() }
}

async function register({ store, node }: WatchingWorld): Promise<undefined> {
  try {
    await store.registerObserver(node, 'host-monitor')
  } catch (error) {
    if (!isStoreAway(error)) throw error
  }
}

async function readInventory({ inventory, clock }: ObservingWorld): Promise<ObserverMessage> {
  const read = await inventory.read()
  return { type: 'observer.inventory', inventory: read, atMs: clock.monotonicMs() }
}

async function readServices({ compute, clock }: WatchingWorld): Promise<ObserverMessage> {
  const services = await unlessInTrouble(() => compute.listServices())
  return { type: 'observer.services', services, atMs: clock.monotonicMs() }
}

/** Not together with the services: an account that may not read aggregates, or a slow answer, must not keep back what those show. */
async function readAggregates({ compute, clock, domains }: ObservingWorld): Promise<undefined> {
  if (!domains.isDue(clock.monotonicMs())) return
  const aggregates = await unlessInTrouble(() => compute.listAggregates())
  if (aggregates !== undefined) domains.learn(aggregates, clock.monotonicMs())
}

async function unlessInTrouble<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return undefined
  }
}

/** Of more names than these only some are logged; the numbers are. */
const NAMES_MAX = 20

function reportStrays(
  { log, remarks }: WatchingWorld,
  { strays, found }: ObserverEffect & { readonly type: 'strays.report' },
): void {
  remarks.noteStrays(strays)
  const { unknownToCompute, unregistered } = found
  const say = (names: ReadonlySet<string>, text: string): void => {
    if (names.size === 0) return
    log.warn({ count: names.size, hosts: [...names].slice(0, NAMES_MAX).join(', ') }, text)
  }
  say(
    unknownToCompute,
    'hosts are registered and Compute has no service on them: check their names',
  )
  say(unregistered, 'hosts of Compute are registered in no segment: nobody watches them')
}

/** The actor that probes one host, and listens to it. */
export function defineHostWatcher(
  world: WatchingWorld,
  watched: WatchedHost,
): Definition<HostWatcherMessage> {
  const watching = { ...world, random: world.random.fork(`watcher of ${watched.hostName}`) }
  return define<HostWatcherState, HostWatcherMessage, HostWatcherEffect>({
    initial: NEW_WATCHER,
    behaviour: hostWatcher(watched, world.watcherRules, OBSERVER),
    first: { type: 'watcher.begin' },
    policy: SUPERVISION['host-watcher'],
    perform: (effect, signal) => performWatcher(watching, watched, effect, signal),
  })
}

async function performWatcher(
  world: WatchingWorld,
  watched: WatchedHost,
  effect: HostWatcherEffect,
  signal: AbortSignal,
): Promise<HostWatcherMessage | undefined> {
  const { clock, random } = world
  switch (effect.type) {
    case 'chances.draw': {
      const chances = { ssh: random.next(), power: random.next() }
      return { type: 'watcher.drawn', chances, atMs: clock.monotonicMs() }
    }
    case 'heartbeats.listen':
      return listen(world, watched, signal)
    case 'libvirt.note':
      world.remarks.noteLibvirt(watched.hostName, effect.libvirt)
      return undefined
    case 'clock.read':
      return readClock(world, effect.dueMs)
    case 'probe': {
      const begunAtMs = clock.monotonicMs()
      const shown = await probe(world, watched, effect.channel, signal)
      const atMs = clock.monotonicMs()
      return { type: 'watcher.probed', shown, begunAtMs, atMs, chance: random.next() }
    }
    default:
      return assertNever(effect)
  }
}

/** What is missing is said after the heartbeats that have arrived are heard. */
async function readClock(world: WatchingWorld, dueMs: number): Promise<HostWatcherMessage> {
  const { clock } = world
  if (clock.monotonicMs() >= dueMs) await sleep(clock, 0)
  return { type: 'watcher.clock', atMs: clock.monotonicMs(), bus: busOf(world) }
}

/** Somebody who sends more often than this is not heard more often, ms. */
const BEAT_MS_MIN = 100

/** Hears the heartbeats of the host until the signal ends it. */
async function listen(
  world: WatchingWorld,
  watched: WatchedHost,
  signal: AbortSignal,
): Promise<undefined> {
  const { bus, clock, cloud } = world
  let heardAtMs = -Infinity
  const onMessage = (message: BusMessage): void => {
    const atMs = clock.monotonicMs()
    if (atMs - heardAtMs < BEAT_MS_MIN) return
    heardAtMs = atMs
    const beat = readBeat(message, watched.hostName, world.countParked)
    if (beat !== undefined) world.tellWatcher(watched.host, { type: 'watcher.beat', beat, atMs })
  }
  await using _subscription = bus.subscribe(heartbeatsOf(cloud, watched.hostName), onMessage)
  const aborted = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => aborted.resolve(), { once: true })
  if (!signal.aborted) await aborted.promise
  return undefined
}

async function probe(
  world: WatchingWorld,
  watched: WatchedHost,
  channel: ProbedChannel,
  signal: AbortSignal,
): Promise<Shown> {
  return channel === 'ssh' ? askShell(world, watched) : askPower(world.power, watched.power, signal)
}

async function askShell(
  { shell, watcherRules }: WatchingWorld,
  { ssh }: WatchedHost,
): Promise<Shown> {
  const channel = 'ssh'
  if (ssh === undefined) return { channel, sign: 'misconfigured', detail: 'no SSH settings' }
  const { outcome, detail } = await shell.probe(ssh, watcherRules.sshTimeoutMs)
  return { channel, sign: outcome, detail }
}

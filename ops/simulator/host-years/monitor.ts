/** One host monitor: the real observer and the real host-watchers, with simulated probes. */
import {
  NEW_WATCHER,
  hostWatcher,
  type HostWatcherEffect,
  type HostWatcherMessage,
  type HostWatcherState,
  type Shown,
  type WatchedHost,
} from '../../../actors/host-watcher/host-watcher.ts'
import {
  NEW_OBSERVER,
  observer,
  type ObserverEffect,
  type ObserverMessage,
  type ObserverState,
} from '../../../actors/host-watcher/observer.ts'
import type { HeardObservation } from '../../../actors/dedup-window/roster.ts'
import type { ProbedChannel } from '../../../actors/host-watcher/probe-plan.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { RandomPort } from '../../../actors/ports/clock.ts'
import { refOf } from '../../../actors/registry.ts'
import type { Rules } from '../../roles/rules.ts'
import type { Paths } from './paths.ts'
import { PureActor, type TurnQueue } from './pure-actor.ts'
import type { SmallCloud } from './small-cloud.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** How long an answer is on its way, ms. */
export const ANSWER_MS = 30
/** A BMC takes longer. */
const BMC_ANSWER_MS = 200

export interface MonitorScene {
  readonly random: RandomPort
  readonly process: SimulatedProcess
  readonly turns: TurnQueue
  readonly paths: Paths
  readonly cloud: SmallCloud
  readonly rules: Pick<Rules, 'observer' | 'watcher'>
  readonly ipmiTimeoutMs: number
  /** The registrations of monitors in the store: when each of them has renewed it. */
  readonly registrations: Map<string, number>
  readonly sendWord: (heard: HeardObservation) => void
  readonly watch: MonitorWatch
}

/** Who counts what the monitor sees. */
export interface MonitorWatch {
  readonly onProbed: (monitor: number, host: number, sign: Shown['sign']) => void
  readonly onState: (host: number, state: HostWatcherState['kind']) => void
}

type WatcherActor = PureActor<HostWatcherState, HostWatcherMessage, HostWatcherEffect>

export const monitorName = (index: number): string => `monitor-${index}`

/** Monitors that have started in this process. A monitor that starts again is another one. */
let lives = 0

export class Monitor {
  readonly index: number
  readonly name: string
  readonly process: SimulatedProcess
  readonly #world: MonitorScene
  readonly #incarnation = String((lives += 1))
  readonly #observer: PureActor<ObserverState, ObserverMessage, ObserverEffect>
  readonly #watchers = new Map<string, WatcherActor>()
  #sequence = 0

  constructor(index: number, world: MonitorScene) {
    this.index = index
    this.name = monitorName(index)
    this.process = world.process
    this.#world = world
    this.#observer = new PureActor(world.process, world.turns, {
      initial: NEW_OBSERVER,
      behaviour: observer(this.name, world.rules.observer),
      perform: (effect) => this.#performObserver(effect),
    })
    this.#observer.send({ type: 'observer.begin' })
  }

  /** Every host that it watches is alive to it, and it trusts its eyes. */
  get isQuiet(): boolean {
    return (
      this.#observer.state.kind === 'sighted' &&
      [...this.#watchers.values()].every(({ state }) => state.kind === 'alive')
    )
  }

  die(): void {
    this.process.die()
    this.#observer.stop()
    for (const host of this.#watchers.keys()) this.#stopWatcher(host)
  }

  /** A heartbeat of a host that has not been lost on the way. */
  hear(host: string, hostName: string, sequence: number): void {
    const { process } = this.#world
    process.receive(ANSWER_MS, () =>
      this.#watchers.get(host)?.send({
        type: 'watcher.beat',
        beat: { incarnation: 'boot-1', sequence, body: { ...HEALTHY, hostName } },
        atMs: process.monotonicMs(),
      }),
    )
  }

  #performObserver(effect: ObserverEffect | KernelEffect<ObserverMessage>): void {
    const { process, cloud, registrations } = this.#world
    switch (effect.type) {
      case 'clock.read':
        this.#observer.send({
          type: 'observer.ticked',
          atMs: process.monotonicMs(),
          bus: this.#bus,
        })
        return
      case 'inventory.read': {
        const monitors = [...registrations].map(([name, at]) => ({ name, registeredAt: at }))
        const inventory = { hosts: cloud.watched, monitors }
        this.#observer.send({
          type: 'observer.inventory',
          inventory,
          atMs: process.monotonicMs(),
        })
        return
      }
      case 'registration.renew':
        registrations.set(this.name, process.wallMs())
        return
      case 'services.read':
        this.#readServices()
        return
      case 'observation.announce':
        this.#announce(effect)
        return
      case 'child.start':
        this.#startWatcher(effect.argument as WatchedHost) // safe: the observer starts nothing else
        return
      case 'child.stop':
        this.#stopWatcher(effect.name)
        return
      case 'tell':
        // safe: the observer speaks to its watchers only
        this.#watchers
          .get(effect.to.split('/')[1] ?? '')
          ?.send(effect.message as HostWatcherMessage)
        return
      default:
        // No anchors are configured, domains do not change, and nobody reads the log.
        return
    }
  }

  get #bus(): 'connected' | 'away' {
    return this.#world.paths.isCut({ from: this.index, host: undefined, by: 'word' })
      ? 'away'
      : 'connected'
  }

  #readServices(): void {
    const { process, cloud, paths } = this.#world
    const isLost = paths.isLost({ from: this.index, host: undefined, by: 'nova' })
    const services = isLost ? undefined : cloud.services()
    process.receive(ANSWER_MS, () =>
      this.#observer.send({ type: 'observer.services', services, atMs: process.monotonicMs() }),
    )
  }

  #announce({
    watched: { host, hostName, segment },
    state,
    evidence,
    channels,
  }: ObserverEffect & { readonly type: 'observation.announce' }): void {
    this.#sequence += 1
    const body = {
      host,
      hostName,
      segment,
      observer: this.name,
      state,
      evidence: [...evidence],
      ...(channels === undefined ? {} : { channels: [...channels] }),
    }
    this.#world.sendWord({ body, incarnation: this.#incarnation, sequence: this.#sequence })
  }

  #stopWatcher(host: string): void {
    this.#watchers.get(host)?.stop()
    this.#watchers.delete(host)
    this.#world.paths.forget(this.index, this.#world.cloud.indexOf(host))
  }

  #startWatcher(watched: WatchedHost): void {
    if (this.#watchers.has(watched.host)) return
    const { process, turns, rules, cloud, watch } = this.#world
    const index = cloud.indexOf(watched.host)
    let known: HostWatcherState['kind'] = NEW_WATCHER.kind
    const watcher: WatcherActor = new PureActor(process, turns, {
      initial: NEW_WATCHER,
      behaviour: hostWatcher(watched, rules.watcher, refOf('observer', 'hosts')),
      perform: (effect) => {
        if (watcher.state.kind !== known) {
          known = watcher.state.kind
          watch.onState(index, known)
        }
        this.#performWatcher(watcher, index, effect)
      },
    })
    this.#watchers.set(watched.host, watcher)
    watcher.send({ type: 'watcher.begin' })
  }

  #performWatcher(
    watcher: WatcherActor,
    host: number,
    effect: HostWatcherEffect | KernelEffect<HostWatcherMessage>,
  ): void {
    const { process, random } = this.#world
    switch (effect.type) {
      case 'chances.draw': {
        const chances = { ssh: random.next(), power: random.next() }
        watcher.send({ type: 'watcher.drawn', chances, atMs: process.monotonicMs() })
        return
      }
      case 'clock.read':
        watcher.send({ type: 'watcher.clock', atMs: process.monotonicMs(), bus: this.#bus })
        return
      case 'probe':
        this.#probe(watcher, host, effect.channel)
        return
      case 'tell':
        this.#observer.send(effect.message as ObserverMessage) // safe: a watcher speaks to its observer only
        return
      default:
        return
    }
  }

  #probe(watcher: WatcherActor, host: number, channel: ProbedChannel): void {
    const { process, random, rules, ipmiTimeoutMs, watch } = this.#world
    const begunAtMs = process.monotonicMs()
    const timeoutMs = channel === 'ssh' ? rules.watcher.sshTimeoutMs : ipmiTimeoutMs
    const answered = this.#shows(host, channel)
    const show = (shown: Shown): void => {
      if (channel === 'ssh') watch.onProbed(this.index, host, shown.sign)
      const atMs = process.monotonicMs()
      watcher.send({ type: 'watcher.probed', shown, begunAtMs, atMs, chance: random.next() })
    }
    if (answered === undefined) {
      process.schedule(timeoutMs, () => show(silence(channel, 'no answer')))
      return
    }
    // An event loop that stood still finds the time-out due before it reads the answer.
    process.receive(channel === 'ssh' ? ANSWER_MS : BMC_ANSWER_MS, () =>
      show(
        process.monotonicMs() - begunAtMs >= timeoutMs
          ? silence(channel, 'no answer in time')
          : answered,
      ),
    )
  }

  /** What the host, or its BMC, answers; undefined when nothing comes back. */
  #shows(host: number, channel: ProbedChannel): Shown | undefined {
    const { cloud, paths } = this.#world
    if (channel === 'ssh') {
      const isLost = paths.isLost({ from: this.index, host, by: 'ssh' })
      return isLost || !cloud.isAlive(host)
        ? undefined
        : { channel, sign: 'alive', detail: 'it answers' }
    }
    if (paths.isLost({ from: this.index, host, by: 'bmc' })) return undefined
    const power = cloud.powerOf(host)
    return { channel, sign: power, detail: `chassis power is ${power}`, session: 'kept' }
  }
}

const silence = (channel: ProbedChannel, detail: string): Shown =>
  channel === 'ssh'
    ? { channel, sign: 'silent', detail }
    : { channel, sign: 'silent', detail, session: 'kept' }

const HEALTHY = {
  libvirt: 'answers',
  libvirtAgeMs: 0,
  compute: 'runs',
  computeAgeMs: 0,
} as const

/** A few hosts that live, their host monitors, and a leader, on one virtual clock: all that takes part in a verdict of death. */
import type { HeardObservation } from '../../../actors/dedup-window/roster.ts'
import type { RandomPort } from '../../../actors/ports/clock.ts'
import { hostId } from '../../../schema/ids.ts'
import type { HostObserved } from '../../../schema/messages/observation.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import type { Rules } from '../../roles/rules.ts'
import { LeaderDesk, type LeaderWatch } from './leader-desk.ts'
import { LossRuns } from './loss-runs.ts'
import { Monitor, monitorName, type MonitorWatch } from './monitor.ts'
import { Paths } from './paths.ts'
import { TurnQueue } from './pure-actor.ts'
import { SmallCloud } from './small-cloud.ts'
import { SimulatedProcess } from './simulated-process.ts'

/** Heartbeats, and words on the bus, arrive after so long at most, ms. */
const WORD_MS = 5
const HEARTBEAT_MS = 1000
/** Monitors start within so long of each other, ms. */
const STARTS_MS = 1000

export interface SceneSettings {
  readonly hosts: number
  readonly monitors: number
  /** Share of what is sent that is lost, on every path, independently each time. */
  readonly loss: number
  /** Whether an instance monitor on each host sends heartbeats. */
  readonly heartbeats: boolean
  readonly rules: Rules
  readonly ipmiTimeoutMs: number
  /** off: the leader's own look never shows anything. */
  readonly ownLook: 'on' | 'off'
}

export type SceneWatch = MonitorWatch & LeaderWatch

export class Scene {
  readonly settings: SceneSettings
  readonly clock = new VirtualClock()
  readonly runs: LossRuns
  readonly paths: Paths
  readonly cloud: SmallCloud
  readonly leader: LeaderDesk
  readonly #random: RandomPort
  readonly #watch: SceneWatch
  readonly #turns = new TurnQueue()
  readonly #registrations = new Map<string, number>()
  readonly #monitors = new Map<number, Monitor>()
  /** Monitors of which somebody else sends the words. */
  readonly #liars = new Set<number>()

  constructor(random: RandomPort, settings: SceneSettings, watch: SceneWatch) {
    const { clock } = this
    const { loss, rules, ownLook } = settings
    this.settings = settings
    this.#random = random
    this.#watch = watch
    this.runs = new LossRuns(random, loss, rules.watcher.samples)
    this.paths = new Paths(random, loss, this.runs)
    this.cloud = new SmallCloud({ clock, random }, this.paths, settings.hosts)
    const numbers = Array.from({ length: settings.monitors }, (_, index) => index)
    for (const index of numbers) this.#registrations.set(monitorName(index), clock.wallMs())
    this.leader = new LeaderDesk({
      process: new SimulatedProcess(clock),
      turns: this.#turns,
      paths: this.paths,
      cloud: this.cloud,
      rules,
      ownLook,
      registrations: this.#registrations,
      watch,
    })
    for (const index of numbers) {
      clock.schedule(random.next() * STARTS_MS, () => this.startMonitor(index))
    }
    if (settings.heartbeats) {
      for (const host of this.cloud.hosts.keys()) this.#beat(host)
    }
  }

  get random(): RandomPort {
    return this.#random
  }

  /** Everything is as in peace, and no loss is under way that is not known yet. */
  get isQuiet(): boolean {
    return (
      this.runs.isClear &&
      this.#monitors.size === this.settings.monitors &&
      [...this.#monitors.values()].every(({ isQuiet }) => isQuiet) &&
      this.leader.isQuiet
    )
  }

  /** Lets time pass. */
  pass(byMs: number): Promise<void> {
    return this.clock.pass(byMs, async () => {
      if (this.leader.isAsking) await new Promise((resolve) => void setImmediate(resolve))
    })
  }

  monitor(index: number): Monitor | undefined {
    return this.#monitors.get(index)
  }

  startMonitor(index: number): void {
    if (this.#monitors.has(index)) return
    const { paths, cloud, settings } = this
    const monitor = new Monitor(index, {
      random: this.#random,
      process: new SimulatedProcess(this.clock),
      turns: this.#turns,
      paths,
      cloud,
      rules: settings.rules,
      ipmiTimeoutMs: settings.ipmiTimeoutMs,
      registrations: this.#registrations,
      sendWord: (word) => {
        if (!this.#liars.has(index)) this.#send(index, word)
      },
      watch: this.#watch,
    })
    this.#monitors.set(index, monitor)
  }

  crashMonitor(index: number): void {
    this.#monitors.get(index)?.die()
    this.#monitors.delete(index)
  }

  /** In place of the words of this monitor come those that `say` makes, about every host, until the returned function is called. */
  lie(index: number, everyMs: number, say: () => LyingWord): () => void {
    this.#liars.add(index)
    let isOver = false
    let sequence = 0
    const tell = (): void => {
      if (isOver) return
      for (const { uuid, name, segment } of this.cloud.hosts) {
        sequence += 1
        const about = { host: uuid, hostName: name, segment, observer: monitorName(index) }
        const body = { ...about, evidence: ['a lie'], ...say() }
        this.#send(index, { body, incarnation: 'lie', sequence })
      }
      this.clock.schedule(everyMs, tell)
    }
    tell()
    return () => {
      isOver = true
      this.#liars.delete(index)
    }
  }

  #send(from: number, word: HeardObservation): void {
    if (this.paths.isLost({ from, host: undefined, by: 'word' })) return
    this.leader.process.receive(this.#random.next() * WORD_MS, () => this.leader.hear(word))
  }

  #beat(host: number): void {
    let sequence = 0
    const hostName = `compute-${host}`
    const beat = (): void => {
      this.clock.schedule(HEARTBEAT_MS, beat)
      if (!this.cloud.isAlive(host)) return
      sequence += 1
      for (const monitor of this.#monitors.values()) {
        if (!this.paths.isLost({ from: monitor.index, host, by: 'heartbeat' })) {
          monitor.hear(hostId(`host-${host}`), hostName, sequence)
        }
      }
    }
    this.clock.schedule(this.#random.next() * HEARTBEAT_MS, beat)
  }
}

/** What a lying monitor says of a host. */
export type LyingWord = Pick<HostObserved, 'state' | 'channels'>

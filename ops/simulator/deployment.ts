/**
 * A whole deployment in one simulated world: the cloud, the bus, the store, and the processes,
 * which can die.
 */
import { GIVEN_UP } from '../../actors/kernel/cell.ts'
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import { sleep } from '../../actors/ports/clock.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { GuestPort } from '../../actors/ports/guest.ts'
import type { HostHealthPort } from '../../actors/ports/host-health.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { RunRecord } from '../../actors/ports/run-record.ts'
import { CodedError } from '../../schema/errors.ts'
import { nodeName, type HostName, type SegmentId } from '../../schema/ids.ts'
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { MemoryFaultSpool } from '../../transports/memory/fault-spool.ts'
import { MemoryRunRecord } from '../../transports/memory/run-record.ts'
import { buildCloud, type SegmentSeed } from '../../transports/simulated/build-cloud.ts'
import { CallChance } from '../../transports/simulated/call-chance.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { draw, SeededRandom } from '../../transports/simulated/random.ts'
import { VirtualTurns } from '../../transports/simulated/turns.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { announcerOn } from '../roles/announcer.ts'
import { createNode, type ActingRole, type Node, type NodePorts } from '../roles/node.ts'
import type { Rules } from '../roles/rules.ts'
import { BusWeather } from './bus-weather.ts'
import { runOnHost } from './host-processes.ts'
import type { Layout } from './layout.ts'
import { Life, mortalClock, mortalPort, type Interception } from './life.ts'
import { mortalBus } from './mortal-bus.ts'
import { registerSegments } from './register-segments.ts'
import { InvariantChecker } from './invariant-checker.ts'
import { READS, witnessStore } from './witness-store.ts'
import { witnessCompute, witnessFenceAgent, witnessPower } from './witness.ts'

/**
 * Breaks a rule on purpose, to see that the simulator finds it: changes the ports of a node before
 * it starts.
 */
export type Sabotage = (ports: NodePorts) => NodePorts

interface Process {
  readonly life: Life
  readonly node: Node
  readonly roles: readonly ActingRole[]
}

const SILENT: LogPort = { info: () => {}, warn: () => {}, error: () => {} }

export class Deployment implements AsyncDisposable {
  readonly clock = new VirtualClock()
  readonly cloud: SimulatedCloud
  readonly checker: InvariantChecker
  readonly weather: BusWeather
  readonly store: StorePort
  readonly rules: Rules
  readonly segments: readonly SegmentSeed[]
  /**
   * One line for each transition of an actor, and for each fault or repair of the world. Scenarios
   * compare it with their golden log.
   */
  readonly trace: string[] = []
  segmentIds: ReadonlyMap<string, SegmentId> = new Map()
  #storeAway = false
  #cloudNoted = 0
  /** When the event loop had its latest turn, in simulated time. */
  #turnedAtMs = -Infinity
  /** A sender on the bus that is not one of our processes. */
  readonly intruder: Announcer
  readonly #broker: MemoryBroker
  readonly #processes = new Map<string, Process>()
  readonly #random: SeededRandom
  readonly #sabotage: Sabotage
  readonly #readsTakeTime: boolean
  readonly #heartbeats: 'yes' | 'no'
  /** All compute hosts, by their names. */
  readonly #hosts: ReadonlyMap<string, HostName>
  readonly #runRecords = new Map<HostName, RunRecord>()

  constructor(options: {
    readonly seed: number
    readonly size: Layout
    readonly rules: Rules
    readonly sabotage?: Sabotage
    /**
     * no: for stories, because reads that take time would shift all later lines of a golden log
     * when one read is added.
     */
    readonly readsTakeTime?: 'no'
  }) {
    const random = new SeededRandom(options.seed)
    const { clock } = this
    const { cloud, segments } = buildCloud({ clock, random: random.fork('cloud'), ...options.size })
    this.cloud = cloud
    if (options.readsTakeTime === 'no') cloud.readAtOnce()
    this.#heartbeats = options.size.heartbeats ?? 'no'
    this.#readsTakeTime = options.readsTakeTime !== 'no'
    this.segments = segments
    this.#hosts = new Map(
      segments.flatMap(({ hosts }) => hosts.map(({ name }) => [name, name] as const)),
    )
    const { evacuator, concurrency, recovery } = options.rules
    const { placement } = evacuator
    this.checker = new InvariantChecker({
      clock,
      cloud,
      segments,
      placement,
      caps: concurrency,
      ...recovery,
    })
    this.weather = new BusWeather(random.fork('weather'))
    this.#random = random
    this.rules = options.rules
    this.#sabotage = options.sabotage ?? ((ports) => ports)
    this.#broker = new MemoryBroker({
      clock,
      log: SILENT,
      leaseTtlMs: options.rules.lease.ttlMs,
      disturb: (message) => (this.#isUnplugged(message.from) ? [] : this.weather.disturb(message)),
    })
    this.intruder = this.#strangerOnBus()
    this.store = openSqliteStore(':memory:', { clock, random: random.fork('store') })
  }

  #strangerOnBus(): Announcer {
    const from = { cloud: 'sim', node: nodeName('intruder'), incarnation: 'intruder' }
    const { clock } = this
    const world = { clock, random: this.#random.fork('intruder'), term: new LeadershipTerm(clock) }
    return announcerOn(this.#broker.bus('intruder'), from, world)
  }

  /** True for a compute host without network: what its processes send does not arrive. */
  #isUnplugged(node: string): boolean {
    const host = this.#hosts.get(node)
    return host !== undefined && this.cloud.machine(host).network === 'cut'
  }

  /** Creates the schema and registers all segments and hosts. */
  async prepare(): Promise<void> {
    await this.store.migrate()
    this.segmentIds = await registerSegments(this.store, this.segments)
    if (this.#heartbeats === 'no') return
    for (const name of this.#hosts.values()) {
      runOnHost({ clock: this.clock, random: this.#random, cloud: this.cloud }, name, {
        start: () => this.start(name, ['instance-monitor']),
        kill: () => this.kill(name),
      })
    }
  }

  /** Starts a process, or starts it again after its death. */
  start(name: string, roles: readonly ActingRole[]): void {
    const life = new Life()
    const ports = this.#sabotage(this.#portsOf(name, life))
    const node = createNode(ports, roles, {
      onGiveUp: (path, error) => {
        this.checker.violations.push(`${name}: ${path} gave up: ${String(error)}`)
        life.kill()
      },
      onTransition: (path, from, to, reason) => {
        const why = reason === null ? '' : ` (${reason})`
        this.note(`${name} ${path}: ${from} => ${to}${why}`)
        if (to === GIVEN_UP) this.checker.violations.push(`${name}: ${path} gave up${why}`)
      },
    })
    node.start()
    this.#processes.set(name, { life, node, roles })
  }

  /** Kills a process as SIGKILL does, and starts it again after a while if a time is given. */
  kill(name: string, restartAfterMs?: number): void {
    const process = this.#processes.get(name)
    if (process === undefined || !process.life.alive) return
    process.life.kill()
    if (restartAfterMs !== undefined) this.#restartLater(name, process.roles, restartAfterMs)
  }

  /** Kills a process at its n-th call from now, and starts it again after a while. */
  killAtCall(name: string, calls: number, restartAfterMs: number): void {
    const process = this.#processes.get(name)
    if (process === undefined || !process.life.alive) return
    process.life.atDeath(() => this.#restartLater(name, process.roles, restartAfterMs))
    process.life.killAtCall(calls)
  }

  freeze(name: string, forMs: number): void {
    const process = this.#processes.get(name)
    if (process === undefined) return
    this.note(`${name} is frozen`)
    process.life.freeze()
    this.clock.schedule(forMs, () => {
      this.note(`${name} thaws`)
      process.life.thaw()
    })
  }

  /** The database refuses every call for a while. */
  closeStore(forMs: number): void {
    this.note('the store is away')
    this.#storeAway = true
    this.clock.schedule(forMs, () => {
      this.note('the store is back')
      this.#storeAway = false
    })
  }

  /** The process that leads now. */
  get leader(): string | undefined {
    const living = [...this.#processes].filter(([, { life }]) => life.alive)
    return living.find(([, { node }]) => node.leading())?.[0]
  }

  /** The number of messages without a receiver, in all processes that live now. */
  get deadLetters(): number {
    const counts = [...this.#processes.values()].map(({ node }) => node.system.deadLetters())
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Every actor, in all processes that live now. */
  get actors(): readonly ActorSnapshot[] {
    return [...this.#processes.values()]
      .filter(({ life }) => life.alive)
      .flatMap(({ node }) => node.system.snapshot())
  }

  note(text: string): void {
    this.#noteCloud()
    this.trace.push(`${Math.round(this.clock.monotonicMs())} ${text}`)
  }

  /** Lets this much time pass. */
  async pass(forMs: number): Promise<void> {
    await this.clock.pass(forMs, () => this.settle())
    await this.#turnEventLoop()
    this.#noteCloud()
  }

  /** Ends every process. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { life } of this.#processes.values()) life.kill()
    await this.store[Symbol.asyncDispose]()
  }

  /** Waits until no actor of a living process has anything to do at this moment. */
  async settle(): Promise<void> {
    do await this.#promisesSettled()
    while (this.#isBusy())
    const leaders = [...this.#processes].filter(
      ([, { life, node }]) => life.alive && node.leading(),
    )
    this.checker.leading(leaders.map(([name]) => name))
  }

  /** A turn of the event loop costs as much as all that is done in most moments. */
  #promisesSettled(): Promise<void> {
    const isDue = this.clock.monotonicMs() - this.#turnedAtMs >= TURN_OF_LOOP_MS
    return isDue ? this.#turnEventLoop() : afterMicrotasks()
  }

  /** In its turn, Node also tells of rejections that nobody handled. */
  #turnEventLoop(): Promise<void> {
    this.#turnedAtMs = this.clock.monotonicMs()
    return immediate()
  }

  #isBusy(): boolean {
    for (const { life, node } of this.#processes.values()) {
      if (life.alive && node.system.queued() > 0) return true
    }
    return false
  }

  /** Adds to the trace what happened in the world since the last call. */
  #noteCloud(): void {
    const { log } = this.cloud
    for (const { atMs, kind, text } of log.slice(this.#cloudNoted)) {
      if (kind !== 'read') this.trace.push(`${atMs} ${text}`)
    }
    this.#cloudNoted = log.length
  }

  #restartLater(name: string, roles: readonly ActingRole[], afterMs: number): void {
    this.note(`${name} died`)
    this.clock.schedule(afterMs, () => {
      this.note(`${name} starts again`)
      this.start(name, roles)
    })
  }

  #portsOf(name: string, life: Life): NodePorts {
    const view = this.cloud.viewFor(name)
    const clock = mortalClock(this.clock, life)
    const random = this.#random.fork(`${name} ${this.clock.monotonicMs()}`)
    const guests = new Map<HostName, GuestPort>()
    const runRecords = new Map<HostName, RunRecord>()
    const hostHealth = new Map<HostName, HostHealthPort>()
    if (name === 'guests') {
      for (const host of this.#hosts.values()) {
        guests.set(host, mortalPort(this.cloud.guest(host), life))
        runRecords.set(host, this.#runRecordOf(host))
      }
    }
    const host = this.#hosts.get(name)
    if (host !== undefined) {
      const busy = this.#busyHost(random.fork('host'))
      hostHealth.set(host, mortalPort(this.cloud.hostHealth(host), life, busy))
    }
    return {
      node: nodeName(name),
      cloud: 'sim',
      clock,
      random,
      log: SILENT,
      turns: new VirtualTurns(clock, () => {
        this.checker.violations.push(
          `L1 ${name} repeats its work without an end and lets no time pass`,
        )
        life.kill()
      }),
      bus: mortalBus(this.#broker.bus(name), life),
      lease: mortalPort(this.#broker.lease(name), life),
      store: mortalPort(this.store, life, this.#storeWeather(name, random.fork('store'))),
      compute: mortalPort(view.compute, life, witnessCompute(this.checker, name)),
      placement: mortalPort(view.placement, life),
      power: mortalPort(view.power, life, witnessPower(this.checker, name)),
      fenceAgent: mortalPort(view.fenceAgent, life, witnessFenceAgent(this.checker, name)),
      shell: mortalPort(view.shell, life),
      anchors: mortalPort(view.anchors, life),
      guests,
      hostHealth,
      declaredDomains: new Map(),
      spool: mortalPort(new MemoryFaultSpool(), life),
      runRecords,
      rules: this.rules,
    }
  }

  /** It is on the disk of the host, and outlives processes. */
  #runRecordOf(host: HostName): RunRecord {
    const kept = this.#runRecords.get(host)
    if (kept !== undefined) return kept
    const record = new MemoryRunRecord(() => String(this.cloud.machine(host).boot))
    this.#runRecords.set(host, record)
    return record
  }

  /** A process of a compute host waits a little for its turn. */
  #busyHost(random: SeededRandom): Interception {
    return async (_method, _parameters, call) => {
      await sleep(this.clock, draw(random, TURN_MS))
      return await call()
    }
  }

  /**
   * The database is a few milliseconds away. At times it is not available, before a call or after
   * the call took effect.
   */
  #storeWeather(name: string, random: SeededRandom): Interception {
    const chance = new CallChance(random)
    return async (method, parameters, call) => {
      const luck = chance.next(method)
      if (this.#readsTakeTime || !READS.test(method)) await sleep(this.clock, draw(luck, STORE_MS))
      if (this.#storeAway && luck.next() < 0.7) throw away()
      const answer = await call()
      await witnessStore(this.checker, this.store, { node: name, method, parameters, answer })
      if (this.#storeAway) throw away()
      return answer
    }
  }
}

const STORE_MS = [1, 3] as const
const TURN_MS = [0, 40] as const

const away = (): CodedError => new CodedError('STORE_UNAVAILABLE', 'the store is away')

/** Simulated time between two turns of the event loop, at most. */
const TURN_OF_LOOP_MS = 1000

/** Node calls back when no microtask is left, and those that came meanwhile are done. */
const afterMicrotasks = (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.nextTick(resolve)
  return promise
}

const immediate = (): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  return promise
}

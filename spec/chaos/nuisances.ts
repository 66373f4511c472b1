/** Disturbs processes, servers and networks at random, one thing after the other and several at once. Everything that it breaks, it heals. */
import { setTimeout as sleep } from 'node:timers/promises'
import { draw, type SeededRandom } from '../../transports/simulated/random.ts'
import { until } from '../support/until.ts'
import type { Revoked } from './bus-access.ts'
import type { ComputeHost } from './compute-host.ts'
import type { Ending, FailoverWatch } from './failovers.ts'
import type { FaultSource } from './faults.ts'
import type { ProductProcess } from './product-process.ts'
import type { WireName } from './wires.ts'
import { CLOUD, type ChaosWorld } from './world.ts'

/** Nuisances at the same time. */
const AT_ONCE = 3
const PAUSE_MS = [500, 3000] as const
const LASTS_MS = [2000, 12_000] as const
/** How soon the leader is killed or asked to end with nothing else disturbed, so that its replacement can be measured; then how often. */
const FIRST_FAILOVER_MS = [15_000, 25_000] as const
const NEXT_FAILOVER_MS = [40_000, 70_000] as const
/** A new leader is left alone for so long. */
const SETTLED_MS = 4000
const ACTS_WITHIN_MS = 30_000
const GUESTS_AT_FAILOVER = 2

interface Nuisance {
  readonly name: string
  readonly weight: number
  /** What it disturbs; the same thing is not disturbed twice at once. */
  readonly on: () => string
  readonly run: (target: string) => Promise<void>
}

export interface NuisanceParts {
  readonly world: ChaosWorld
  readonly random: SeededRandom
  readonly failovers: FailoverWatch
  readonly faults: FaultSource
  readonly say: (line: string) => void
}

export class Nuisances {
  readonly #parts: NuisanceParts
  readonly #busy = new Set<string>()
  readonly #kinds: readonly Nuisance[]
  readonly counts = new Map<string, number>()
  #isQuiet = false
  #lastHealedMs = 0

  constructor(parts: NuisanceParts) {
    this.#parts = parts
    this.#kinds = this.#list()
  }

  /** Runs until the signal aborts and everything is healed. */
  async run(signal: AbortSignal): Promise<void> {
    const lanes = Array.from({ length: AT_ONCE }, () => this.#lane(signal))
    await Promise.all([...lanes, this.#failovers(signal)])
  }

  async #lane(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(draw(this.#parts.random, PAUSE_MS))
      if (signal.aborted || this.#isQuiet) continue
      const kind = this.#choose()
      const target = kind.on()
      if (target === '' || this.#busy.has(target)) continue
      this.#busy.add(target)
      this.#note(kind.name)
      this.#parts.say(`nuisance: ${kind.name} (${target})`)
      try {
        await kind.run(target)
      } finally {
        this.#busy.delete(target)
        this.#lastHealedMs = performance.now()
      }
    }
  }

  #choose(): Nuisance {
    const total = this.#kinds.reduce((sum, { weight }) => sum + weight, 0)
    let left = this.#parts.random.next() * total
    return this.#kinds.find(({ weight }) => (left -= weight) < 0) ?? this.#kinds[0] ?? never()
  }

  #note(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  /** Everything else stands still meanwhile, because it is the product's own time that is measured. */
  async #failovers(signal: AbortSignal): Promise<void> {
    const { random, failovers, say } = this.#parts
    for (let round = 0; !signal.aborted; round += 1) {
      const pauseMs = draw(random, round === 0 ? FIRST_FAILOVER_MS : NEXT_FAILOVER_MS)
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      this.#isQuiet = true
      while (this.#busy.size > 0) await sleep(50)
      try {
        await this.#endLeader(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
      } catch (error) {
        say(`the failover was not measured: ${String(error)}`)
        failovers.abandon()
      } finally {
        this.#isQuiet = false
      }
    }
  }

  /** Resolves when the next leader has acted. */
  async #endLeader(how: Ending): Promise<void> {
    const { failovers, world, faults, say } = this.#parts
    const engines = world.ofRole('engine')
    const isCalm = (): boolean =>
      failovers.isSettled(SETTLED_MS) &&
      engines.every(({ process }) => process.livesFor(SETTLED_MS)) &&
      performance.now() - this.#lastHealedMs > SETTLED_MS
    await until('the engines are calm', isCalm, ACTS_WITHIN_MS, 100)
    const holder = await failovers.findLeader()
    const leader = engines.find(({ process }) => process.node === holder)
    if (leader === undefined) throw new Error(`${holder} is no engine`)
    for (let count = 0; count < GUESTS_AT_FAILOVER; count += 1) faults.killGuest()
    await sleep(500) // the reports are on their way
    say(`nuisance: the leader ${holder} gets ${how}`)
    this.#note(`leader ${how}`)
    failovers.begin(how)
    if (how === 'SIGKILL') leader.process.kill()
    else leader.process.terminate()
    await until('the next leader acts', () => failovers.hasActed, ACTS_WITHIN_MS, 20)
  }

  #list(): readonly Nuisance[] {
    return [...this.#ofProcesses(), ...this.#ofNetworks(), ...this.#ofServers(), ...this.#ofCloud()]
  }

  #ofProcesses(): readonly Nuisance[] {
    const controller = (): string => this.#pick(this.#parts.world.controllers)?.process.node ?? ''
    const monitor = (): string => this.#healthyHost()?.name ?? ''
    const kill = async (node: string): Promise<void> => this.#process(node)?.kill()
    const freeze = async (node: string): Promise<void> => {
      const process = this.#process(node)
      process?.freeze()
      await this.#last()
      process?.thaw()
    }
    const stepClock = async (node: string): Promise<void> => {
      const process = this.#process(node)
      const pid = process?.pid
      process?.stepClock()
      await this.#last()
      // A process that was started meanwhile has the right time.
      if (process?.pid === pid) process?.stepClock()
    }
    const terminate = async (node: string): Promise<void> => this.#process(node)?.terminate()
    return [
      { name: 'a controller is killed', weight: 4, on: controller, run: kill },
      { name: 'a controller is frozen', weight: 4, on: controller, run: freeze },
      { name: 'a controller is asked to end', weight: 2, on: controller, run: terminate },
      { name: 'the clock of a controller is set', weight: 2, on: controller, run: stepClock },
      { name: 'an instance monitor is killed', weight: 3, on: monitor, run: kill },
      { name: 'an instance monitor is frozen', weight: 3, on: monitor, run: freeze },
    ]
  }

  #ofNetworks(): readonly Nuisance[] {
    const { world, random } = this.#parts
    const controller = (): string => this.#pick(world.controllers)?.process.node ?? ''
    const cut = async (node: string): Promise<void> => {
      const wires = world.controllers.find(({ process }) => process.node === node)?.wires
      const sets: readonly (readonly WireName[])[] = [
        ['bus'],
        ['store'],
        ['identity'],
        ['bus', 'store', 'identity'],
      ]
      wires?.hold(this.#pick(sets) ?? ['bus'])
      await this.#last()
      wires?.release()
      if (random.next() < 0.5) wires?.cut()
    }
    const cutHosts = async (): Promise<void> => {
      const hosts = world.hosts.filter(() => random.next() < 0.4)
      for (const host of hosts) host.holdBus('both')
      await this.#last()
      for (const host of hosts) host.holdBus('nothing')
    }
    return [
      { name: 'a controller loses its network', weight: 5, on: controller, run: cut },
      {
        name: 'hosts lose the bus',
        weight: 2,
        on: () => 'bus of hosts',
        run: cutHosts,
      },
    ]
  }

  #ofServers(): readonly Nuisance[] {
    const { world } = this.#parts
    const { nats, mariadb, rabbitmq } = world
    const index = (): number => Math.floor(this.#parts.random.next() * nats.servers.length)
    const killNats = async (): Promise<void> => {
      const which = index()
      await nats.servers[which]?.kill()
      await this.#last()
      await nats.restart(which)
    }
    const freezeNats = async (): Promise<void> => {
      const server = nats.servers[index()]
      await server?.pause()
      await this.#last()
      await server?.resume()
    }
    const killStore = async (): Promise<void> => {
      await mariadb.kill()
      await this.#last()
      await mariadb.restart()
    }
    const freezeStore = async (): Promise<void> => {
      await mariadb.freeze()
      await this.#last()
      await mariadb.thaw()
    }
    const restartBroker = async (): Promise<void> => {
      await rabbitmq.stop()
      await this.#last()
      await rabbitmq.start()
    }
    return [
      { name: 'a nats-server is killed', weight: 3, on: () => 'nats', run: killNats },
      { name: 'a nats-server is frozen', weight: 2, on: () => 'nats', run: freezeNats },
      { name: 'MariaDB is killed', weight: 2, on: () => 'mariadb', run: killStore },
      { name: 'MariaDB is frozen', weight: 1, on: () => 'mariadb', run: freezeStore },
      { name: 'RabbitMQ is restarted', weight: 1, on: () => 'rabbitmq', run: restartBroker },
      { name: 'permissions are taken', weight: 3, on: () => 'nats', run: () => this.#revoke() },
    ]
  }

  async #revoke(): Promise<void> {
    const { access, nats } = this.#parts.world
    const subjects: readonly Revoked[] = [
      { role: 'instance-monitor', publish: [`ha.${CLOUD}.fault.>`] },
      { role: 'engine', publish: ['$KV.>'] },
      { role: 'engine', publish: ['$JS.ACK.>'] },
      { role: 'host-monitor', publish: [`ha.${CLOUD}.observation.>`] },
      { role: 'gateway', publish: [`ha.${CLOUD}.fault.>`] },
      { role: 'bridge', publish: [`ha.${CLOUD}.fault.>`] },
    ]
    const revoked = this.#pick(subjects)
    await nats.reload(access.accounts(revoked))
    await this.#last()
    await nats.reload(access.accounts())
  }

  #ofCloud(): readonly Nuisance[] {
    const { world } = this.#parts
    const { http, disks } = world
    const stopNova = async (): Promise<void> => {
      await http.nova.stop()
      await this.#last()
      await http.nova.start()
    }
    const stopKeystone = async (): Promise<void> => {
      await http.keystone.stop()
      await this.#last()
      await http.keystone.start()
    }
    const strain = async (): Promise<void> => {
      http.cloud.setNova({ busyRate: 0.2, brokenRate: 0.1, latencyMs: [50, 800] })
      await this.#last()
      http.cloud.setNova({ busyRate: 0, brokenRate: 0, latencyMs: [1, 5] })
    }
    const fill = async (host: string): Promise<void> => {
      const disk = disks.find((each) => each.host === host)?.disk
      await disk?.fill()
      await this.#last()
      await disk?.empty()
    }
    const withDisk = (): string => this.#pick(disks)?.host ?? ''
    return [
      { name: 'Nova is away', weight: 2, on: () => 'nova', run: stopNova },
      { name: 'Nova is slow and fails', weight: 2, on: () => 'nova', run: strain },
      { name: 'Keystone is away', weight: 1, on: () => 'keystone', run: stopKeystone },
      { name: 'the disk of a monitor is full', weight: 2, on: withDisk, run: fill },
    ]
  }

  #last(): Promise<void> {
    return sleep(draw(this.#parts.random, LASTS_MS))
  }

  /** The monitor of a dead host follows its machine only. */
  #healthyHost(): ComputeHost | undefined {
    const { hosts, truth, http } = this.#parts.world
    return this.#pick(
      hosts.filter(
        ({ name }) => truth.deathOf(name) === undefined && http.cloud.machine(name).isRunning,
      ),
    )
  }

  #process(node: string): ProductProcess | undefined {
    return this.#parts.world.processes().find((process) => process.node === node)
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#parts.random.next() * items.length)]
  }
}

const never = (): never => {
  throw new RangeError('there is no nuisance')
}

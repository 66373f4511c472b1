/** Lets hosts, guests and compute services die all the time, and repairs the hosts when their recoveries have ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import { draw, type SeededRandom } from '../../transports/simulated/random.ts'
import { senderOf } from '../support/bridge-world.ts'
import type { Reporter } from './reporter.ts'
import type { GuestDeath, HostFate } from './truth.ts'
import type { ChaosWorld } from './world.ts'

const FATES: readonly HostFate[] = ['loses power', 'hangs', 'is cut off']
/** At most this share of the hosts is broken at once. */
const BROKEN_SHARE_MAX = 0.3
const REPAIR_LOOK_MS = 2000
const SERVICE_LOOK_MS = 500
const SHARE_REPORTED_BY_CLIENT = 0.4
const SHARE_REPORTED_BY_COMPUTE = 0.4

export interface FaultPace {
  readonly hostMs: readonly [number, number]
  readonly guestMs: readonly [number, number]
  readonly serviceMs: readonly [number, number]
  /** Reports of healthy hosts. */
  readonly errorMs: readonly [number, number]
}

/** The fewer hosts, the fewer faults. */
export const paceOf = (hosts: number): FaultPace => {
  const stretched = (from: number, to: number): readonly [number, number] => {
    const factor = Math.max(1, Math.sqrt(50 / hosts) / 1.5)
    return [from * factor, to * factor]
  }
  return {
    hostMs: stretched(6000, 18_000),
    guestMs: stretched(800, 4000),
    serviceMs: stretched(15_000, 45_000),
    errorMs: stretched(20_000, 60_000),
  }
}

export class FaultSource {
  readonly #world: ChaosWorld
  readonly #random: SeededRandom
  readonly #reporter: Reporter
  readonly #say: (line: string) => void
  #inService: ReadonlySet<string> = new Set()
  /** Deaths of guests that are not in the store. Their hosts are left alone, for nobody could know of them otherwise. */
  #untold: readonly GuestDeath[] = []

  constructor(
    world: ChaosWorld,
    random: SeededRandom,
    reporter: Reporter,
    say: (line: string) => void,
  ) {
    this.#world = world
    this.#random = random
    this.#reporter = reporter
    this.#say = say
  }

  /** Runs until the signal aborts. */
  async run(pace: FaultPace, signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#again(pace.hostMs, signal, () => this.killHost()),
      this.#again(pace.guestMs, signal, () => this.killGuest()),
      this.#again(pace.serviceMs, signal, () => this.#killService()),
      this.#again(pace.errorMs, signal, () => this.reportHealthyHost()),
      this.#repairHosts(signal),
      this.#followService(signal),
      this.#followReports(signal),
    ])
  }

  /** A running guest of a healthy host dies. Its instance monitor reports it. */
  killGuest(): void {
    const { cloud } = this.#world.http
    const running = cloud.instances.filter(
      ({ host, id, vmState, taskState }) =>
        host !== null &&
        vmState === 'active' &&
        taskState === null &&
        this.#isWell(host) &&
        cloud.hasBooted(id, host),
    )
    const victim = this.#pick(running)
    if (victim?.host === undefined || victim.host === null) return
    const death = { instance: victim.id, host: victim.host, atMs: Date.now() }
    this.#world.truth.guestDeaths.push(death)
    this.#untold = [...this.#untold, death]
    cloud.killGuest(victim.id)
  }

  async #again(
    range: readonly [number, number],
    signal: AbortSignal,
    act: () => void,
  ): Promise<void> {
    while (!signal.aborted) {
      await sleep(draw(this.#random, range), undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) act()
    }
  }

  /** A healthy host loses its power, hangs, or is cut off, unless too many are broken already. */
  killHost(): void {
    const { truth, http } = this.#world
    const broken = truth.hostDeaths.filter(({ repairedAtMs }) => repairedAtMs === undefined)
    if (broken.length >= Math.max(1, BROKEN_SHARE_MAX * this.#world.hosts.length)) return
    const victim = this.#pick(this.#world.hosts.filter(({ name }) => this.mayBreak(name)))
    const fate = this.#pick(FATES)
    if (victim === undefined || fate === undefined) return
    const { name } = victim
    const instances = http.cloud.instances.filter(({ host }) => host === name).map(({ id }) => id)
    truth.hostDeaths.push({
      host: name,
      fate,
      atMs: Date.now(),
      instances,
      repairedAtMs: undefined,
    })
    this.#say(`${name} ${fate} with ${instances.length} instances`)
    if (fate === 'loses power') http.cloud.crashHost(name)
    else if (fate === 'hangs') http.cloud.hangHost(name)
    else http.cloud.cutHost(name)
    if (this.#random.next() < SHARE_REPORTED_BY_CLIENT) this.#reporter.report(hostDown(name))
    if (this.#random.next() < SHARE_REPORTED_BY_COMPUTE) void this.#tellCompute(name)
  }

  /**
   * Nova never ends an evacuation whose target's nova-compute was restarted in the middle of the rebuild. The product waits half an
   * hour for it, because the guest may run there, and a run is not that long. So hosts with such a rebuild are left alone.
   */
  #killService(): void {
    const { cloud } = this.#world.http
    const victim = this.#pick(
      this.#world.hosts.filter(({ name }) => this.#isWell(name) && !cloud.isRebuildingAt(name)),
    )
    if (victim === undefined) return
    const { name } = victim
    this.#world.truth.serviceDeaths += 1
    cloud.killNovaCompute(name)
    this.#reporter.report({
      type: 'PROCESS',
      hostname: name,
      payload: { event: 'STOPPED', process_name: 'nova-compute' },
    })
    const repair = async (): Promise<void> => {
      await sleep(draw(this.#random, [5000, 15_000]), undefined, { ref: false })
      cloud.startNovaCompute(name)
    }
    void repair()
  }

  /** A client is wrong: nothing may happen to the host. */
  reportHealthyHost(): void {
    const host = this.#pick(this.#world.hosts.filter(({ name }) => this.#isWell(name)))
    if (host !== undefined) this.#reporter.report(hostDown(host.name))
  }

  /** Compute's own notification, as often as its broker is there. */
  async #tellCompute(host: string): Promise<void> {
    try {
      await using sender = await senderOf(this.#world.rabbitmq.url, 'nova')
      const body = {
        message_id: this.#random.uuid(),
        publisher_id: `nova-compute:${host}`,
        event_type: 'compute.host.error',
        priority: 'ERROR',
        timestamp: new Date().toISOString().replace('T', ' ').replace('Z', ''),
        payload: { host },
      }
      await sender.send('notifications.error', JSON.stringify(body))
    } catch {
      this.#say(`the broker does not take Compute's notification about ${host}`)
    }
  }

  /** An operator repairs a host when everything about it has ended. */
  async #repairHosts(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(REPAIR_LOOK_MS)
      for (const death of this.#world.truth.hostDeaths) {
        if (death.repairedAtMs !== undefined || !(await this.#hasEnded(death.host, death.atMs))) {
          continue
        }
        death.repairedAtMs = Date.now()
        this.#say(`${death.host} is repaired`)
        const { cloud } = this.#world.http
        cloud.mendHost(death.host)
        if (cloud.machine(death.host).power === 'off') cloud.powerOnHost(death.host)
        else cloud.thawHost(death.host)
      }
    }
  }

  /** Faults of a host that is out of service are nobody's business: a recovery holds it, or it waits for its return. */
  async #followService(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const [rows] = await this.#world.pool.query<RowDataPacket[]>(
          'SELECT name FROM hosts WHERE on_maintenance = 0',
        )
        this.#inService = new Set(rows.map(({ name }) => String(name)))
      } catch {
        this.#inService = new Set() // the database is away: nobody can tell
      }
      await sleep(SERVICE_LOOK_MS)
    }
  }

  async #followReports(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#readReports()
      await sleep(SERVICE_LOOK_MS)
    }
  }

  async #readReports(): Promise<void> {
    for (const death of this.#untold) {
      if (await this.#isTold(death)) {
        this.#untold = this.#untold.filter((each) => each !== death)
      }
    }
  }

  /** How many deaths have no answer yet: nobody has told them, or no recovery of the host has ended. */
  async countUnanswered(): Promise<number> {
    await this.#readReports()
    let count = this.#untold.length
    for (const { host, atMs, repairedAtMs } of this.#world.truth.hostDeaths) {
      if (repairedAtMs === undefined && !(await this.#hasEnded(host, atMs))) count += 1
    }
    return count
  }

  /** Whether a report counts, or the guest runs again. A report that was ignored may be a forged one of before. */
  async #isTold({ instance, atMs }: GuestDeath): Promise<boolean> {
    if (this.#world.http.cloud.copiesOf(instance).length > 0) return true
    try {
      const [rows] = await this.#world.pool.query<RowDataPacket[]>(
        `SELECT id FROM notifications WHERE type = 'VM' AND payload LIKE ?
         AND status <> 'ignored' AND COALESCE(updated_at, created_at) >= ? LIMIT 1`,
        [`%${instance}%`, wholeSecond(atMs)],
      )
      return rows.length > 0
    } catch {
      return false // the database is away
    }
  }

  /** Whether the host is well, and nothing that happened on it is known to nobody else. */
  mayBreak(host: string): boolean {
    return this.#isWell(host) && this.#untold.every((death) => death.host !== host)
  }

  /** Whether a recovery after that time has ended, and no other one is open. */
  async #hasEnded(host: string, sinceMs: number): Promise<boolean> {
    try {
      const [rows] = await this.#world.pool.query<RowDataPacket[]>(
        `SELECT n.status FROM notifications n JOIN hosts h ON h.uuid = n.source_host_uuid
         WHERE h.name = ? AND n.type = 'COMPUTE_HOST' AND COALESCE(n.updated_at, n.created_at) >= ?`,
        [host, wholeSecond(sinceMs)],
      )
      const statuses = rows.map(({ status }) => String(status))
      const isOpen = statuses.some((status) => ['new', 'running', 'error'].includes(status))
      return !isOpen && statuses.some((status) => ['finished', 'failed'].includes(status))
    } catch {
      return false // the database is away
    }
  }

  #isWell(host: string): boolean {
    const machine = this.#world.http.cloud.machine(host)
    const isUp = machine.serves && !machine.forcedDown && this.#inService.has(host)
    return isUp && this.#world.truth.deathOf(host) === undefined
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random.next() * items.length)]
  }
}

/** As the store keeps times. */
const wholeSecond = (atMs: number): number => Math.floor(atMs / 1000) * 1000

/** What a monitor of Masakari's reports of a host that its cluster has lost. */
const hostDown = (hostname: string) =>
  ({
    type: 'COMPUTE_HOST',
    hostname,
    payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  }) as const

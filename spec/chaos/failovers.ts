/**
 * Hears on the bus who leads, and measures how long the next leader takes after the end of the one before. Part of that time is
 * this machine's own: when it is overloaded, the harness hears late, too. So each figure says how long the harness stood still.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import type { NatsConnection } from 'nats'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf, type Encoded } from '../../schema/messages/codec.ts'
import { leaseSubject } from '../../transports/nats/streams.ts'
import { until } from '../support/until.ts'
import { connectLastingly } from './bus-access.ts'
import { CLOUD, type ChaosWorld } from './world.ts'

const LEADER_MS = 60_000

export type Ending = 'SIGKILL' | 'SIGTERM'

/** Times since the signal, ms. */
export interface Failover {
  readonly how: Ending
  /** Until the lease was given back; undefined when it ran out. */
  readonly toReleasedMs: number | undefined
  readonly toProclaimedMs: number
  /** Until it announced the first step of a recovery. */
  readonly toFirstActMs: number
  /** The longest time in which the harness stood still meanwhile. */
  readonly loopDelayMsMax: number
}

/** An ending that is measured. */
interface Running {
  readonly how: Ending
  readonly epoch: number
  readonly atMs: number
  releasedAtMs: number | undefined
}

interface Leading {
  readonly holder: string
  readonly epoch: number
  readonly atMs: number
}

/** Where leaders speak. */
const TOPICS = ['leadership', 'recovery', 'instance']
/** What only a leader does, and tells. */
const ACTS: ReadonlySet<string> = new Set(['recovery.stepped', 'move.stepped', 'guest.followed'])

export class FailoverWatch implements AsyncDisposable {
  readonly measured: Failover[] = []
  readonly #connection: NatsConnection
  readonly #pool: Pool
  #latest: Leading | undefined
  #running: Running | undefined
  readonly #delays = monitorEventLoopDelay({ resolution: 10 })
  #changes = 0
  #missed = 0

  private constructor(connection: NatsConnection, pool: Pool) {
    this.#connection = connection
    this.#pool = pool
    this.#delays.enable()
    connection.subscribe(leaseSubject(CLOUD), {
      callback: (error, { headers }) => {
        if (error === null && headers?.get('KV-Operation') === 'DEL') this.#released()
      },
    })
    for (const topic of TOPICS) {
      connection.subscribe(subjectOf(CLOUD, topic, '>'), {
        callback: (error, message) => {
          if (error === null) this.#take({ subject: message.subject, body: message.data })
        },
      })
    }
  }

  /** Begins to hear. An engine must lead soon. */
  static async open({ nats, access, pool }: ChaosWorld): Promise<FailoverWatch> {
    const watch = new FailoverWatch(await connectLastingly(nats.urls, access.witness), pool)
    await until('an engine leads', () => watch.#read(), LEADER_MS, 100)
    return watch
  }

  /** An engine may have been proclaimed while nobody heard it. True when one was ever proclaimed. */
  async #read(): Promise<boolean> {
    const [rows] = await this.#pool.query<RowDataPacket[]>('SELECT epoch, holder FROM leadership')
    const row = rows[0]
    if (row === undefined || row['holder'] === null) return false
    this.#leads(String(row['holder']), Number(row['epoch']))
    return true
  }

  /** How often leadership changed. */
  get changes(): number {
    return this.#changes
  }

  /** The latest leader has led for so long. */
  isSettled(forMs: number): boolean {
    return this.#latest !== undefined && performance.now() - this.#latest.atMs > forMs
  }

  /** The node that leads, by the store, too. */
  async findLeader(): Promise<string | undefined> {
    await this.#read()
    return this.#latest?.holder
  }

  /** The leader is about to end. */
  begin(how: Ending): void {
    this.#delays.reset()
    const epoch = this.#latest?.epoch ?? 0
    this.#running = { how, epoch, atMs: performance.now(), releasedAtMs: undefined }
  }

  get hasActed(): boolean {
    return this.#running === undefined
  }

  /** The next leader has not acted in time. */
  abandon(): void {
    if (this.#running !== undefined) this.#missed += 1
    this.#running = undefined
  }

  /** How many leaders were not followed by another one in time. */
  get missed(): number {
    return this.#missed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#delays.disable()
    await this.#connection.close()
  }

  #released(): void {
    if (this.#running !== undefined) this.#running.releasedAtMs ??= performance.now()
  }

  #take(message: Encoded): void {
    const received = readable(message)
    if (received === undefined || received.epoch === null) return
    const { type, epoch, sender } = received
    if (type !== 'leader.proclaimed' && !ACTS.has(type)) return
    this.#leads(sender, epoch)
    const running = this.#running
    const latest = this.#latest
    if (running === undefined || latest === undefined || latest.epoch <= running.epoch) return
    if (epoch <= running.epoch || type === 'leader.proclaimed') return
    const { how, atMs, releasedAtMs } = running
    this.measured.push({
      how,
      toReleasedMs: releasedAtMs === undefined ? undefined : releasedAtMs - atMs,
      toProclaimedMs: latest.atMs - atMs,
      toFirstActMs: performance.now() - atMs,
      loopDelayMsMax: this.#delays.max / 1e6,
    })
    this.#running = undefined
  }

  /** Whatever a leader says has its epoch. The servers refuse what others say in its name. */
  #leads(holder: string, epoch: number): void {
    if (epoch <= (this.#latest?.epoch ?? 0)) return
    this.#changes += 1
    this.#latest = { holder, epoch, atMs: performance.now() }
  }
}

/** Undefined for a message that cannot be decoded. */
function readable(message: Encoded): Received | undefined {
  try {
    return decode(message)
  } catch {
    return undefined
  }
}

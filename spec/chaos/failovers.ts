/** Hears on the bus who leads, and measures how long the next leader takes after the end of the one before. */
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { connect, type NatsConnection } from 'nats'
import type { Received } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'
import { until } from '../support/until.ts'
import { CLOUD, type ChaosWorld } from './world.ts'

const LEADER_MS = 60_000

export type Ending = 'SIGKILL' | 'SIGTERM'

/** Times since the signal, ms. */
export interface Failover {
  readonly how: Ending
  readonly toProclaimedMs: number
  /** Until it announced the first step of a recovery. */
  readonly toFirstActMs: number
}

interface Leading {
  readonly holder: string
  readonly epoch: number
  readonly atMs: number
}

/** What only a leader does, and tells. */
const ACTS: ReadonlySet<string> = new Set(['recovery.stepped', 'move.stepped', 'guest.followed'])

export class FailoverWatch implements AsyncDisposable {
  readonly measured: Failover[] = []
  readonly #connection: NatsConnection
  #latest: Leading | undefined
  #running: { readonly how: Ending; readonly epoch: number; readonly atMs: number } | undefined
  #changes = 0

  private constructor(connection: NatsConnection) {
    this.#connection = connection
    connection.subscribe(subjectOf(CLOUD, '>'), {
      callback: (_error, message) => this.#take(message.data),
    })
  }

  /** Begins to hear. An engine must lead soon. */
  static async open({ nats, access, pool }: ChaosWorld): Promise<FailoverWatch> {
    const { user, password: pass } = access.witness
    const connection = await connect({
      servers: [...nats.urls],
      user,
      pass,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
      pingInterval: 1000,
    })
    const watch = new FailoverWatch(connection)
    // An engine may have been proclaimed before.
    await until('an engine leads', async () => await watch.#read(pool), LEADER_MS, 100)
    return watch
  }

  async #read(pool: Pool): Promise<boolean> {
    const [rows] = await pool.query<RowDataPacket[]>('SELECT epoch, holder FROM leadership')
    const row = rows[0]
    if (row === undefined || row['holder'] === null) return false
    this.#leads(String(row['holder']), Number(row['epoch']))
    return true
  }

  /** The node that leads, as far as was heard. */
  get leader(): string | undefined {
    return this.#latest?.holder
  }

  /** How often leadership changed. */
  get changes(): number {
    return this.#changes
  }

  /** The latest leader has led for so long. */
  isSettled(forMs: number): boolean {
    return this.#latest !== undefined && performance.now() - this.#latest.atMs > forMs
  }

  /** The leader is about to end. */
  begin(how: Ending): void {
    this.#running = { how, epoch: this.#latest?.epoch ?? 0, atMs: performance.now() }
  }

  get hasActed(): boolean {
    return this.#running === undefined
  }

  /** What was begun is not measured. */
  abandon(): void {
    this.#running = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }

  #take(bytes: Uint8Array): void {
    const received = readable(bytes)
    if (received === undefined || received.epoch === null) return
    const { type, epoch, sender } = received
    if (type !== 'leader.proclaimed' && !ACTS.has(type)) return
    this.#leads(sender, epoch)
    const running = this.#running
    const latest = this.#latest
    if (running === undefined || latest === undefined || latest.epoch <= running.epoch) return
    if (epoch <= running.epoch || type === 'leader.proclaimed') return
    this.measured.push({
      how: running.how,
      toProclaimedMs: latest.atMs - running.atMs,
      toFirstActMs: performance.now() - running.atMs,
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
function readable(bytes: Uint8Array): Received | undefined {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

/**
 * Listens to a cloud's messages from outside, for an operator: what is said now, and what the fault stream still has. It needs no
 * right to publish for the live messages, and creates nothing that lasts.
 */
import { hash } from 'node:crypto'
import type { NatsConnection, StoredMsg, Subscription } from 'nats'
import { FAULT_CONSUMER, type BusMessage } from '../../actors/ports/bus.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { describeError } from '../../schema/errors.ts'
import { NatsLink, type NatsCredentials } from './link.ts'
import { faultStreamName, isJsError, JS_ERROR, manage } from './streams.ts'
import { Troubles } from './troubles.ts'
import type { Surroundings } from './upkeep.ts'

export interface TapOptions extends Omit<Surroundings, 'troubles'> {
  readonly servers: readonly string[]
  readonly cloud: string
  /** The name of our account: answers arrive in an inbox of its own. */
  readonly node: string
  readonly credentials: NatsCredentials
  /** Live messages of these subjects, with NATS wildcards. */
  readonly pattern: string
  /** First what the fault stream has from then on, wall ms; undefined: only live messages. */
  readonly since: number | undefined
}

export interface TapListener {
  /** In the order of the stream, then in the order of arrival; each message once. */
  readonly onMessage: (message: BusMessage) => void
  /** What the stream still has cannot be read; live messages go on. */
  readonly onNoHistory: (reason: string) => void
}

/** Live messages that wait while the stream is read; of more, the oldest are dropped. */
const WAITING_MAX = 10_000
/** Stored messages that are known again when they come live, too. */
const REMEMBERED_MAX = 10_000
/** The stream does not answer in this time, ms. */
const ANSWER_MS = 5000

export interface NatsTap extends AsyncDisposable {
  /** How many stored faults the engine has not taken; undefined when the server does not tell this account. */
  faultsWaiting(): Promise<number | undefined>
}

/** Starts to listen; it connects in the background, and again after every loss. */
export function openTap(options: TapOptions, listener: TapListener): NatsTap {
  const { clock, random, log, servers, node, credentials } = options
  const around = { clock, random, log, troubles: new Troubles(clock) }
  const link = new NatsLink(around, { servers, node, credentials })
  const tap = new Tap(options, listener)
  let latest: NatsConnection | undefined
  link.onUp((connection) => {
    // The library renews subscriptions of a connection that comes up again.
    if (connection === latest) return
    latest = connection
    tap.listen(connection)
  })
  return {
    async faultsWaiting() {
      const connection = link.connection()
      if (connection === undefined) return undefined
      try {
        const { consumers } = await manage(connection, ANSWER_MS)
        const found = await consumers.info(faultStreamName(options.cloud), FAULT_CONSUMER)
        return found.num_pending + found.num_ack_pending
      } catch {
        return undefined // it is shown as unknown
      }
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  }
}

class Tap {
  readonly #options: TapOptions
  readonly #listener: TapListener
  readonly #stored = new BoundedMap<string, true>({
    entriesMax: REMEMBERED_MAX,
    whenFull: 'drop-oldest',
  })
  /** Undefined once the stream has been read. */
  #waiting: BusMessage[] | undefined

  constructor(options: TapOptions, listener: TapListener) {
    this.#options = options
    this.#listener = listener
    this.#waiting = options.since === undefined ? undefined : []
  }

  listen(connection: NatsConnection): void {
    const { pattern, since } = this.#options
    void this.#live(connection.subscribe(pattern))
    if (since !== undefined && this.#waiting !== undefined) void this.#history(connection, since)
  }

  async #live(subscription: Subscription): Promise<void> {
    try {
      for await (const { subject, data } of subscription) this.#heard({ subject, body: data })
    } catch {
      // The server denies it; the link has said so.
    }
  }

  #heard(message: BusMessage): void {
    if (this.#stored.has(keyOf(message))) return
    if (this.#waiting === undefined) return this.#listener.onMessage(message)
    if (this.#waiting.length === WAITING_MAX) this.#waiting.shift()
    this.#waiting.push(message)
  }

  async #history(connection: NatsConnection, since: number): Promise<void> {
    try {
      await this.#read(connection, since)
    } catch (error) {
      this.#listener.onNoHistory(describeError(error))
    }
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const message of waiting) {
      if (!this.#stored.has(keyOf(message))) this.#listener.onMessage(message)
    }
  }

  /**
   * Reads the stream up to its present end, message by message: an account that may make a consumer could take the one of the engines
   * away from them.
   */
  async #read(connection: NatsConnection, since: number): Promise<void> {
    const stream = new StoredFaults(connection, faultStreamName(this.#options.cloud))
    const { first, last } = await stream.bounds()
    for (let at = await stream.firstSince(since, first, last); at <= last; at += 1) {
      const stored = await stream.at(at)
      if (stored !== undefined) this.#take(stored)
    }
  }

  #take({ subject, data }: StoredMsg): void {
    const message = { subject, body: data }
    this.#stored.set(keyOf(message), true)
    this.#listener.onMessage(message)
  }
}

/** The fault stream, read without a consumer. */
class StoredFaults {
  readonly #connection: NatsConnection
  readonly #name: string

  constructor(connection: NatsConnection, name: string) {
    this.#connection = connection
    this.#name = name
  }

  /** The sequences of its oldest and its latest message; the latest is before the oldest when it is empty. */
  async bounds(): Promise<{ readonly first: number; readonly last: number }> {
    const { streams } = await manage(this.#connection, ANSWER_MS)
    const { state } = await streams.info(this.#name)
    return { first: state.first_seq, last: state.last_seq }
  }

  /** Undefined for one that was removed meanwhile. */
  async at(seq: number): Promise<StoredMsg | undefined> {
    const { streams } = await manage(this.#connection, ANSWER_MS)
    try {
      return await streams.getMessage(this.#name, { seq })
    } catch (error) {
      if (isJsError(error, JS_ERROR.messageNotFound)) return undefined
      throw error
    }
  }

  /** The sequence of the first message that is not older than that, wall ms; the stream is in the order of time. */
  async firstSince(since: number, first: number, last: number): Promise<number> {
    let [from, to] = [first, last + 1]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      const stored = await this.at(middle)
      if (stored === undefined || stored.time.getTime() < since) from = middle + 1
      else to = middle
    }
    return from
  }
}

const keyOf = ({ subject, body }: BusMessage): string => `${subject} ${hash('sha256', body)}`

/**
 * A durable consumer of the fault stream. It pulls, delivers and pulls again, and starts again when
 * the server, the stream or the consumer was missing. The consumers of the library are not used,
 * because they leave one more listener on the connection for every fetch.
 */
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  nanos,
  type ConsumerConfig,
  type Msg,
  type NatsConnection,
  type Subscription,
} from 'nats'
import { describeError } from '../../schema/errors.ts'
import type { FaultDelivery } from '../../actors/ports/bus.ts'
import type { Cancel } from '../../actors/ports/clock.ts'
import { inboxPrefixOf, type NatsLink } from './link.ts'
import { isJsError, JS_ERROR, manage, type KeptStream } from './streams.ts'
import { untilItWorks, type Surroundings } from './upkeep.ts'

const ACK_WAIT_MS = 30_000
/** The most unacknowledged faults in flight. The server keeps the others. */
const IN_FLIGHT_MAX = 256
const BATCH = 64
const PULL_EXPIRES_MS = 30_000
const IDLE_HEARTBEAT_MS = 2000
/** More than two heartbeats were missed: the pull is lost. */
const SILENCE_MS_MAX = 5000
const RESTART_AFTER_MS = 250
/** After so many faults the stream is trimmed: it must not become full of what is done with. */
const TRIM_EVERY = 100_000

const text = new TextEncoder()

interface FaultConsumerOptions {
  readonly link: NatsLink
  readonly stream: KeptStream
  readonly durable: string
  readonly handler: (delivery: FaultDelivery) => void
}

export class FaultConsumer implements AsyncDisposable {
  readonly #around: Surroundings
  readonly #options: FaultConsumerOptions
  readonly #ending = new AbortController()
  readonly #signal: AbortSignal
  readonly #inbox: string
  readonly #stopListening: Cancel
  #subscription: Subscription | undefined
  #connection: NatsConnection | undefined
  #starting: Promise<void> | undefined
  #stopTimer: Cancel = () => undefined
  #pulls = 0
  /** Sequence in the stream up to which it was trimmed, or need not be. */
  #trimmed: number | undefined
  #awaited = 0

  constructor(around: Surroundings, options: FaultConsumerOptions) {
    this.#around = around
    this.#options = options
    this.#inbox = createInbox(inboxPrefixOf(options.link.node))
    this.#signal = AbortSignal.any([this.#ending.signal, options.link.ending])
    this.#stopListening = options.link.onUp(() => this.#start())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    this.#stopListening()
    this.#stopTimer()
    this.#subscription?.unsubscribe()
    await this.#starting
  }

  #start(): void {
    this.#starting ??= this.#prepare().finally(() => {
      this.#starting = undefined
    })
  }

  async #prepare(): Promise<void> {
    const { link, stream, durable } = this.#options
    const goal = { what: `consume ${stream.name} as ${durable}`, signal: this.#signal }
    const connection = await untilItWorks(this.#around, goal, async () => {
      const connection = link.connection()
      if (connection === undefined) return undefined // the next connection starts us again
      await stream.ensure(connection)
      await ensureConsumer(connection, stream.name, durable)
      this.#around.troubles.allowBelow('$JS.API.CONSUMER.')
      this.#around.troubles.allowBelow('_INBOX.')
      return connection
    })
    if (connection === undefined || this.#signal.aborted) return
    this.#listen(connection)
    this.#pull()
  }

  #listen(connection: NatsConnection): void {
    if (connection === this.#connection) return
    this.#connection = connection
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#receive(message)
        else {
          this.#around.log.warn({ reason: describeError(error) }, 'cannot receive faults')
          this.#connection = undefined // the library has dropped it
        }
      },
    })
  }

  #pull(): void {
    this.#pulls += 1
    this.#awaited = BATCH
    const { stream, durable, link } = this.#options
    const request = {
      batch: BATCH,
      expires: nanos(PULL_EXPIRES_MS),
      idle_heartbeat: nanos(IDLE_HEARTBEAT_MS),
    }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream.name}.${durable}`
    link.send(subject, text.encode(JSON.stringify(request)), `${this.#inbox}.${this.#pulls}`)
    this.#startAfter(SILENCE_MS_MAX)
  }

  #startAfter(afterMs: number): void {
    this.#stopTimer()
    if (this.#signal.aborted) return
    this.#stopTimer = this.#around.clock.schedule(afterMs, () => this.#start())
  }

  #receive(message: Msg): void {
    if (message.subject.startsWith(this.#inbox)) {
      if (message.subject === `${this.#inbox}.${this.#pulls}`) this.#onStatus(message)
      return
    }
    this.#startAfter(SILENCE_MS_MAX)
    this.#deliver(message)
    this.#trimAfter(placeOf(message.reply ?? '').sequence)
    this.#awaited -= 1
    if (this.#awaited === 0 && !this.#signal.aborted) this.#pull()
  }

  /**
   * Status codes: 100 heartbeat; 404 and 408 the pull is over; 409 and 503 the consumer, its leader
   * or JetStream is missing.
   */
  #onStatus(message: Msg): void {
    const code = message.headers?.code ?? 0
    if (code === 100) this.#startAfter(SILENCE_MS_MAX)
    else if (code === 404 || code === 408) this.#pull()
    else this.#startAfter(RESTART_AFTER_MS)
  }

  #trimAfter(sequence: number): void {
    this.#trimmed ??= sequence
    const { link, stream } = this.#options
    const connection = link.connection()
    if (sequence - this.#trimmed < TRIM_EVERY || connection === undefined) return
    this.#trimmed = sequence
    stream.trim(connection).catch((error: unknown) => {
      this.#around.log.warn(
        { reason: describeError(error) },
        'the stream of faults was not trimmed',
      )
    })
  }

  #deliver(message: Msg): void {
    const { link, handler } = this.#options
    const reply = message.reply ?? ''
    const answer = (verdict: string): void => link.send(reply, text.encode(verdict))
    try {
      handler({
        subject: message.subject,
        body: message.data,
        deliveries: placeOf(reply).deliveries,
        ack: () => answer('+ACK'),
        retry: (afterMs) => answer(`-NAK {"delay": ${nanos(Math.max(1, afterMs))}}`),
      })
    } catch (error) {
      // The fault stays unacknowledged and is delivered again. Other faults must not wait for it.
      const reason = describeError(error)
      this.#around.log.error({ subject: message.subject, reason }, 'a fault handler failed')
    }
  }
}

async function ensureConsumer(
  connection: NatsConnection,
  stream: string,
  durable: string,
): Promise<void> {
  const { consumers } = await manage(connection)
  const bounds: Partial<ConsumerConfig> = {
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: IN_FLIGHT_MAX,
    max_deliver: -1,
  }
  try {
    await consumers.update(stream, durable, bounds)
  } catch (error) {
    if (!isJsError(error, JS_ERROR.consumerNotFound)) throw error
    await consumers.add(stream, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ...bounds,
    })
  }
}

/**
 * The number of deliveries, and the sequence in the stream, from the acknowledgement subject:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<sequence>.…`.
 */
function placeOf(reply: string): { readonly deliveries: number; readonly sequence: number } {
  const tokens = reply.split('.')
  const at = tokens.length > 9 ? 6 : 4
  return { deliveries: Number(tokens[at] ?? 1), sequence: Number(tokens[at + 1] ?? 0) }
}

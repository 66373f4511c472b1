/** The bus on NATS: core subjects, and the fault stream on JetStream. */
import type { NatsConnection, Subscription } from 'nats'
import { sleep, type Cancel } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { BusMessage, BusPort, FaultDelivery, Hindrance } from '../../actors/ports/bus.ts'
import { FaultConsumer } from './fault-consumer.ts'
import type { NatsLink } from './link.ts'
import {
  DUPLICATE_WINDOW_MS,
  isJsError,
  isNobodyThere,
  JS_ERROR,
  type KeptStream,
} from './streams.ts'
import type { Surroundings } from './upkeep.ts'

const PUBLISH_DEADLINE_MS = 3000
const ATTEMPT_MS_MAX = 1000
const RETRY_AFTER_MS = 100
const SUBSCRIBE_AGAIN_MS = 10_000
/** For each fault that is repeated: its stream may have to be made again by an engine. */
const REPEAT_DEADLINE_MS = 30_000
/** Faults that are kept for it: those of a whole rack, or of a flood. */
const TAKEN_MAX = 10_000
const TAKEN_BYTES_MAX = 16 * 1024 * 1024

interface Taken {
  readonly message: BusMessage
  readonly atMs: number
}

const nothing = (): void => undefined

/** The bus of one connection. */
export class NatsBus implements BusPort {
  readonly #around: Surroundings
  readonly #link: NatsLink
  readonly #faults: KeptStream

  /** Faults that the stream has taken lately, by message id. */
  readonly #taken: BoundedMap<string, Taken>

  constructor(around: Surroundings, link: NatsLink, faults: KeptStream) {
    this.#around = around
    this.#link = link
    this.#faults = faults
    this.#taken = new BoundedMap({
      entriesMax: TAKEN_MAX,
      whenFull: 'drop-oldest',
      weight: { max: TAKEN_BYTES_MAX, of: ({ message }) => message.body.length },
    })
    let isFirst = true
    link.onUp(() => {
      if (!isFirst) void this.#repeat()
      isFirst = false
    })
  }

  connected(): boolean {
    return this.#link.connection() !== undefined
  }

  hindrances(): readonly Hindrance[] {
    return this.#around.troubles.list()
  }

  publish(subject: string, body: Uint8Array): void {
    this.#link.send(subject, body)
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void): AsyncDisposable {
    let owner: NatsConnection | undefined
    let subscription: Subscription | undefined
    let cancelRetry: Cancel = nothing
    const open = (connection: NatsConnection): void => {
      owner = connection
      subscription = connection.subscribe(pattern, {
        callback: (error, { subject, data }) => {
          if (error === null) this.#hand(handler, { subject, body: data })
          else refused(connection, error)
        },
      })
      this.#link.unlessDenied(connection, 'subscribe', pattern)
    }
    /**
     * The library drops a refused subscription. It is tried again, because the permission may be
     * given later.
     */
    const refused = (connection: NatsConnection, error: unknown): void => {
      this.#around.log.warn({ pattern, reason: describeError(error) }, 'cannot subscribe')
      cancelRetry()
      cancelRetry = this.#around.clock.schedule(SUBSCRIBE_AGAIN_MS, () => {
        if (this.#link.connection() === connection) open(connection)
        else owner = undefined
      })
    }
    const stopListening = this.#link.onUp((connection) => {
      if (connection !== owner) open(connection) // the library renews the subscriptions of the same connection
    })
    return {
      [Symbol.asyncDispose]: async () => {
        stopListening()
        cancelRetry()
        subscription?.unsubscribe()
      },
    }
  }

  async publishFault(subject: string, body: Uint8Array, messageId: string): Promise<void> {
    await this.#publishFault({ subject, body }, messageId, PUBLISH_DEADLINE_MS)
    this.#taken.set(messageId, {
      message: { subject, body },
      atMs: this.#around.clock.monotonicMs(),
    })
  }

  /**
   * A server that has lost its store is found out when it is connected again: what it has taken within its window of duplicates is
   * published once more. It drops what it still has, by its message id.
   */
  async #repeat(): Promise<void> {
    const since = this.#around.clock.monotonicMs() - DUPLICATE_WINDOW_MS + REPEAT_DEADLINE_MS
    for (const [id, { message, atMs }] of this.#taken.entries()) {
      if (atMs < since) {
        this.#taken.delete(id)
        continue
      }
      try {
        await this.#publishFault(message, id, REPEAT_DEADLINE_MS)
      } catch (error) {
        const reason = describeError(error)
        this.#around.log.warn({ subject: message.subject, reason }, 'a fault was not repeated')
        return // the connection is lost again, and the next one begins anew
      }
    }
  }

  async #publishFault(message: BusMessage, messageId: string, withinMs: number): Promise<void> {
    const { clock, random } = this.#around
    const deadline = clock.monotonicMs() + withinMs
    let cause: unknown = new Error('not connected')
    for (;;) {
      const left = deadline - clock.monotonicMs()
      if (left <= 0 || this.#link.ending.aborted) {
        throw new CodedError('BUS_UNAVAILABLE', `the fault was not stored: ${String(cause)}`, {
          cause,
        })
      }
      const connection = this.#link.connection()
      if (connection !== undefined) {
        try {
          const timeout = Math.max(1, Math.min(left, ATTEMPT_MS_MAX))
          return await this.#store(connection, message, { messageId, timeout })
        } catch (error) {
          cause = error
        }
      }
      await sleep(clock, RETRY_AFTER_MS * (1 + random.next()), this.#link.ending)
    }
  }

  consumeFaults(durable: string, handler: (delivery: FaultDelivery) => void): AsyncDisposable {
    const options = { link: this.#link, stream: this.#faults, durable, handler }
    return new FaultConsumer(this.#around, options)
  }

  async #store(
    connection: NatsConnection,
    { subject, body }: BusMessage,
    { messageId, timeout }: { readonly messageId: string; readonly timeout: number },
  ): Promise<void> {
    const { name } = this.#faults
    try {
      // The server drops a repetition after a lost answer, by its message id.
      const options = { msgID: messageId, expect: { streamName: name }, timeout }
      await connection.jetstream().publish(subject, body, options)
      this.#around.troubles.allow('publish', subject)
    } catch (error) {
      if (isJsError(error, JS_ERROR.maximumMessages)) await this.#faults.trim(connection)
      else if (isNobodyThere(error)) this.#faults.restore()
      throw error
    }
  }

  #hand(handler: (message: BusMessage) => void, message: BusMessage): void {
    try {
      handler(message)
    } catch (error) {
      // If the error were thrown on, it would end the reading of the whole connection.
      const reason = describeError(error)
      this.#around.log.error({ subject: message.subject, reason }, 'a message handler failed')
    }
  }
}

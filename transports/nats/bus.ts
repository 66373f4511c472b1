/** The bus on NATS: core subjects, and the fault stream on JetStream. */
import type { NatsConnection, Subscription } from 'nats'
import { sleep, type Cancel } from '../../actors/ports/clock.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import type { BusMessage, BusPort, FaultDelivery, Hindrance } from '../../actors/ports/bus.ts'
import { FaultConsumer } from './fault-consumer.ts'
import type { NatsLink } from './link.ts'
import { isNobodyThere, type KeptStream } from './streams.ts'
import type { Surroundings } from './upkeep.ts'

const PUBLISH_DEADLINE_MS = 3000
const ATTEMPT_MS_MAX = 1000
const RETRY_AFTER_MS = 100
const SUBSCRIBE_AGAIN_MS = 10_000

const nothing = (): void => undefined

/** The bus of one connection. */
export class NatsBus implements BusPort {
  readonly #around: Surroundings
  readonly #link: NatsLink
  readonly #faults: KeptStream

  constructor(around: Surroundings, link: NatsLink, faults: KeptStream) {
    this.#around = around
    this.#link = link
    this.#faults = faults
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
    const { clock, random } = this.#around
    const deadline = clock.monotonicMs() + PUBLISH_DEADLINE_MS
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
          return await this.#store(connection, { subject, body }, { messageId, timeout })
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
      if (isNobodyThere(error)) this.#faults.restore()
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

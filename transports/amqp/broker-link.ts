/** What the bridge has of one connection to RabbitMQ: our own queue, its bindings, its consumer. */
import type { ConsumeMessage, Options } from 'amqplib'
import { describeError } from '../../schema/errors.ts'
import {
  askBroker,
  isVital,
  openBrokerConnection,
  type BrokerAddress,
  type BrokerConnection,
} from './broker-connection.ts'
import type { Declaration, Declarer } from './declaration.ts'

export interface BrokerLinkOptions extends BrokerAddress {
  /** The cloud's topic exchange. It is never declared here: its flags are the cloud's. */
  readonly exchange: string
  readonly queue: string
  /** How our queue is declared. */
  readonly declaration: Declaration
  /** Routing keys `<topic>.<priority>` are bound for each of them. */
  readonly topics: readonly string[]
  /** The consumer with the highest one is given all messages, as long as it takes them. */
  readonly priority: number
}

export interface Delivery {
  readonly routingKey: string
  /** The header `compression`: what kombu packed the body with. */
  readonly compression: unknown
  readonly body: Uint8Array
}

/** discarded: goes to the broker's dead-letter exchange, if there is one; left: delivered again on the next link. */
export type Disposition = 'taken' | 'discarded' | 'left'

export interface BrokerLink extends AsyncDisposable {
  /** Aborted, with a sentence as the reason, once nothing will be delivered any more. */
  readonly ended: AbortSignal
  /** Binds the queue again; absent when there is no such exchange (yet). */
  bind(): Promise<'bound' | 'absent'>
  /** How many messages wait in the queue, without those that were delivered and are not acknowledged. */
  waiting(): Promise<number>
}

export interface BrokerLinkParts {
  readonly declarer: Declarer
  /** A message is unacknowledged until this resolves; when `ended` aborts, the result has no effect any more. */
  readonly handle: (delivery: Delivery, ended: AbortSignal) => Promise<Disposition>
}

/** It also limits how many messages are handled at once. */
const UNACKNOWLEDGED_MAX = 64
/** Events are hints about the present: what waited longer than this helps nobody. */
const MESSAGE_TTL_MS = 600_000
/** About 100 MB; the broker drops the oldest beyond. */
const QUEUE_LENGTH_MAX = 20_000

/**
 * Connects, declares the queue and consumes. What the handler throws ends the link, and its message comes again.
 * The signal ends an attempt that is under way.
 */
export async function openBrokerLink(
  options: BrokerLinkOptions,
  { declarer, handle }: BrokerLinkParts,
  signal: AbortSignal,
): Promise<BrokerLink> {
  const { queue, exchange, topics } = options
  const connection = await openBrokerConnection(
    options,
    async (opened) => {
      await declarer.queue(opened, queue, queueOptions(options.declaration))
      await consume(opened, options, handle)
    },
    signal,
  )
  return {
    ended: connection.ended,
    async bind() {
      const bound = await askBroker(connection, async (channel) => {
        await channel.checkExchange(exchange)
        for (const topic of topics) await channel.bindQueue(queue, exchange, `${topic}.*`)
        return 'bound' as const
      })
      return bound ?? 'absent'
    },
    async waiting() {
      const found = await askBroker(connection, (channel) => channel.checkQueue(queue))
      return found?.messageCount ?? 0
    },
    [Symbol.asyncDispose]: () => Promise.resolve(connection[Symbol.asyncDispose]()),
  }
}

/** It outlives the broker and us in any case: nobody else declares it. */
const queueOptions = (declaration: Declaration): Options.AssertQueue => ({
  durable: true,
  messageTtl: MESSAGE_TTL_MS,
  maxLength: QUEUE_LENGTH_MAX,
  arguments: declaration.arguments,
})

async function consume(
  connection: BrokerConnection,
  { queue, priority }: Pick<BrokerLinkOptions, 'queue' | 'priority'>,
  handle: BrokerLinkParts['handle'],
): Promise<void> {
  const channel = await connection.model.createChannel()
  isVital(connection, channel)
  await channel.prefetch(UNACKNOWLEDGED_MAX)
  const settle = async (message: ConsumeMessage): Promise<void> => {
    try {
      const disposition = await handle(deliveryOf(message), connection.ended)
      if (connection.ended.aborted || disposition === 'left') return
      if (disposition === 'taken') channel.ack(message)
      else channel.reject(message, false)
    } catch (error) {
      connection.end(describeError(error))
    }
  }
  const onMessage = (message: ConsumeMessage | null): void => {
    if (message === null) return connection.end('the broker cancelled our consumer')
    void settle(message) // it never rejects
  }
  await channel.consume(queue, onMessage, { priority })
}

const deliveryOf = ({ fields, properties, content }: ConsumeMessage): Delivery => ({
  routingKey: fields.routingKey,
  compression: properties.headers?.['compression'],
  body: content,
})

/** What the bridge has of one connection to RabbitMQ: our own queue, its bindings, its consumer. */
import type { ConsumeMessage } from 'amqplib'
import { describeError } from '../../schema/errors.ts'
import {
  askBroker,
  isVital,
  openBrokerConnection,
  type BrokerAddress,
  type BrokerConnection,
} from './broker-connection.ts'

export interface BrokerLinkOptions extends BrokerAddress {
  /** The cloud's topic exchange. It is never declared here: its flags are the cloud's. */
  readonly exchange: string
  readonly queue: string
  /** Routing keys `<topic>.<priority>` are bound for each of them. */
  readonly topics: readonly string[]
}

export interface Delivery {
  readonly routingKey: string
  readonly body: Uint8Array
  /** The header `compression`, as it came. */
  readonly compression?: unknown
}

/** discarded goes to the broker's dead-letter exchange, if one was configured there. */
export type Disposition = 'taken' | 'discarded'

export interface BrokerLink extends AsyncDisposable {
  /** Aborted, with a sentence as the reason, once nothing will be delivered any more. */
  readonly ended: AbortSignal
  /** Binds the queue again; absent when there is no such exchange (yet). */
  bind(): Promise<'bound' | 'absent'>
}

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
  handle: (delivery: Delivery) => Disposition,
  signal: AbortSignal,
): Promise<BrokerLink> {
  const { queue, exchange, topics } = options
  const connection = await openBrokerConnection(
    options,
    (opened) => consume(opened, queue, handle),
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
    [Symbol.asyncDispose]: () => Promise.resolve(connection[Symbol.asyncDispose]()),
  }
}

async function consume(
  connection: BrokerConnection,
  queue: string,
  handle: (delivery: Delivery) => Disposition,
): Promise<void> {
  const channel = await connection.model.createChannel()
  isVital(connection, channel)
  await channel.assertQueue(queue, {
    durable: true,
    messageTtl: MESSAGE_TTL_MS,
    maxLength: QUEUE_LENGTH_MAX,
  })
  await channel.prefetch(UNACKNOWLEDGED_MAX)
  await channel.consume(queue, (message: ConsumeMessage | null) => {
    if (message === null) return connection.end('the broker cancelled our consumer')
    try {
      const delivery = {
        routingKey: message.fields.routingKey,
        body: message.content,
        compression: message.properties.headers?.['compression'],
      }
      if (handle(delivery) === 'taken') channel.ack(message)
      else channel.reject(message, false)
    } catch (error) {
      connection.end(describeError(error))
    }
  })
}

/** One connection to RabbitMQ: our own queue, its bindings, its consumer. It is used once and never mended. */
import { connect, type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { describeError } from '../../schema/errors.ts'

export interface BrokerLinkOptions {
  /** `amqp[s]://user:password@host:port/vhost`. */
  readonly url: Secret
  readonly clock: ClockPort
  /** The cloud's topic exchange. It is never declared here: its flags are the cloud's. */
  readonly exchange: string
  readonly queue: string
  /** Routing keys `<topic>.<priority>` are bound for each of them. */
  readonly topics: readonly string[]
}

export interface Delivery {
  readonly routingKey: string
  readonly body: Uint8Array
}

/** discarded goes to the broker's dead-letter exchange, if one was configured there. */
export type Disposition = 'taken' | 'discarded'

export interface BrokerLink extends AsyncDisposable {
  /** Aborted, with a sentence as the reason, once nothing will be delivered any more. */
  readonly ended: AbortSignal
  /** Binds the queue again; absent when there is no such exchange (yet). */
  bind(): Promise<'bound' | 'absent'>
}

/** A frozen broker is noticed after two of these. */
const HEARTBEAT_S = 10
const CONNECT_MS_MAX = 5000
const CLOSE_MS_MAX = 2000
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
  const cutting = new AbortController()
  const cut = (): void => cutting.abort(signal.reason)
  signal.addEventListener('abort', cut, { once: true })
  try {
    // The signal goes on to node:net and destroys the socket, which amqplib itself cannot.
    const socket = { timeout: CONNECT_MS_MAX, noDelay: true, signal: cutting.signal }
    const connection = await connect(withHeartbeat(options.url), socket)
    const link = linkOf(connection, options, cutting)
    const end = (reason: string): void => link.end(reason)
    await consume(await connection.createChannel(), options.queue, handle, end)
    return link
  } catch (error) {
    cutting.abort()
    throw error
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

function withHeartbeat(url: Secret): string {
  const parsed = new URL(url.reveal())
  parsed.searchParams.set('heartbeat', String(HEARTBEAT_S))
  return parsed.href
}

interface EndableLink extends BrokerLink {
  end(reason: string): void
}

function linkOf(
  connection: ChannelModel,
  options: BrokerLinkOptions,
  cutting: AbortController,
): EndableLink {
  const ending = new AbortController() // only its first reason counts
  const end = (reason: string): void => ending.abort(reason)
  connection.on('error', (error) => end(describeError(error)))
  connection.on('close', () => end('the connection was closed'))
  return {
    ended: ending.signal,
    end,
    async bind() {
      const channel = await connection.createChannel() // a refusal closes it, and only it
      channel.on('error', ignoreTwin)
      try {
        await channel.checkExchange(options.exchange)
        for (const topic of options.topics) {
          await channel.bindQueue(options.queue, options.exchange, `${topic}.*`)
        }
      } catch (error) {
        if (isNotFound(error)) return 'absent'
        throw error
      }
      await channel.close()
      return 'bound'
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      const cancel = options.clock.schedule(CLOSE_MS_MAX, closed.resolve)
      connection.close().then(closed.resolve, closed.resolve) // rejects when it had ended already
      await closed.promise
      cancel()
      cutting.abort()
    },
  }
}

async function consume(
  channel: Channel,
  queue: string,
  handle: (delivery: Delivery) => Disposition,
  end: (reason: string) => void,
): Promise<void> {
  channel.on('error', (error) => end(describeError(error)))
  channel.on('close', () => end('the channel was closed'))
  await channel.assertQueue(queue, {
    durable: true,
    messageTtl: MESSAGE_TTL_MS,
    maxLength: QUEUE_LENGTH_MAX,
  })
  await channel.prefetch(UNACKNOWLEDGED_MAX)
  await channel.consume(queue, (message: ConsumeMessage | null) => {
    if (message === null) return end('the broker cancelled our consumer')
    try {
      const delivery = { routingKey: message.fields.routingKey, body: message.content }
      if (handle(delivery) === 'taken') channel.ack(message)
      else channel.reject(message, false)
    } catch (error) {
      end(describeError(error))
    }
  })
}

/** amqplib tells of a refused call twice: by the rejection, which is handled, and by this event. */
function ignoreTwin(): void {}

const isNotFound = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 404

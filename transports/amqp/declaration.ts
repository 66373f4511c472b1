/** Declares exchanges and queues as oslo.messaging does, so that other services can declare the same ones. */
import type { Channel, Options } from 'amqplib'
import type { LogPort } from '../../actors/ports/log.ts'
import { describeError } from '../../schema/errors.ts'
import { askBroker, type BrokerConnection } from './broker-connection.ts'

/** What `[oslo_messaging_rabbit]` says of queues; a limit of 0 is none. */
export interface QueueOptions {
  readonly durable: boolean
  readonly autoDelete: boolean
  /** Mirrored classic queues, of old brokers. */
  readonly mirrored: boolean
  readonly quorum: boolean
  readonly deliveryLimit: number
  readonly memoryLength: number
  readonly memoryBytes: number
}

/** How something is declared. */
export interface Declaration {
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly arguments: Readonly<Record<string, string | number>>
}

/** What oslo.messaging makes of the options; quorum queues are always durable. Pure. */
export function declarationOf(options: QueueOptions): Declaration {
  const { durable, autoDelete, mirrored, quorum } = options
  const limits = {
    'x-delivery-limit': options.deliveryLimit,
    'x-max-in-memory-length': options.memoryLength,
    'x-max-in-memory-bytes': options.memoryBytes,
  }
  const inForce = Object.entries(limits).filter(([, limit]) => limit > 0)
  return {
    durable: durable || quorum,
    autoDelete,
    arguments: {
      ...(mirrored ? { 'x-ha-policy': 'all' } : {}),
      ...(quorum ? { 'x-queue-type': 'quorum', ...Object.fromEntries(inForce) } : {}),
    },
  }
}

/** Declares what is absent. What exists otherwise is used as it is, which is said once. */
export class Declarer {
  readonly #log: LogPort
  readonly #told = new Set<string>()

  constructor(log: LogPort) {
    this.#log = log
  }

  async exchange(
    connection: BrokerConnection,
    name: string,
    { durable, autoDelete }: Declaration,
  ): Promise<void> {
    await this.#declare(connection, `exchange ${name}`, {
      declare: (channel) => channel.assertExchange(name, 'topic', { durable, autoDelete }),
      look: (channel) => channel.checkExchange(name),
    })
  }

  async queue(
    connection: BrokerConnection,
    name: string,
    options: Options.AssertQueue,
  ): Promise<void> {
    await this.#declare(connection, `queue ${name}`, {
      declare: (channel) => channel.assertQueue(name, options),
      look: (channel) => channel.checkQueue(name),
    })
  }

  async #declare(
    connection: BrokerConnection,
    what: string,
    { declare, look }: Record<'declare' | 'look', (channel: Channel) => Promise<unknown>>,
  ): Promise<void> {
    try {
      await askBroker(connection, declare)
    } catch (refusal) {
      if (!isRefusal(refusal)) throw refusal
      if ((await askBroker(connection, look)) === undefined) throw refusal
      if (this.#told.has(what)) return
      this.#told.add(what)
      const fields = { what, reason: describeError(refusal) }
      this.#log.warn(fields, 'used as it is: it was declared otherwise, or we may not declare it')
    }
  }
}

/** Access refused, precondition failed. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 403 || error.code === 406)

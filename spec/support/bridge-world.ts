/** A bridge on a real RabbitMQ, and Nova on the other side of it. */
import { connect, type Options } from 'amqplib'
import type { LogPort } from '../../actors/ports/log.ts'
import { Secret } from '../../schema/control-attributes.ts'
import type { ComputeEvent } from '../../schema/messages/incident.ts'
import { startComputeBridge, type ComputeBridge } from '../../transports/amqp/compute-bridge.ts'
import type { ComputeFault } from '../../transports/amqp/compute-fault.ts'
import { declarationOf, type QueueOptions } from '../../transports/amqp/declaration.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { silentLog } from './logs.ts'
import { PLAIN_QUEUES } from './queues.ts'
import { until } from './until.ts'

export interface BridgeSetting {
  /** The name of its exchange; with `-ha` at the end, the name of its queue. */
  readonly name: string
  readonly urls: readonly [string, ...string[]]
  readonly log?: LogPort
  readonly publish?: (event: ComputeEvent) => void
  readonly submit?: (fault: ComputeFault) => Promise<void>
  readonly options?: Partial<QueueOptions>
}

export interface ObservedBridge extends ComputeBridge {
  /** What it published. */
  readonly events: ComputeEvent[]
}

/** Starts a bridge. */
export function bridgeOf(setting: BridgeSetting): ObservedBridge {
  const events: ComputeEvent[] = []
  const [first, ...others] = setting.urls
  const bridge = startComputeBridge({
    urls: [new Secret(first), ...others.map((url) => new Secret(url))],
    tls: undefined,
    exchange: setting.name,
    queue: `${setting.name}-ha`,
    declaration: declarationOf({ ...PLAIN_QUEUES, ...setting.options }),
    topics: ['notifications', 'versioned_notifications'],
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: setting.log ?? silentLog,
    publish: (event) => {
      setting.publish?.(event)
      events.push(event)
    },
    submit: setting.submit,
  })
  return { ...bridge, events }
}

type Send = (
  routingKey: string,
  body: Uint8Array | string,
  options?: Options.Publish,
) => Promise<void>

/** Nova's side: its exchange, with the flags that clouds have by default. */
export async function senderOf(
  url: string,
  exchange: string,
): Promise<AsyncDisposable & { readonly send: Send }> {
  const connection = await connect(url, { noDelay: true })
  connection.on('error', () => undefined)
  const channel = await connection.createConfirmChannel()
  await channel.assertExchange(exchange, 'topic', { durable: false })
  return {
    async send(routingKey, body, options = {}) {
      channel.publish(exchange, routingKey, Buffer.from(body), { persistent: true, ...options })
      await channel.waitForConfirms()
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** A notification as the bare old driver sends it; its type and payload can be changed. */
export const notification = (id: string, change: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    message_id: id,
    publisher_id: 'nova-compute:compute-1',
    event_type: 'scheduler.select_destinations.end',
    priority: 'INFO',
    timestamp: '2026-11-22 08:35:05.773319',
    payload: { host: 'compute-1' },
    _unique_id: `unique-${id}`,
    ...change,
  })

export const idsOf = (bridge: ObservedBridge): readonly string[] =>
  bridge.events.map((event) => event.messageId)

/** Resolves when the queue is bound. */
export const inForce = (bridge: ComputeBridge): Promise<void> =>
  until('bound', () => bridge.connected(), 40_000)

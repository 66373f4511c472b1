/** The bridge on a real RabbitMQ: what Nova sends comes out once, whatever happens to the broker meanwhile. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { connect, type ChannelModel } from 'amqplib'
import test from 'ava'
import type { LogPort } from '../../../actors/ports/log.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { isCoded } from '../../../schema/errors.ts'
import type { ComputeEvent } from '../../../schema/messages/incident.ts'
import { startComputeBridge, type ComputeBridge } from '../../../transports/amqp/compute-bridge.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { freePort } from '../../support/process.ts'
import { recordingLog, silentLog } from '../../support/logs.ts'
import { captures } from '../../support/notifications.ts'
import { startRabbitmq, type Rabbitmq } from '../../support/rabbitmq.ts'
import { until } from '../../support/until.ts'

let broker: Rabbitmq
test.before(async () => {
  broker = await startRabbitmq()
})
test.after.always(() => broker[Symbol.asyncDispose]())

interface BridgeSetting {
  readonly name: string
  readonly log?: LogPort
  readonly urls?: readonly [string, ...string[]]
  readonly publish?: (event: ComputeEvent) => void
}

/** A bridge with exchange and queue of that name, and what it published. */
function bridgeOf(setting: BridgeSetting): ComputeBridge & { readonly events: ComputeEvent[] } {
  const events: ComputeEvent[] = []
  const [first, ...others] = setting.urls ?? [broker.url]
  const bridge = startComputeBridge({
    urls: [new Secret(first), ...others.map((url) => new Secret(url))],
    tls: undefined,
    exchange: setting.name,
    queue: `${setting.name}-ha`,
    topics: ['notifications', 'versioned_notifications'],
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: setting.log ?? silentLog,
    publish: (event) => {
      setting.publish?.(event)
      events.push(event)
    },
  })
  return { ...bridge, events }
}

/** Nova's side: its exchange, with the flags that clouds have by default. */
async function senderOf(exchange: string): Promise<AsyncDisposable & { send: Send }> {
  const connection = await connect(broker.url, { noDelay: true })
  const channel = await connection.createConfirmChannel()
  await channel.assertExchange(exchange, 'topic', { durable: false })
  return {
    async send(routingKey, body, compression) {
      const headers = compression === undefined ? {} : { compression }
      channel.publish(exchange, routingKey, Buffer.from(body), { persistent: true, headers })
      await channel.waitForConfirms()
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}
type Send = (routingKey: string, body: Uint8Array | string, compression?: string) => Promise<void>

const notification = (id: string): string =>
  JSON.stringify({
    message_id: id,
    publisher_id: 'nova-compute:compute-1',
    event_type: 'service.update',
    priority: 'INFO',
    timestamp: '2026-11-22 08:35:05.773319',
    payload: { host: 'compute-1' },
    _unique_id: `unique-${id}`,
  })

const idsOf = (bridge: { readonly events: readonly ComputeEvent[] }): readonly string[] =>
  bridge.events.map((event) => event.messageId)

const inForce = (bridge: ComputeBridge): Promise<void> =>
  until('bound', () => bridge.connected(), 40_000)

async function deleted(name: string, what: 'exchange' | 'queue'): Promise<void> {
  const connection: ChannelModel = await connect(broker.url)
  const channel = await connection.createChannel()
  await (what === 'queue' ? channel.deleteQueue(name) : channel.deleteExchange(name))
  await connection.close()
}

test.serial('every captured notification comes out, in order', async (t) => {
  await using sender = await senderOf('captured')
  await using bridge = bridgeOf({ name: 'captured' })
  await inForce(bridge)
  const all = await captures()
  for (const capture of all) await sender.send(capture.routingKey, capture.body)
  await until('all came out', () => bridge.events.length >= all.length)
  t.deepEqual(
    bridge.events.map((event) => event.format),
    all.map((capture) => capture.format),
  )
  t.is(bridge.parked(), 0)
})

test.serial('two bridges with one queue share the messages', async (t) => {
  await using sender = await senderOf('shared')
  await using one = bridgeOf({ name: 'shared' })
  await using other = bridgeOf({ name: 'shared' })
  await until('both bound', () => one.connected() && other.connected())
  for (const id of ['a', 'b', 'c', 'd']) await sender.send('notifications.info', notification(id))
  await until('all came out', () => one.events.length + other.events.length === 4)
  t.deepEqual([...idsOf(one), ...idsOf(other)].toSorted(), ['a', 'b', 'c', 'd'])
})

test.serial('a repeated message comes out once', async (t) => {
  await using sender = await senderOf('repeated')
  await using bridge = bridgeOf({ name: 'repeated' })
  await inForce(bridge)
  for (const id of ['a', 'a', 'b', 'a', 'c']) {
    await sender.send('versioned_notifications.error', notification(id))
  }
  await until('the last came out', () => idsOf(bridge).includes('c'))
  t.deepEqual(idsOf(bridge), ['a', 'b', 'c'])
})

test.serial('garbage is counted and told, and stops nothing', async (t) => {
  const log = recordingLog()
  await using sender = await senderOf('garbage')
  await using bridge = bridgeOf({ name: 'garbage', log })
  await inForce(bridge)
  await sender.send('notifications.info', 'hush: not JSON')
  await sender.send('notifications.info', '{"oslo.version": "3.0", "oslo.message": "{}"}')
  await sender.send('notifications.info', notification('good'))
  await until('the good one came out', () => bridge.events.length === 1)
  t.is(bridge.parked(), 2)
  t.true(log.lines.some((line) => line.includes('cannot be read')))
  t.false(log.lines.join().includes('hush'))
})

test.serial('compressed notifications are read, and the others are parked by name', async (t) => {
  const log = recordingLog()
  await using sender = await senderOf('packed')
  await using bridge = bridgeOf({ name: 'packed', log })
  await inForce(bridge)
  const send = (body: Uint8Array, compression: string): Promise<void> =>
    sender.send('notifications.info', body, compression)
  const gzip = 'application/x-gzip'
  await send(gzipSync(notification('gzip')), gzip)
  await send(deflateSync(notification('zlib, as kombu packs it')), gzip)
  await send(brotliCompressSync(notification('brotli')), 'application/x-brotli')
  await send(zstdCompressSync(notification('zstd')), 'application/zstd')
  await send(gzipSync(Buffer.alloc(200_000_000)), gzip)
  await send(gzipSync(notification('cut')).subarray(0, 40), gzip)
  await send(Buffer.from('anything'), 'application/x-bz2')
  await send(Buffer.from('anything'), 'constructor')
  await send(Buffer.from('anything'), 'a\nline')
  await sender.send('notifications.info', notification('plain'))
  await until('the last came out', () => idsOf(bridge).includes('plain'))
  t.deepEqual(idsOf(bridge), ['gzip', 'zlib, as kombu packs it', 'brotli', 'zstd', 'plain'])
  t.is(bridge.parked(), 5)
  const told = log.lines.join('\n')
  t.regex(told, /longer than 524288 bytes when unpacked/)
  t.regex(told, /damaged, or not packed with application\/x-gzip/)
  t.regex(told, /compressed with application\/x-bz2, which cannot be read here/)
  t.regex(told, /compressed with constructor, which cannot be read here/)
  t.regex(told, /compressed with something without a plain name/)
})

test.serial('an exchange that comes later is found', async (t) => {
  const log = recordingLog()
  await using bridge = bridgeOf({ name: 'later', log })
  await until('its absence is told', () => log.lines.some((line) => line.includes('absent')))
  t.false(bridge.connected())
  await using sender = await senderOf('later')
  await inForce(bridge)
  await sender.send('notifications.info', notification('a'))
  await until('it came out', () => bridge.events.length === 1)
  t.deepEqual(idsOf(bridge), ['a'])
})

test.serial('a message whose publishing fails comes again', async (t) => {
  let failures = 0
  const publish = (): void => {
    failures += 1
    if (failures === 1) throw new Error('the bus is full')
  }
  await using sender = await senderOf('failing')
  await using bridge = bridgeOf({ name: 'failing', publish })
  await inForce(bridge)
  await sender.send('notifications.info', notification('a'))
  await until('it came out', () => bridge.events.length === 1)
  t.is(failures, 2)
})

test.serial('a queue that somebody deleted is declared again', async (t) => {
  await using sender = await senderOf('unqueued')
  await using bridge = bridgeOf({ name: 'unqueued' })
  await inForce(bridge)
  await deleted('unqueued-ha', 'queue')
  await until('noticed', () => !bridge.connected())
  await inForce(bridge)
  await sender.send('notifications.info', notification('a'))
  await until('it came out', () => bridge.events.length === 1)
  t.deepEqual(idsOf(bridge), ['a'])
})

test.serial('a broker that does not answer is passed over for the next one', async (t) => {
  await using sender = await senderOf('cluster')
  const nobody = `amqp://guest:hush@127.0.0.1:${await freePort()}/`
  const log = recordingLog()
  await using bridge = bridgeOf({ name: 'cluster', log, urls: [nobody, broker.url] })
  await inForce(bridge)
  await sender.send('notifications.info', notification('a'))
  await until('it came out', () => bridge.events.length === 1)
  t.false(log.lines.join().includes('hush'))
})

test.serial('a bridge whose credentials are wrong keeps trying and can be stopped', async (t) => {
  const log = recordingLog()
  const bridge = bridgeOf({
    name: 'wrong',
    log,
    urls: [broker.url.replace('guest:guest', 'guest:hush')],
  })
  await until('tried twice', () => log.lines.length >= 2)
  t.false(bridge.connected())
  t.false(log.lines.join().includes('hush'))
  await bridge[Symbol.asyncDispose]()
})

test.serial('a bridge outlives a restart of the broker and knows what it has seen', async (t) => {
  const before = await senderOf('restarted')
  await using bridge = bridgeOf({ name: 'restarted' })
  await inForce(bridge)
  await before.send('notifications.info', notification('before'))
  await until('it came out', () => bridge.events.length === 1)
  await before[Symbol.asyncDispose]()

  await broker.stop()
  await until('noticed', () => !bridge.connected())
  await broker.start()
  // The exchange was not durable: it comes back with Nova's next notification.
  await using after = await senderOf('restarted')
  await inForce(bridge)
  await after.send('notifications.info', notification('before'))
  await after.send('notifications.info', notification('after'))
  await until('it came out', () => idsOf(bridge).includes('after'))
  t.deepEqual(idsOf(bridge), ['before', 'after'])
})

test('a URL that is none is refused without being repeated', (t) => {
  const error = t.throws(() => bridgeOf({ name: 'none', urls: ['http://user:hush@broker/'] }))
  t.true(isCoded(error, 'CONFIG_INVALID'))
  t.false(String(error.stack).includes('hush'))
})

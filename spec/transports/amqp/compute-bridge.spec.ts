/** The bridge on a real RabbitMQ: what Nova sends comes out once, whatever happens to the broker meanwhile. */
import { readFile } from 'node:fs/promises'
import { deflateSync } from 'node:zlib'
import { connect, type ChannelModel, type Options } from 'amqplib'
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import * as world from '../../support/bridge-world.ts'
import { idsOf, inForce, notification, type ObservedBridge } from '../../support/bridge-world.ts'
import { freePort } from '../../support/process.ts'
import { recordingLog } from '../../support/logs.ts'
import { captures } from '../../support/notifications.ts'
import { startRabbitmq, type Rabbitmq } from '../../support/rabbitmq.ts'
import { until } from '../../support/until.ts'

let broker: Rabbitmq
test.before(async () => {
  broker = await startRabbitmq()
})
test.after.always(() => broker[Symbol.asyncDispose]())

/** A bridge on the broker, if no other one is named. */
const bridgeOf = (
  setting: Omit<world.BridgeSetting, 'urls'> & Partial<Pick<world.BridgeSetting, 'urls'>>,
): ObservedBridge => world.bridgeOf({ urls: [broker.url], ...setting })

const senderOf = (exchange: string): ReturnType<typeof world.senderOf> =>
  world.senderOf(broker.url, exchange)

const packed = (compression: string): Options.Publish => ({ headers: { compression } })

async function deleted(name: string, what: 'exchange' | 'queue'): Promise<void> {
  const connection: ChannelModel = await connect(broker.url)
  const channel = await connection.createChannel()
  await (what === 'queue' ? channel.deleteQueue(name) : channel.deleteExchange(name))
  await connection.close()
}

for (const format of ['versioned', 'unversioned'] as const) {
  test.serial(`every captured notification that is ${format} comes out, in order`, async (t) => {
    await using sender = await senderOf(format)
    await using bridge = bridgeOf({ name: format })
    await inForce(bridge)
    const all = (await captures()).filter((capture) => capture.format === format)
    for (const capture of all) await sender.send(capture.routingKey, capture.body)
    await until('all came out', () => bridge.events.length >= all.length)
    t.is(bridge.events.length, all.length)
    t.deepEqual(bridge.counts().duplicates + bridge.counts().parked, 0)
  })
}

/** One event in the two formats of Nova. */
const twins = (id: string): readonly (readonly [routingKey: string, body: string])[] => [
  ['notifications.info', notification(`${id}-u`, { event_type: `compute.instance.${id}.end` })],
  ['versioned_notifications.info', notification(`${id}-v`, versionedOf(`instance.${id}.end`))],
]
const versionedOf = (type: string) => ({
  event_type: type,
  payload: {
    'nova_object.data': { host: 'compute-1' },
    'nova_object.name': 'InstanceActionPayload',
  },
})

test.serial('one of two bridges reads, and an event in both formats comes out once', async (t) => {
  await using sender = await senderOf('shared')
  const one = bridgeOf({ name: 'shared' })
  await using other = bridgeOf({ name: 'shared' })
  await until('both bound', () => one.connected() && other.connected())
  const types = ['pause', 'resume', 'reboot', 'rescue']
  for (const [key, body] of types.flatMap(twins)) await sender.send(key, body)
  const counts = () => one.counts().received + other.counts().received
  await until('all were read', () => counts() === 2 * types.length)
  t.is(one.events.length + other.events.length, types.length)
  t.is(Math.min(one.events.length, other.events.length), 0)
  await one[Symbol.asyncDispose]()
  for (const [key, body] of twins('evacuate')) await sender.send(key, body)
  const names = (): string[] => [...one.events, ...other.events].map(({ eventType }) => eventType)
  await until('the other one reads on', () => names().some((name) => name.includes('evacuate')))
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
  t.is(bridge.counts().parked, 2)
  t.true(log.lines.some((line) => line.includes('cannot be read')))
  t.false(log.lines.join().includes('hush'))
})

test.serial(
  'packed notifications are unpacked, an unknown packing is parked with its name',
  async (t) => {
    const log = recordingLog()
    await using sender = await senderOf('packed')
    await using bridge = bridgeOf({ name: 'packed', log })
    await inForce(bridge)
    const file = await readFile('spec/fixtures/amqp/gzip-body.bin')
    await sender.send('notifications.info', file, packed('application/x-gzip'))
    const stream = deflateSync(notification('zlib'))
    await sender.send('notifications.info', stream, packed('application/x-gzip'))
    await sender.send('notifications.info', Buffer.from('hush'), packed('application/x-lzma'))
    const odd = { contentType: 'application/x-python', contentEncoding: 'binary' }
    await sender.send('notifications.info', notification('odd'), odd)
    await until('the last came out', () => idsOf(bridge).includes('odd'))
    t.deepEqual(idsOf(bridge).slice(1), ['zlib', 'odd'])
    t.is(bridge.counts().parked, 1)
    t.true(
      log.lines.some((line) => line.includes('application/x-lzma')),
      log.lines.join('\n'),
    )
    t.false(log.lines.join().includes('hush'))
  },
)

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

test.serial('our queue becomes a quorum queue, an older one is used as it is', async (t) => {
  const quorum = { options: { quorum: true } }
  const log = recordingLog()
  await using sender = await senderOf('quorum')
  {
    await using bridge = bridgeOf({ name: 'quorum' })
    await inForce(bridge)
  }
  {
    await using bridge = bridgeOf({ name: 'quorum', log, ...quorum })
    await inForce(bridge)
    await sender.send('notifications.info', notification('a'))
    await until('it came out', () => bridge.events.length === 1)
  }
  t.is(log.lines.filter((line) => line.includes('used as it is')).length, 1)
  await deleted('quorum-ha', 'queue')
  await using bridge = bridgeOf({ name: 'quorum', log, ...quorum })
  await inForce(bridge)
  await sender.send('notifications.info', notification('b'))
  await until('it came out', () => bridge.events.length === 1)
  t.is(log.lines.filter((line) => line.includes('used as it is')).length, 1)
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  channel.on('error', () => undefined)
  const classic = channel.assertQueue('quorum-ha', { durable: true })
  await t.throwsAsync(classic, { message: /inequivalent arg 'x-queue-type'.* is 'quorum'|quorum/ })
  await connection.close()
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

test.serial('a bridge whose credentials are wrong says so once, and can be stopped', async (t) => {
  const log = recordingLog()
  const bridge = bridgeOf({
    name: 'wrong',
    log,
    urls: [broker.url.replace('guest:guest', 'guest:hush')],
  })
  await until('it is refused', () => /ACCESS.REFUSED/.test(bridge.link().reason ?? ''))
  t.false(bridge.connected())
  t.is(log.lines.length, 1)
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

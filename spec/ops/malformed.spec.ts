/** Malformed input from every side is refused or parked, counted and logged, and stops nothing. */
import { connect as connectPlain } from 'node:net'
import { connect as connectBroker } from 'amqplib'
import test from 'ava'
import { connect, type NatsConnection } from 'nats'
import { encode } from '../../schema/messages/codec.ts'
import type { ServerProcess } from '../support/process.ts'
import { openProductWorld, type ProductWorld } from '../support/product-world.ts'
import { startRabbitmq, type Rabbitmq } from '../support/rabbitmq.ts'
import { until } from '../support/until.ts'

const staging = new AsyncDisposableStack()
let world: ProductWorld
let broker: Rabbitmq
let controller: ServerProcess
let bus: NatsConnection

test.before(async () => {
  const [opened, rabbitmq] = await Promise.all([openProductWorld(), startRabbitmq()])
  world = staging.use(opened)
  broker = staging.use(rabbitmq)
  bus = await connect({ servers: world.nats.url, user: 'ha', pass: world.natsPassword })
  staging.defer(async () => await bus.close())
  const amqp = await connectBroker(broker.url)
  staging.defer(async () => await amqp.close())
  const channel = await amqp.createChannel()
  await channel.assertExchange('nova', 'topic', { durable: false })
  const url = broker.url.replace('amqp:', 'rabbit:')
  const bridge = `[bridge]\ntransport_url = ${url}\n`
  controller = await world.start('controller-1', 'gateway, engine, bridge', bridge)
  await world.register()
  await until('somebody leads', async () => {
    return (await world.supervisors()).some(({ leading }) => leading)
  })
})
test.after.always(async () => await staging.disposeAsync())

const timesTold = (line: RegExp): number => controller.output().split(line).length - 1

const FROM = {
  cloud: 'default',
  node: 'stranger',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  sentAt: 0,
}
const NOTICE = encode('notification.accepted', { notification: 'n', segment: 's' }, FROM)

/** One of our messages with some fields of its envelope replaced. */
const spoilt = (change: object): string =>
  JSON.stringify({ ...JSON.parse(new TextDecoder().decode(NOTICE.body)), ...change })

test.serial(
  'a message on the bus that cannot be decoded is parked and logged, once each',
  async (t) => {
    const parked: string[] = []
    bus.subscribe('ha.default.parked.>', {
      callback: (_error, message) => void parked.push(message.string()),
    })
    await bus.flush()
    const malformed = [
      'not JSON',
      '{}',
      '[]',
      '"',
      spoilt({ sender: 'a\u001Bb' }),
      spoilt({ body: { n: 1 } }),
    ]
    for (const subject of [
      'ha.default.observation.host.segment.host',
      'ha.default.fault.guest.x',
    ]) {
      for (const text of malformed) bus.publish(subject, text)
      bus.publish(subject, new Uint8Array([0xff, 0xfe, 0x00]))
    }
    bus.publish('ha.default.health.engine.stranger', 'not JSON') // the health board only ignores it
    await bus.flush()
    const count = 2 * (malformed.length + 1)
    await until('all are parked', () => parked.length >= count)
    t.is(parked.length, count)
    t.deepEqual(parked.filter((text) => text === '{}').length, 2, 'as they came')
    t.is(timesTold(/"msg":"message parked"/), count)
    t.deepEqual(await world.unready(), {})
  },
)

test.serial(
  'a message on the broker that cannot be read is logged, and the next message is read',
  async (t) => {
    await until('the bridge is bound', () => timesTold(/notification exchange: bound/) > 0)
    const events: string[] = []
    bus.subscribe('ha.default.compute.>', {
      callback: (_error, message) => void events.push(message.subject),
    })
    await bus.flush()
    const amqp = await connectBroker(broker.url)
    const channel = await amqp.createChannel()
    const service = {
      message_id: 'one',
      publisher_id: 'nova-compute:x',
      event_type: 'service.update',
    }
    const good = { ...service, priority: 'INFO', timestamp: '2026-11-22 08:35:05', payload: {} }
    const bodies = ['not JSON', '{"oslo.version": "3.0"}', '[]', JSON.stringify(good)]
    for (const body of bodies) channel.publish('nova', 'notifications.info', Buffer.from(body))
    await until('the good one came through', () => events.length > 0)
    await amqp.close()
    t.deepEqual(events, ['ha.default.compute.controller-1.service.update'])
    t.is(timesTold(/"msg":"notification cannot be read"/), 3)
  },
)

/** Sends raw bytes to the API; returns the answer until the connection ends. */
function raw(text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connectPlain(Number(new URL(world.url).port), '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk.toString()
  })
  socket.on('error', () => resolve(answer))
  socket.on('close', () => resolve(answer))
  socket.write(text)
  return promise
}

test.serial('malformed requests are refused, and none ends the process', async (t) => {
  const headers = {
    'Content-Type': 'application/json',
    'X-Auth-Token': world.http.keystone.issue('admin'),
  }
  const post = async (path: string, body: string): Promise<number> =>
    (await fetch(`${world.url}/v1${path}`, { method: 'POST', headers, body })).status
  t.is(await post('/notifications', '{'), 400)
  t.is(await post('/notifications', '[]'), 400)
  t.is(await post('/notifications', '{"notification": {"type": "COMPUTE_HOST"}}'), 400)
  t.is(await post('/segments', '{"segment": {"name": "\u0000"}}'), 400)
  t.is(await post('/notifications', `"${'x'.repeat(200_000)}"`), 413)
  t.is((await fetch(`${world.url}/v1/%ff`, { headers })).status, 400)
  t.regex(await raw('garbage\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.regex(await raw(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), / 431 |^$/)
  t.is((await fetch(`${world.url}/health/live`)).status, 200)
})

test.serial('after all that, a recovery runs as usual', async (t) => {
  t.timeout(60_000)
  await world.finished(await world.loseHost('compute-01'))
  t.is(timesTold(/gives up/), 0)
  t.deepEqual(world.http.cloud.violations, [])
})

/** The bridge on a real RabbitMQ with other consumers, hostile senders, alarms and failures. */
import { gzipSync } from 'node:zlib'
import { connect } from 'amqplib'
import test from 'ava'
import {
  bridgeOf,
  idsOf,
  inForce,
  notification,
  senderOf,
  type BridgeSetting,
} from '../../support/bridge-world.ts'
import { recordingLog } from '../../support/logs.ts'
import { startRabbitmq, type Rabbitmq } from '../../support/rabbitmq.ts'
import { until } from '../../support/until.ts'

let broker: Rabbitmq
let other: Rabbitmq
test.before(async () => {
  ;[broker, other] = await Promise.all([startRabbitmq(), startRabbitmq()])
})
test.after.always(async () => {
  await broker[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

const onBroker = (name: string, more: Partial<BridgeSetting> = {}): BridgeSetting => ({
  name,
  urls: [broker.url],
  ...more,
})

const PATIENCE_MS = 60_000

test.serial('other consumers of the notifications lose none to the bridge', async (t) => {
  await using sender = await senderOf(broker.url, 'common')
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  // As Nova itself declares it, for Ceilometer and others.
  await channel.assertQueue('notifications.info', { durable: false })
  await channel.bindQueue('notifications.info', 'common', 'notifications.info')
  await using bridge = bridgeOf(onBroker('common'))
  await inForce(bridge)
  const ids = Array.from({ length: 20 }, (_, at) => `n${at}`)
  for (const id of ids) await sender.send('notifications.info', notification(id))
  await until('all came out', () => bridge.events.length === ids.length)
  t.deepEqual(idsOf(bridge), ids)
  t.is((await channel.checkQueue('notifications.info')).messageCount, ids.length)
  await connection.close()
})

test.serial('the bridge does not read messages between services on the exchange', async (t) => {
  await using sender = await senderOf(broker.url, 'rpc')
  await using bridge = bridgeOf(onBroker('rpc'))
  await inForce(bridge)
  await sender.send('compute.compute-1', notification('an order'))
  await sender.send('conductor', notification('another'))
  await sender.send('notifications.info', notification('news'))
  await until('it came out', () => bridge.events.length === 1)
  t.deepEqual(idsOf(bridge), ['news'])
  t.is(bridge.counts().received, 1)
})

const HUGE = 10 * 1024 * 1024
const bomb = gzipSync(Buffer.alloc(HUGE, 0x20))
const HOSTILE: readonly (readonly [
  what: string,
  body: Uint8Array | string,
  compression?: string,
])[] = [
  ['10 MB of text', Buffer.alloc(HUGE, 0x41)],
  ['a notification of 10 MB', notification('huge', { payload: { text: 'x'.repeat(HUGE) } })],
  ['10 MB of zeros', Buffer.alloc(HUGE)],
  ['10 MB that are packed', bomb, 'application/x-gzip'],
  ['brackets without end', '['.repeat(400_000)],
  ['envelopes within envelopes', envelopes(5)],
  ['an empty body', ''],
  ['half a character', Buffer.from([0xe2, 0x82])],
  ['a compression that is none', notification('packed'), 'application/x-python-serialize'],
  ['an event type that is a wildcard', notification('wild', { event_type: '>' })],
  ['a payload that is a number', notification('number', { payload: 7 })],
  ['a prototype', '{"__proto__":{"message_id":"x"},"constructor":1}'],
]

function envelopes(depth: number): string {
  let text = notification('deep')
  for (let at = 0; at < depth; at += 1) {
    text = JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text })
  }
  return text
}

test.serial('each hostile body is parked, and the next message is read', async (t) => {
  t.timeout(2 * PATIENCE_MS)
  const log = recordingLog()
  await using sender = await senderOf(broker.url, 'hostile')
  await using bridge = bridgeOf(onBroker('hostile', { log }))
  await inForce(bridge)
  for (const [at, [what, body, compression]] of HOSTILE.entries()) {
    const headers = compression === undefined ? {} : { compression }
    await sender.send('notifications.error', body, { headers })
    await sender.send('notifications.error', notification(`after-${at}`))
    const came = (): boolean => idsOf(bridge).includes(`after-${at}`)
    await until(`what follows ${what} came out`, came, PATIENCE_MS)
    t.is(bridge.counts().parked, at + 1, what)
  }
  t.true(bridge.connected())
  t.deepEqual(
    log.lines.filter((line) => line.length > 1000 || line.includes('not linked')),
    [],
    'no line repeats a body, and the link was never lost',
  )
})

test.serial('a flood of garbage does not fill the log', async (t) => {
  const log = recordingLog()
  await using sender = await senderOf(broker.url, 'flood')
  await using bridge = bridgeOf(onBroker('flood', { log }))
  await inForce(bridge)
  for (let at = 0; at < 200; at += 1) await sender.send('notifications.info', `garbage ${at}`)
  await until('all were counted', () => bridge.counts().parked === 200)
  t.is(log.lines.filter((line) => line.includes('cannot be read')).length, 60)
})

test.serial('each message is counted once, in its own count', async (t) => {
  await using sender = await senderOf(broker.url, 'counted')
  await using bridge = bridgeOf(onBroker('counted'))
  await inForce(bridge)
  const nameless = { event_type: 'compute.host.error', publisher_id: 'api.vm', payload: {} }
  for (const body of [
    notification('a'),
    notification('a'),
    'garbage',
    notification('b', nameless),
    notification('c'),
  ]) {
    await sender.send('notifications.info', body)
  }
  await until('the last came out', () => idsOf(bridge).includes('c'))
  t.deepEqual(bridge.counts(), {
    received: 5,
    reported: 0,
    duplicates: 1,
    parked: 1,
    incomplete: 1,
    unread: 0,
  })
})

test.serial('messages that wait in the queue are counted as unread', async (t) => {
  t.timeout(PATIENCE_MS)
  await using sender = await senderOf(broker.url, 'waiting')
  {
    await using bridge = bridgeOf(onBroker('waiting'))
    await inForce(bridge)
  }
  // The binding outlives the bridge that made it.
  for (let at = 0; at < 100; at += 1) await sender.send('notifications.info', failedHost(`w${at}`))
  const gate = Promise.withResolvers<void>()
  await using bridge = bridgeOf(onBroker('waiting', { submit: () => gate.promise }))
  await until('it looked', () => bridge.counts().unread > 0, PATIENCE_MS)
  t.is(bridge.counts().unread, 100 - 64, 'all but those in our hands')
  gate.resolve()
  await until('all were reported', () => bridge.counts().reported === 100)
})

const failedHost = (id: string): string => notification(id, { event_type: 'compute.host.error' })

test.serial('an alarm of the broker blocks senders, not the bridge', async (t) => {
  t.timeout(2 * PATIENCE_MS)
  await using sender = await senderOf(broker.url, 'alarmed')
  await using late = await senderOf(broker.url, 'alarmed')
  await using bridge = bridgeOf(onBroker('alarmed'))
  await inForce(bridge)
  await sender.send('notifications.info', notification('before'))
  await until('it came out', () => bridge.events.length === 1)
  await broker.setMemoryAlarm('on')
  const held = late.send('notifications.info', notification('meanwhile'))
  // A bridge that starts during the alarm also declares, binds and reads.
  await using another = bridgeOf(onBroker('alarmed'))
  await inForce(another)
  t.true(bridge.connected())
  t.is(bridge.events.length + another.events.length, 1, 'the sender is held up')
  await broker.setMemoryAlarm('off')
  await held
  await until('it came out', () => bridge.events.length + another.events.length === 2)
  t.deepEqual([...idsOf(bridge), ...idsOf(another)].toSorted(), ['before', 'meanwhile'])
})

test.serial(
  'when a broker is lost, the bridge uses the next one, and later returns to the first',
  async (t) => {
    t.timeout(2 * PATIENCE_MS)
    const urls = [broker.url, other.url] as const
    await using bridge = bridgeOf({ name: 'pair', urls })
    {
      await using sender = await senderOf(broker.url, 'pair')
      await inForce(bridge)
      await sender.send('notifications.info', notification('first'))
      await until('it came out', () => bridge.events.length === 1)
    }
    await broker.stop()
    {
      await using sender = await senderOf(other.url, 'pair')
      await until('noticed', () => !bridge.connected())
      await inForce(bridge)
      await sender.send('notifications.info', notification('first'))
      await sender.send('notifications.info', notification('second'))
      await until('it came out', () => idsOf(bridge).includes('second'))
    }
    await broker.start()
    await other.stop()
    await using sender = await senderOf(broker.url, 'pair')
    await until('noticed', () => !bridge.connected())
    await inForce(bridge)
    await sender.send('notifications.info', notification('third'))
    await until('it came out', () => idsOf(bridge).includes('third'))
    t.deepEqual(idsOf(bridge), ['first', 'second', 'third'])
    t.is(bridge.counts().duplicates, 1)
  },
)

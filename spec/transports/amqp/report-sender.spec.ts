/** Event notifications on a real RabbitMQ: what others hear of a recovery, and that no recovery waits for them. */
import { connect } from 'amqplib'
import test from 'ava'
import type { LogPort } from '../../../actors/ports/log.ts'
import type { ReportSubject } from '../../../actors/ports/reports.ts'
import { reportingStore } from '../../../ops/roles/reporting-store.ts'
import { perform } from '../../../ops/simulator/acts.ts'
import { Deployment } from '../../../ops/simulator/deployment.ts'
import { startAll } from '../../../ops/simulator/run-seed.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { isCoded } from '../../../schema/errors.ts'
import type { ComputeEvent } from '../../../schema/messages/incident.ts'
import { declarationOf, type QueueOptions } from '../../../transports/amqp/declaration.ts'
import type { EventForm } from '../../../transports/amqp/event-message.ts'
import { parseOsloNotification } from '../../../transports/amqp/oslo-envelope.ts'
import { startReportSender, type ReportSender } from '../../../transports/amqp/report-sender.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { segmentRow } from '../../actors/records.ts'
import { defaultRules } from '../../simulator/story.ts'
import { recordingLog, silentLog } from '../../support/logs.ts'
import { freePort } from '../../support/process.ts'
import { PLAIN_QUEUES } from '../../support/queues.ts'
import { startRabbitmq, type Rabbitmq } from '../../support/rabbitmq.ts'
import { until } from '../../support/until.ts'

let broker: Rabbitmq
test.before(async () => {
  broker = await startRabbitmq()
})
test.after.always(() => broker[Symbol.asyncDispose]())

interface Setting {
  /** A topic of its own keeps each test's messages apart. */
  readonly topic: string
  readonly url?: string
  readonly log?: LogPort
  readonly options?: Partial<QueueOptions>
  readonly forms?: readonly EventForm[]
}

const senderOf = ({ topic, url, log, options = {}, forms = ['wrapped'] }: Setting): ReportSender =>
  startReportSender({
    urls: [new Secret(url ?? broker.url)],
    tls: undefined,
    topic,
    declaration: declarationOf({ ...PLAIN_QUEUES, ...options }),
    forms,
    node: 'controller-1',
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: log ?? silentLog,
  })

const linked = (sender: ReportSender): Promise<void> =>
  until('linked', () => sender.connected(), 40_000)

interface Reader extends AsyncDisposable {
  readonly events: ComputeEvent[]
}

/** Another system: reads what lies in the queues of the topic, and what comes. */
async function readerOf(topic: string): Promise<Reader> {
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  const events: ComputeEvent[] = []
  for (const priority of ['info', 'error']) {
    await channel.consume(`${topic}.${priority}`, (message) => {
      if (message === null) return
      events.push(parseOsloNotification(message.content).event)
      channel.ack(message)
    })
  }
  return { events, [Symbol.asyncDispose]: () => connection.close() }
}

const named = (name: string): ReportSubject => ({
  kind: 'segment',
  action: 'create',
  segment: segmentRow({ name }),
})
/** What the payload object of an event holds. */
const fieldsOf = ({ payload }: ComputeEvent): Record<string, unknown> =>
  payload['masakari_object.data'] as Record<string, unknown>

const namesOf = ({ events }: Reader): readonly unknown[] =>
  events.map((event) => fieldsOf(event)['name'])

/** What a fresh deployment goes through when one of its hosts crashes; without a sender nobody is told. */
async function crashOfOneHost(sender?: ReportSender): Promise<readonly string[]> {
  await using deployment = new Deployment({
    seed: 1,
    size: { segments: 1, hostsPerSegment: 4, instances: 8 },
    rules: defaultRules(),
    sabotage: (ports) =>
      sender === undefined ? ports : { ...ports, store: reportingStore(ports.store, sender) },
  })
  await startAll(deployment)
  await deployment.pass(30_000)
  await perform(deployment, { do: 'crash', host: 'compute-02' })
  await deployment.pass(90_000)
  return deployment.trace
}

test.serial('a subscriber hears of a whole recovery, in order', async (t) => {
  await using sender = senderOf({ topic: 'whole' })
  await linked(sender)
  await crashOfOneHost(sender)
  await using reader = await readerOf('whole')
  await until('all came', () => reader.events.length >= 4)
  t.deepEqual(
    reader.events.map(({ eventType, publisher, priority }) => [eventType, publisher, priority]),
    [
      ['notification.create.start', 'masakari-api:controller-1', 'INFO'],
      ['notification.create.end', 'masakari-api:controller-1', 'INFO'],
      ['notification.process.start', 'masakari-engine:controller-1', 'INFO'],
      ['notification.process.end', 'masakari-engine:controller-1', 'INFO'],
    ],
  )
  const [, created, started, ended] = reader.events.map(fieldsOf)
  const uuid = created?.['notification_uuid']
  t.is(typeof uuid, 'string')
  t.like(started, { notification_uuid: uuid, type: 'COMPUTE_HOST', status: 'running' })
  t.like(ended, { notification_uuid: uuid, status: 'finished', fault: null })
  await until('all were confirmed', () => sender.counts().sent === 4)
  t.like(sender.counts(), { dropped: 0, waiting: 0 })
})

test.serial('a broker that cannot be reached changes nothing in a recovery', async (t) => {
  const url = `amqp://guest:hush@127.0.0.1:${await freePort()}/`
  const log = recordingLog()
  await using sender = senderOf({ topic: 'unreachable', url, log })
  const told = await crashOfOneHost(sender)
  t.is(sender.counts().waiting, 4)
  t.deepEqual(told, await crashOfOneHost())
  await until('it was tried', () => log.lines.length > 0)
  t.like(sender.link(), { linked: false })
  t.false(log.lines.join().includes('hush'))
})

test.serial('while the broker is away what is reported waits, the oldest is dropped', async (t) => {
  const log = recordingLog()
  await using sender = senderOf({ topic: 'away', log })
  await linked(sender)
  sender.report(named('before'), { kind: 'end' })
  await until('the first was sent', () => sender.counts().sent === 1)
  await broker.stop()
  await until('noticed', () => !sender.connected())
  for (let index = 0; index < 1005; index += 1) {
    sender.report(named(`segment-${index}`), { kind: 'end' })
  }
  t.deepEqual(sender.counts(), { sent: 1, dropped: 5, waiting: 1000 })
  t.is(log.lines.filter((line) => line.includes('are lost')).length, 1)
  await broker.start()
  await until('all were sent', () => sender.counts().sent === 1001, 60_000)
  // The queue was not durable: it is back with what was sent since.
  await using reader = await readerOf('away')
  await until('all came', () => reader.events.length === 1000)
  t.deepEqual(
    namesOf(reader),
    Array.from({ length: 1000 }, (_none, index) => `segment-${index + 5}`),
  )
  t.false(log.lines.join().includes('guest:guest'))
})

test.serial('a broker that is short of memory is told, and gets all events later', async (t) => {
  t.timeout(60_000)
  const log = recordingLog()
  await using sender = senderOf({ topic: 'blocked', log })
  await linked(sender)
  await broker.setMemoryAlarm('on')
  for (const name of ['one', 'two']) sender.report(named(name), { kind: 'start' })
  const told = (text: string) => (): boolean => log.lines.some((line) => line.includes(text))
  await until('it is told', told('the broker takes no event notifications'))
  t.is(sender.counts().sent, 0)
  await broker.setMemoryAlarm('off')
  await until('all were confirmed', () => sender.counts().sent === 2)
  t.true(told('the broker takes event notifications again')())
  await using reader = await readerOf('blocked')
  await until('both came', () => reader.events.length === 2)
  t.deepEqual(namesOf(reader), ['one', 'two'])
})

test.serial('an error goes to the queue of errors', async (t) => {
  await using sender = senderOf({ topic: 'errors' })
  await linked(sender)
  sender.report(named('a'), { kind: 'error', fault: { code: 'X', message: 'no' } })
  await until('sent', () => sender.counts().sent === 1)
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  const message = await channel.get('errors.error', { noAck: true })
  await connection.close()
  if (message === false) return t.fail('there is no message')
  t.like(parseOsloNotification(message.content).event, {
    eventType: 'segment.create.error',
    priority: 'ERROR',
  })
  t.like(message.properties, {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 2,
  })
})

test.serial('what others have declared otherwise is used as it is', async (t) => {
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  await channel.deleteExchange('masakari')
  await channel.assertExchange('masakari', 'topic', { durable: true })
  await channel.assertQueue('others.info', { durable: true, maxLength: 10 })
  await using sender = senderOf({ topic: 'others' })
  await linked(sender)
  sender.report(named('a'), { kind: 'end' })
  await using reader = await readerOf('others')
  await until('it came', () => reader.events.length === 1)
  await channel.deleteExchange('masakari')
  await connection.close()
  t.deepEqual(namesOf(reader), ['a'])
})

test.serial('an exchange that somebody deleted is declared again', async (t) => {
  await using sender = senderOf({ topic: 'deleted' })
  await linked(sender)
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  await channel.deleteExchange('masakari')
  await connection.close()
  sender.report(named('a'), { kind: 'end' })
  await using reader = await readerOf('deleted')
  await until('it came', () => reader.events.length === 1)
  t.deepEqual(namesOf(reader), ['a'])
})

test.serial('what was declared durable outlives the broker, with what is in it', async (t) => {
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  await channel.deleteExchange('masakari')
  await connection.close()
  await using sender = senderOf({ topic: 'lasting', options: { durable: true } })
  await linked(sender)
  sender.report(named('a'), { kind: 'end' })
  await until('sent', () => sender.counts().sent === 1)
  await broker.stop()
  await broker.start()
  await using reader = await readerOf('lasting')
  await until('it came', () => reader.events.length === 1)
  t.deepEqual(namesOf(reader), ['a'])
})

/** Another service of the cloud, as oslo.messaging declares what it sends to. */
async function declaredByOslo(
  topic: string,
  queue: { readonly durable: boolean; readonly arguments: Record<string, unknown> },
): Promise<void> {
  const connection = await connect(broker.url)
  await using closing = new AsyncDisposableStack()
  closing.defer(() => connection.close())
  const channel = await connection.createChannel()
  channel.on('error', () => undefined) // the refused call says it, too
  await channel.assertExchange('masakari', 'topic', { durable: queue.durable })
  for (const key of [`${topic}.info`, `${topic}.error`]) {
    await channel.assertQueue(key, queue)
    await channel.bindQueue(key, 'masakari', key)
  }
}

async function withoutExchange(): Promise<void> {
  const connection = await connect(broker.url)
  await (await connection.createChannel()).deleteExchange('masakari')
  await connection.close()
}

const KINDS = {
  transient: { options: {}, durable: false, arguments: {} },
  durable: { options: { durable: true }, durable: true, arguments: {} },
  quorum: { options: { quorum: true }, durable: true, arguments: { 'x-queue-type': 'quorum' } },
  limited: {
    options: { quorum: true, deliveryLimit: 7, memoryLength: 100, memoryBytes: 100_000 },
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 7,
      'x-max-in-memory-length': 100,
      'x-max-in-memory-bytes': 100_000,
    },
  },
}
for (const [kind, { options, ...queue }] of Object.entries(KINDS)) {
  for (const first of ['us', 'others'] as const) {
    test.serial(`${kind} queues are declared as others do; first come ${first}`, async (t) => {
      await withoutExchange()
      const topic = `${kind}-${first}`
      if (first === 'others') await declaredByOslo(topic, queue)
      const log = recordingLog()
      await using sender = senderOf({ topic, options, log })
      await linked(sender)
      await t.notThrowsAsync(declaredByOslo(topic, queue))
      sender.report(named('a'), { kind: 'end' })
      await using reader = await readerOf(topic)
      await until('it came', () => reader.events.length === 1)
      t.deepEqual(namesOf(reader), ['a'])
      t.false(
        log.lines.some((line) => line.includes('used as it is')),
        log.lines.join('\n'),
      )
    })
  }
}

test.serial('what exists otherwise is used as it is, which is said once', async (t) => {
  await withoutExchange()
  await declaredByOslo('otherwise', KINDS.durable)
  const log = recordingLog()
  await using sender = senderOf({ topic: 'otherwise', options: { quorum: true }, log })
  await linked(sender)
  await broker.stop()
  await until('noticed', () => !sender.connected())
  await broker.start()
  await linked(sender)
  sender.report(named('a'), { kind: 'end' })
  await using reader = await readerOf('otherwise')
  await until('it came', () => reader.events.length === 1)
  const told = log.lines.filter((line) => line.includes('used as it is'))
  t.deepEqual(
    told.map((line) => /queue [\w.-]+/.exec(line)?.[0]),
    ['queue otherwise.info', 'queue otherwise.error'],
  )
})

test.serial('an event goes out in each form that is wanted', async (t) => {
  await withoutExchange()
  await using sender = senderOf({ topic: 'forms', forms: ['wrapped', 'bare'] })
  await linked(sender)
  sender.report(named('a'), { kind: 'end' })
  await using reader = await readerOf('forms')
  await until('both came', () => reader.events.length === 2)
  t.deepEqual(namesOf(reader), ['a', 'a'])
})

test.serial('what was reported last is sent before the end', async (t) => {
  const sender = senderOf({ topic: 'last' })
  await linked(sender)
  for (const name of ['a', 'b', 'c']) sender.report(named(name), { kind: 'end' })
  await sender[Symbol.asyncDispose]()
  await using reader = await readerOf('last')
  await until('all came', () => reader.events.length === 3)
  t.deepEqual(namesOf(reader), ['a', 'b', 'c'])
})

test('a URL that is none is refused without being repeated', (t) => {
  const error = t.throws(() => senderOf({ topic: 'none', url: 'http://user:hush@broker/' }))
  t.true(isCoded(error, 'CONFIG_INVALID'))
  t.false(String(error.stack).includes('hush'))
})

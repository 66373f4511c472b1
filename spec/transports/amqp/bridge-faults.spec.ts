/** Faults from a real RabbitMQ to a real NATS: each of them arrives once, also when a process dies in between. */
import { connect } from 'amqplib'
import test from 'ava'
import { LeadershipTerm } from '../../../actors/leadership/leadership-term.ts'
import { announcerOn } from '../../../ops/roles/announcer.ts'
import { startBridge } from '../../../ops/roles/bridge.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { CodedError } from '../../../schema/errors.ts'
import type { Received } from '../../../schema/messages/catalogue.ts'
import { decode } from '../../../schema/messages/codec.ts'
import type { ComputeBridge } from '../../../transports/amqp/compute-bridge.ts'
import type { ComputeFault } from '../../../transports/amqp/compute-fault.ts'
import { connectNats } from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { bridgeOf, idsOf, inForce, notification, senderOf } from '../../support/bridge-world.ts'
import { LEAST_CONFIG, readText } from '../../support/config-text.ts'
import { recordingLog, silentLog } from '../../support/logs.ts'
import { startNats, type NatsServer } from '../../support/nats.ts'
import { startRabbitmq, type Rabbitmq } from '../../support/rabbitmq.ts'
import { until } from '../../support/until.ts'

let broker: Rabbitmq
let nats: NatsServer
test.before(async () => {
  ;[broker, nats] = await Promise.all([startRabbitmq(), startNats()])
})
test.after.always(async () => {
  await broker[Symbol.asyncDispose]()
  await nats[Symbol.asyncDispose]()
})

const PATIENCE_MS = 60_000
const VM = '950e005c-ce9c-478e-9e63-d177488f20bc'

const failedHost = (id: string, host: string): string =>
  notification(id, {
    event_type: 'compute.host.error',
    priority: 'ERROR',
    publisher_id: `compute.${host}`,
    payload: { host, reason: 'kernel panic' },
  })

const failedInstance = (id: string): string =>
  notification(id, { event_type: 'compute.instance.error', payload: { instance_id: VM } })

/** A connection to NATS, and all faults and events of that cloud that reach it. */
function engineOf(cloud: string): AsyncDisposable & {
  readonly faults: Received[]
  readonly events: Received[]
  readonly announcer: ReturnType<typeof announcerOn>
} {
  const around = { clock: new SystemClock(), random: new SystemRandom() }
  const node = connectNats({
    servers: [nats.url],
    cloud,
    leaseTtlMs: 6000,
    node: 'node-1',
    keepsStreams: true,
    log: silentLog,
    ...around,
  })
  const faults: Received[] = []
  const events: Received[] = []
  node.bus.consumeFaults('engine', (delivery) => {
    faults.push(decode(delivery))
    delivery.ack()
  })
  node.bus.subscribe(`ha.${cloud}.compute.>`, (message) => void events.push(decode(message)))
  const from = { cloud, node: 'bridge-1', incarnation: 'i' }
  const term = new LeadershipTerm(around.clock)
  const announcer = announcerOn(node.bus, from, { ...around, term })
  return {
    faults,
    events,
    announcer,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

/** All tests share the queue of the role, and an acknowledgement shortly before the end of a link may not reach the broker. */
test.beforeEach(async () => {
  const connection = await connect(broker.url)
  const channel = await connection.createChannel()
  await channel.deleteQueue('instance-ha')
  await connection.close()
})

/** The bridge as the role starts it; its exchange has the name of the cloud. */
function roleOf(
  cloud: string,
  { announcer }: ReturnType<typeof engineOf>,
  more = '',
): ComputeBridge {
  const { config } = readText(`${LEAST_CONFIG}${more}\n[bridge]\nexchange = ${cloud}\n`)
  return startBridge(config, {
    urls: [new Secret(broker.url)],
    tls: undefined,
    clock: new SystemClock(),
    random: new SystemRandom(),
    log: silentLog,
    announcer,
  })
}

test.serial(
  'a failed host and a failed instance are reported, with the time of the event',
  async (t) => {
    await using sender = await senderOf(broker.url, 'reported')
    await using engine = engineOf('reported')
    await using bridge = roleOf('reported', engine)
    await inForce(bridge)
    await sender.send('notifications.error', failedHost('h1', 'compute-7'))
    await sender.send('notifications.error', failedInstance('i1'))
    await until('both came', () => engine.faults.length === 2, PATIENCE_MS)
    const occurredAt = Date.UTC(2026, 10, 22, 8, 35, 5, 773)
    const [host, instance] = engine.faults.toSorted((a, b) => a.type.localeCompare(b.type))
    t.like(host, { type: 'host.failed', body: { hostName: 'compute-7', occurredAt } })
    t.like(instance, { type: 'instance.failed', body: { instance: VM, hostName: 'compute-1' } })
    await until('both are shown', () => engine.events.length === 2)
    t.like(bridge.counts(), { received: 2, reported: 2 })
  },
)

test.serial('without nova_notification among the drivers a fault is only shown', async (t) => {
  await using sender = await senderOf(broker.url, 'silent')
  await using engine = engineOf('silent')
  await using bridge = roleOf('silent', engine, 'notification_drivers = webhook')
  await inForce(bridge)
  await sender.send('notifications.error', failedHost('h1', 'compute-7'))
  await until('it is shown', () => engine.events.length === 1, PATIENCE_MS)
  t.like(engine.events[0], { body: { fact: { kind: 'host-failed', host: 'compute-7' } } })
  t.like(bridge.counts(), { received: 1, reported: 0 })
  t.deepEqual(engine.faults, [])
})

test.serial(
  'while our own bus is not available, a fault waits, other messages continue, and the fault arrives once',
  async (t) => {
    t.timeout(3 * PATIENCE_MS)
    await using sender = await senderOf(broker.url, 'patient')
    await using engine = engineOf('patient')
    await using bridge = roleOf('patient', engine)
    await inForce(bridge)
    await sender.send('notifications.error', failedHost('h0', 'compute-6'))
    await until('the bus works', () => engine.faults.length === 1, PATIENCE_MS)
    await nats.stop()
    await sender.send('notifications.error', failedHost('h1', 'compute-7'))
    await sender.send('notifications.info', notification('n1'))
    await until('both were read', () => bridge.counts().received === 3)
    await sender.send('notifications.error', failedHost('h1', 'compute-7'))
    await until('it came again', () => bridge.counts().received === 4)
    t.is(bridge.counts().reported, 1)
    await nats.restart()
    await until('it arrived', () => engine.faults.length >= 2, PATIENCE_MS)
    await until('both are acknowledged', () => bridge.counts().reported === 3, PATIENCE_MS)
    t.deepEqual(
      engine.faults.map(({ body }) => 'hostName' in body && body.hostName),
      ['compute-6', 'compute-7'],
    )
  },
)

test.serial(
  'when a bridge dies, another one receives its unacknowledged messages, and each fault arrives once',
  async (t) => {
    t.timeout(2 * PATIENCE_MS)
    await using sender = await senderOf(broker.url, 'heirs')
    await using engine = engineOf('heirs')
    const seen: string[] = []
    const submitted = Promise.withResolvers<void>()
    const submit = async (fault: ComputeFault): Promise<void> => {
      if (fault.type === 'host.failed') {
        await engine.announcer.submit(fault.type, fault.body, fault.id)
      }
      seen.push(fault.id)
    }
    {
      // Its submission reaches the bus, and it dies before the answer arrives.
      await using first = bridgeOf({
        name: 'heirs',
        urls: [broker.url],
        submit: async (fault) => {
          await submit(fault)
          submitted.resolve()
          await new Promise(() => undefined)
        },
      })
      await inForce(first)
      await sender.send('notifications.error', failedHost('h1', 'compute-7'))
      await submitted.promise
      t.is(first.counts().reported, 0)
    }
    await using second = bridgeOf({
      name: 'heirs',
      urls: [broker.url],
      submit,
    })
    await until('it has it', () => second.counts().reported === 1, PATIENCE_MS)
    await sender.send('notifications.error', failedHost('h2', 'compute-8'))
    await until('the next came', () => engine.faults.length >= 2, PATIENCE_MS)
    t.is(seen[0], seen[1])
    t.deepEqual(
      engine.faults.map(({ body }) => 'hostName' in body && body.hostName),
      ['compute-7', 'compute-8'],
    )
  },
)

test.serial(
  'the number of faults that wait is limited, the broker keeps the others, and all arrive',
  async (t) => {
    t.timeout(2 * PATIENCE_MS)
    const log = recordingLog()
    await using sender = await senderOf(broker.url, 'crowd')
    let isAway = true
    let inHand = 0
    let most = 0
    const submit = async (): Promise<void> => {
      inHand += 1
      most = Math.max(most, inHand)
      await new Promise((resolve) => setImmediate(resolve))
      inHand -= 1
      if (isAway) throw new CodedError('BUS_UNAVAILABLE', 'the bus is away')
    }
    await using bridge = bridgeOf({ name: 'crowd', urls: [broker.url], log, submit })
    await inForce(bridge)
    for (let at = 0; at < 100; at += 1) {
      await sender.send('notifications.error', failedHost(`h${at}`, `compute-${at}`))
    }
    await until('hands are full', () => bridge.counts().received === 64)
    isAway = false
    await until('all were reported', () => bridge.counts().reported === 100, PATIENCE_MS)
    t.true(most <= 64, `${most} at once`)
    t.is(bridge.counts().received, 100)
    t.is(new Set(idsOf(bridge)).size, 100)
    t.is(log.lines.filter((line) => line.includes('not linked')).length, 0)
  },
)

/** The NATS transport with faulty servers: absent, frozen, locked, without JetStream, full. */
import { networkInterfaces } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { connect, type JetStreamManager } from 'nats'
import {
  connectNats,
  type NatsOptions,
  type NatsTransport,
} from '../../../transports/nats/connect.ts'
import type { LeaseRevision } from '../../../actors/ports/lease.ts'
import { busChecks } from '../../../ops/roles/needs.ts'
import { describeError } from '../../../schema/errors.ts'
import { isLoopback } from '../../../transports/nats/link.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { recordingLog, silentLog } from '../../support/logs.ts'
import { startNats } from '../../support/nats.ts'
import { freePort, program, startServer, temporaryDirectory } from '../../support/process.ts'
import { openTcpRelay } from '../../support/tcp-relay.ts'

const CLOUD = 'west'
const SUBJECT = `ha.${CLOUD}.fault.guest.x`
const STREAM = 'HA_west_FAULTS'

const clock = new SystemClock()

function join(url: string, change: Partial<NatsOptions> = {}): NatsTransport {
  const around = { clock, random: new SystemRandom(), log: silentLog }
  return connectNats({
    servers: [url],
    cloud: CLOUD,
    leaseTtlMs: 6000,
    node: 'node-1',
    keepsStreams: true,
    ...around,
    ...change,
  })
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = clock.monotonicMs() + 20_000
  while (!(await condition())) {
    if (clock.monotonicMs() > deadline) throw new Error(`it never came to be that ${what}`)
    await setTimeout(20)
  }
}

const publish = ({ bus }: NatsTransport, id: string): Promise<void> =>
  bus.publishFault(SUBJECT, new TextEncoder().encode(id), id)

/** A JetStream manager for one piece of work. */
async function administer<Value>(
  url: string,
  work: (manager: JetStreamManager) => Promise<Value>,
): Promise<Value> {
  const connection = await connect({ servers: [url] })
  try {
    return await work(await connection.jetstreamManager())
  } finally {
    await connection.close()
  }
}

test('connects although the server starts later, and ends although it never starts', async (t) => {
  const port = await freePort()
  const early = join(`nats://127.0.0.1:${port}`)
  t.false(early.bus.connected())
  await t.throwsAsync(early.lease.create('early'), { code: 'LEASE_UNAVAILABLE' })
  const seen: string[] = []
  await using _subscription = early.bus.subscribe('x', ({ subject }) => seen.push(subject))
  await using _consumer = early.bus.consumeFaults('engine', (fault) => {
    fault.ack()
    seen.push(fault.subject)
  })
  {
    await using _server = await startNats({ port })
    await until(() => early.bus.connected(), 'it is connected')
    await publish(early, 'a')
    await until(() => {
      early.bus.publish('x', new Uint8Array())
      return seen.includes('x') && seen.includes(SUBJECT)
    }, 'both have arrived')
  }
  await early[Symbol.asyncDispose]()
  const before = clock.monotonicMs()
  const never = join(`nats://127.0.0.1:${port}`)
  await setTimeout(0)
  await never[Symbol.asyncDispose]()
  t.true(clock.monotonicMs() - before < 2000)
})

test('frozen server is noticed within four seconds, and works again when it thaws', async (t) => {
  await using server = await startNats()
  await using node = join(server.url)
  await until(() => node.bus.connected(), 'it is connected')
  const before = clock.monotonicMs()
  await server.pause()
  await until(() => !node.bus.connected(), 'it is noticed')
  t.true(clock.monotonicMs() - before < 4500)
  await server.resume()
  await until(() => node.bus.connected(), 'it is connected again')
  await t.notThrowsAsync(publish(node, 'a'))
})

test('password is required, and a wrong one is retried until it is right', async (t) => {
  await using server = await startNats({ password: 'right' })
  const log = recordingLog()
  await using locked = join(server.url, {
    credentials: { user: 'ha', password: new Secret('wrong') },
    log,
  })
  await using open = join(server.url, {
    credentials: { user: 'ha', password: new Secret('right') },
  })
  await until(() => open.bus.connected(), 'the right one is let in')
  await until(() => log.lines.length > 0, 'the wrong one is told')
  t.false(locked.bus.connected())
  t.regex(log.lines.join('\n'), /cannot connect to NATS yet.*Authorization/iu)
  t.notRegex(log.lines.join('\n'), /wrong/u)
  await server.stop()
  await server.restart({ password: 'wrong' })
  await until(() => locked.bus.connected(), 'it is right now')
})

test('server without JetStream carries messages, refuses faults with a reason, and recovers', async (t) => {
  await using server = await startNats({ jetstream: false })
  const log = recordingLog()
  await using node = join(server.url, { log })
  await until(() => node.bus.connected(), 'it is connected')
  const seen: string[] = []
  await using _consumer = node.bus.consumeFaults('engine', (fault) => {
    fault.ack()
    seen.push(fault.subject)
  })
  await t.throwsAsync(publish(node, 'a'), { code: 'BUS_UNAVAILABLE' })
  await t.throwsAsync(node.lease.create('node'), { code: 'LEASE_UNAVAILABLE' })
  t.true(log.lines.some((line) => line.includes(`cannot prepare the stream ${STREAM}`)))
  await server.stop()
  await server.restart({ jetstream: true })
  await until(
    () =>
      publish(node, 'b').then(
        () => true,
        () => false,
      ),
    'it is stored',
  )
  await until(() => seen.length > 0, 'it has come')
  t.deepEqual(seen, [SUBJECT])
})

test('deleted stream, deleted consumer and deleted bucket are created again', async (t) => {
  await using server = await startNats()
  await using node = join(server.url)
  const seen: string[] = []
  await using _consumer = node.bus.consumeFaults('engine', (fault) => {
    fault.ack()
    seen.push(new TextDecoder().decode(fault.body))
  })
  await publish(node, 'a')
  await until(() => seen.includes('a'), 'the first has come')
  await administer(server.url, (manager) => manager.consumers.delete(STREAM, 'engine'))
  await publish(node, 'b')
  await until(() => seen.includes('b'), 'the second has come')
  await administer(server.url, async (manager) => {
    await manager.streams.delete(STREAM)
    await manager.streams.delete('KV_HA_west_LEASE')
  })
  await publish(node, 'c')
  await until(() => seen.includes('c'), 'the third has come')
  const taken = (): Promise<boolean> =>
    node.lease.create('node').then(
      (revision) => revision !== undefined,
      () => false,
    )
  await until(taken, 'the lease is there')
  t.is((await node.lease.look())?.name, 'node')
  t.deepEqual([...new Set(seen)], ['a', 'b', 'c'])
})

test('fault that a consumer does not acknowledge is delivered again after its time', async (t) => {
  await using server = await startNats()
  await using node = join(server.url)
  const deliveries: number[] = []
  await using _consumer = node.bus.consumeFaults('engine', (fault) => {
    deliveries.push(fault.deliveries)
    if (fault.deliveries === 2) fault.ack()
  })
  await publish(node, 'before')
  await until(() => deliveries.length === 1, 'it has come')
  const config = await administer(server.url, async ({ consumers }) => {
    const { config } = await consumers.info(STREAM, 'engine')
    await consumers.update(STREAM, 'engine', { ack_wait: 200_000_000 })
    return config
  })
  t.is(config.ack_wait, 30_000_000_000)
  t.is(config.max_ack_pending, 256)
  await publish(node, 'after')
  await until(() => deliveries.length === 4, 'both have come again')
  t.deepEqual(
    deliveries.toSorted((one, other) => one - other),
    [1, 1, 2, 2],
  )
})

test('full stream removes what all consumers have acknowledged, and then refuses', async (t) => {
  await using server = await startNats()
  await using node = join(server.url)
  const seen: string[] = []
  let answers: 'ack' | 'nothing' = 'ack'
  await using _consumer = node.bus.consumeFaults('engine', (fault) => {
    seen.push(new TextDecoder().decode(fault.body))
    if (answers === 'ack') fault.ack()
  })
  await publish(node, 'a1')
  await administer(server.url, async ({ streams }) => {
    const { config } = await streams.info(STREAM)
    t.is(config.max_msgs, 1_000_000)
    t.is(config.max_age, 7 * 24 * 3600 * 1e9)
    await streams.update(STREAM, { max_msgs: 3 })
  })
  for (const id of ['a2', 'a3']) await publish(node, id)
  await until(() => seen.length === 3, 'all have come')
  answers = 'nothing'
  for (const id of ['b1', 'b2', 'b3']) await publish(node, id)
  await t.throwsAsync(publish(node, 'b4'), { code: 'BUS_UNAVAILABLE' })
  const kept = await administer(server.url, ({ streams }) => streams.info(STREAM))
  t.is(kept.state.messages, 3)
  t.is(kept.state.first_seq, 4)
})

test("clouds with unusual names do not receive each other's messages", async (t) => {
  await using server = await startNats()
  const clouds = ['a.b', 'a%2eb', 'a=2eb', 'a_2eb', 'wéird > *', 'ok']
  await using stack = new AsyncDisposableStack()
  const nodes = clouds.map((cloud) => stack.use(join(server.url, { cloud })))
  for (const [index, { lease }] of nodes.entries()) {
    const taken = (): Promise<boolean> =>
      lease.create(`engine-${index}`).then(
        (revision) => revision !== undefined,
        () => false,
      )
    await until(taken, `the lease of ${clouds[index]} is taken`)
  }
  const holders = await Promise.all(nodes.map(({ lease }) => lease.look()))
  t.deepEqual(
    holders.map((holder) => holder?.name),
    clouds.map((_cloud, index) => `engine-${index}`),
  )
})

test('a process without an engine leaves the streams alone, and waits for one that has it', async (t) => {
  await using server = await startNats()
  await using gateway = join(server.url, { node: 'gateway-1', keepsStreams: false })
  await until(() => gateway.bus.connected(), 'it is connected')
  await t.throwsAsync(publish(gateway, 'early'), { code: 'BUS_UNAVAILABLE' })
  const names = await administer(server.url, (manager) => manager.streams.names().next())
  t.deepEqual(names, [])
  await using _engine = join(server.url)
  await until(() => isStored(gateway, 'late'), 'it is stored once an engine is there')
})

test('when the store of the server is wiped, the faults that it had taken are in it again, once', async (t) => {
  await using server = await startNats()
  await using monitor = join(server.url, { node: 'compute-1', keepsStreams: false })
  await using engine = join(server.url)
  await until(() => isStored(monitor, 'first'), 'the stream is there')
  for (const id of ['second', 'third']) await publish(monitor, id)
  await server.stop()
  await server.wipe()
  await server.restart()
  const seen: string[] = []
  await using _consumer = engine.bus.consumeFaults('engine', (fault) => {
    seen.push(new TextDecoder().decode(fault.body))
    fault.ack()
  })
  await until(() => seen.length >= 3, 'all have come')
  await server.stop()
  await server.restart() // its store is whole: what is repeated is dropped
  await until(() => monitor.bus.connected() && engine.bus.connected(), 'it is there again')
  await until(() => isStored(monitor, 'fourth'), 'the next one is stored')
  await until(() => seen.includes('fourth'), 'the next one has come')
  t.deepEqual(seen.toSorted(), ['first', 'fourth', 'second', 'third'])
})

const isStored = (node: NatsTransport, id: string): Promise<boolean> =>
  publish(node, id).then(
    () => true,
    () => false,
  )

const isWarning = (line: string): boolean => line.includes('accept every client')

/** Of a network card of this machine. */
const ownAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address

test('a bus that is open to all is used on loopback without a word, elsewhere with a standing warning', async (t) => {
  if (ownAddress === undefined) {
    t.log('skipped: this machine has no address but loopback')
    t.is(ownAddress, undefined)
    return
  }
  const port = await freePort()
  await using directory = await temporaryDirectory('open')
  await using _server = await startServer({
    command: program('nats-server', 'nats-server'),
    args: ['--addr', '0.0.0.0', '--port', String(port), '-js', '-sd', directory.path],
    ready: /Server is ready/u,
  })
  for (const [address, warnings] of [
    ['127.0.0.1', 0],
    [ownAddress, 1],
  ] as const) {
    const log = recordingLog()
    await using node = join(`nats://${address}:${port}`, { log })
    await until(() => node.bus.connected(), 'it is connected')
    t.is(log.lines.filter(isWarning).length, warnings, address)
    const standing = node.bus.hindrances().filter(({ kind }) => kind === 'degraded')
    t.is(standing.length, warnings, address)
    const checks = busChecks(node.bus, CLOUD, ['host-monitor'])
    const remarks = await checks
      .at(-1)
      ?.check()
      .then(() => '', describeError)
    t.is(remarks?.includes('bus-permissions'), warnings === 1, remarks)
  }
})

test('which addresses are loopback', (t) => {
  for (const server of ['127.0.0.1:4222', '127.8.9.1:1', 'localhost:4222', '[::1]:4222']) {
    t.true(isLoopback(server), server)
  }
  for (const server of ['10.0.0.1:4222', '127.evil.org:4222', 'localhost.evil.org:1', '[::]:1']) {
    t.false(isLoopback(server), server)
  }
})

test('lease is given back although the connection is lost with the write', async (t) => {
  await using server = await startNats()
  await using relay = await openTcpRelay(Number(new URL(server.url).port))
  await using leader = join(`nats://127.0.0.1:${relay.port}`, { leaseTtlMs: 60_000 })
  await using standby = join(server.url, { node: 'node-2', leaseTtlMs: 60_000 })
  let revision: LeaseRevision | undefined
  await until(async () => {
    revision = await leader.lease.create('leader').catch(() => undefined)
    return revision !== undefined && standby.bus.connected()
  }, 'the lease is taken')
  t.is(await standby.lease.create('standby'), undefined)
  relay.hold('there')
  const releasing = leader.lease.release(revision ?? 0)
  await setTimeout(100)
  relay.cut()
  relay.hold('nothing')
  await releasing
  t.truthy(await standby.lease.create('standby'))
})

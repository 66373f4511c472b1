/**
 * How fast faults are taken and decided on three NATS servers and MariaDB: from the acknowledged message to the first step of its
 * recovery, and whether a flood of a thousand a second loses any.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { connect, type JetStreamClient, type NatsConnection } from 'nats'
import { registerSegments } from '../../ops/simulator/register-segments.ts'
import { decode, encode, subjectOf } from '../../schema/messages/codec.ts'
import { faultStream } from '../../transports/nats/streams.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { startHttpCloud, type HttpCloud } from '../support/http-cloud.ts'
import { startMariadb, type MariadbServer } from '../support/mariadb.ts'
import { startNatsCluster } from '../support/nats-cluster.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { configurationOf, flagsOfRun, startProduct, storeUrl } from '../support/product.ts'
import { until } from '../support/until.ts'
import { quantile, type Figure } from './figure.ts'

const CLOUD = 'default'
const SEGMENTS = 5
const HOSTS_PER_SEGMENT = 10
const READY_MS = 60_000
/** The code of a starting process is slow. */
const WARM_UP = { perSecond: 50, seconds: 10 }
const STEADY = { perSecond: 200, seconds: 20 }
const FLOOD = { perSecond: 1000, seconds: 60 }
const INSTANCES = WARM_UP.perSecond * WARM_UP.seconds + STEADY.perSecond * STEADY.seconds
/** An event of a guest that its own user has shut down. */
const NEEDS_NOTHING = 'STOPPED_SHUTDOWN'
/** Between two handfuls of messages, ms. */
const TICK_MS = 10
const STORED_WITHIN_MS = 900_000
const DECIDED_WITHIN_MS = 120_000

interface Guest {
  readonly id: string
  readonly host: string
}

interface Scene {
  readonly http: HttpCloud
  readonly connection: NatsConnection
  readonly pool: Pool
}

/**
 * From the publication to the decision. Every fault is about another guest, and needs no recovery: the decision is the end of it. A
 * fault that is acted on takes one of the sixteen places of its segment until Nova has answered, so 200 of them a second would only
 * measure the line.
 */
export const measureFaults = (): Promise<readonly Figure[]> => onEngine(decided)

/** Whether any of a flood is lost. */
export const measureFaultFlood = (): Promise<readonly Figure[]> => onEngine(flooded)

async function onEngine(
  measure: (scene: Scene) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDirectory('faults'))
  const size = { segments: SEGMENTS, hostsPerSegment: HOSTS_PER_SEGMENT, instances: INSTANCES }
  const http = stack.use(await startHttpCloud(size))
  const nats = stack.use(await startNatsCluster())
  const mariadb = stack.use(await startMariadb())
  const database = await mariadb.createDatabase()
  await registerHosts(mariadb, database, http)
  const configuration = configurationOf({
    node: 'engine-1',
    roles: 'engine',
    account: { ...http.keystone.account, authUrl: http.keystone.url },
    port: await freePort(),
    stateDirectory: path,
    bus: nats.urls.join(', '),
    store: storeUrl(mariadb, database),
  })
  stack.use(await startProduct(path, 'engine-1', configuration, await flagsOfRun()))
  const { host, port, user, password } = mariadb
  const login = { host, port, user, password: password.reveal(), database }
  const pool = createPool({ ...login, connectionLimit: 2 })
  stack.defer(() => pool.end())
  const connection = await connect({ servers: [...nats.urls] })
  stack.defer(() => connection.close())
  await until('an engine takes faults', () => hasConsumer(connection), READY_MS, 200)
  return await measure({ http, connection, pool })
}

async function registerHosts(
  { host, port, user, password }: MariadbServer,
  database: string,
  http: HttpCloud,
): Promise<void> {
  const ports = { clock: new SystemClock(), random: new SystemRandom() }
  await using store = openMysqlStore({ host, port, user, password, database }, ports)
  await store.migrate()
  // Nothing is fenced here.
  const bare = http.segments.map((segment) => ({
    ...segment,
    hosts: segment.hosts.map((each) => ({ ...each, controlAttributes: '{}' })),
  }))
  await registerSegments(store, bare)
}

async function decided({ http, connection, pool }: Scene): Promise<readonly Figure[]> {
  const guests = http.cloud.instances.map(({ id, host }) => ({ id, host: host ?? '' }))
  const steppedAtMs = new Map<string, number>()
  connection.subscribe(subjectOf(CLOUD, 'recovery', '>'), {
    callback: (_error, { subject, data }) => {
      const { type, body } = decode({ subject, body: data })
      if (type !== 'recovery.stepped' || steppedAtMs.has(body.notification)) return
      steppedAtMs.set(body.notification, performance.now())
    },
  })
  await connection.flush()
  const warmUp = guests.splice(0, WARM_UP.perSecond * WARM_UP.seconds)
  await publish(connection, warmUp, WARM_UP.perSecond, NEEDS_NOTHING)
  await untilStored(connection)
  steppedAtMs.clear()
  const { sentAtMs } = await publish(connection, guests, STEADY.perSecond, NEEDS_NOTHING)
  await until(
    'every fault is decided',
    () => steppedAtMs.size >= guests.length,
    DECIDED_WITHIN_MS,
    100,
  )
  const tookMs = await match(pool, sentAtMs, steppedAtMs)
  const remark = `${tookMs.length} faults at ${STEADY.perSecond}/s, ${SEGMENTS} segments`
  return [
    {
      what: 'fault published → segment decides, p50',
      value: quantile(tookMs, 0.5),
      unit: 'ms',
      target: { kind: 'at-most', value: 50 },
      remark,
    },
    {
      what: 'fault published → segment decides, p99',
      value: quantile(tookMs, 0.99),
      unit: 'ms',
      target: { kind: 'at-most', value: 250 },
      remark,
    },
  ]
}

/** Guests are named in the faults, and notifications in the steps. */
async function match(
  pool: Pool,
  sentAtMs: ReadonlyMap<string, number>,
  steppedAtMs: ReadonlyMap<string, number>,
): Promise<readonly number[]> {
  const [rows] = await pool.query<RowDataPacket[]>(
    'SELECT notification_uuid AS uuid, payload FROM notifications',
  )
  return rows.flatMap((row) => {
    const [, guest = ''] = /"instance_uuid": ?"([^"]+)"/.exec(String(row['payload'])) ?? []
    const [from, to] = [sentAtMs.get(guest), steppedAtMs.get(String(row['uuid']))]
    return from === undefined || to === undefined ? [] : [to - from]
  })
}

/** Of a kind that needs no recovery, so that only taking them is measured. */
async function flooded({ http, connection, pool }: Scene): Promise<readonly Figure[]> {
  const hosts = http.segments.flatMap((segment) => segment.hosts.map(({ name }) => name))
  const count = FLOOD.perSecond * FLOOD.seconds
  const guests = Array.from({ length: count }, (_, index): Guest => {
    return { id: randomUUID(), host: hosts[index % hosts.length] ?? '' }
  })
  const before = await countRows(pool)
  const startedAtMs = performance.now()
  const { refused } = await publish(connection, guests, FLOOD.perSecond, NEEDS_NOTHING)
  const acceptedInMs = performance.now() - startedAtMs
  await untilStored(connection)
  const storedInMs = performance.now() - startedAtMs
  const stored = (await countRows(pool)) - before
  return [
    {
      what: `faults lost of ${count} at ${FLOOD.perSecond}/s`,
      value: count - refused - stored,
      unit: '',
      target: { kind: 'at-most', value: 0 },
      remark: `the bus has refused ${refused}`,
    },
    {
      what: `the bus takes them in`,
      value: acceptedInMs / 1000,
      unit: 's',
      target: { kind: 'at-most', value: FLOOD.seconds * 1.05 },
    },
    { what: `the engine has stored them all after`, value: storedInMs / 1000, unit: 's' },
  ]
}

async function countRows(pool: Pool): Promise<number> {
  const [rows] = await pool.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM notifications')
  return Number(rows[0]?.['count'])
}

/** Sends at a steady pace. The time of a fault is that of its publication. */
async function publish(
  connection: NatsConnection,
  guests: readonly Guest[],
  perSecond: number,
  domainEvent: string,
): Promise<{ readonly sentAtMs: ReadonlyMap<string, number>; readonly refused: number }> {
  const stream = connection.jetstream()
  const sentAtMs = new Map<string, number>()
  const answers: Promise<boolean>[] = []
  const fromMs = performance.now()
  for (let sent = 0; sent < guests.length;) {
    const due = Math.min(guests.length, ((performance.now() - fromMs) * perSecond) / 1000)
    for (; sent < due; sent += 1) {
      const guest = guests[sent]
      if (guest === undefined) continue
      sentAtMs.set(guest.id, performance.now())
      answers.push(publishOne(stream, guest, domainEvent))
    }
    await sleep(TICK_MS)
  }
  const taken = await Promise.all(answers)
  return { sentAtMs, refused: taken.filter((isTaken) => !isTaken).length }
}

async function publishOne(
  stream: JetStreamClient,
  { id, host }: Guest,
  domainEvent: string,
): Promise<boolean> {
  const fault = { instance: id, hostName: host, event: 'LIFECYCLE', domainEvent }
  const { subject, body } = encode(
    'guest.failed',
    { ...fault, evidence: ['its emulator has ended'] },
    {
      cloud: CLOUD,
      node: host,
      incarnation: 'bench',
      sequence: 1,
      id: randomUUID(),
      epoch: null,
      sentAt: Date.now(),
    },
  )
  return await stream.publish(subject, body, { msgID: randomUUID(), timeout: 10_000 }).then(
    () => true,
    () => false,
  )
}

async function hasConsumer(connection: NatsConnection): Promise<boolean> {
  const found = await pendingOf(connection).catch(() => undefined)
  return found !== undefined
}

/** Undefined while no engine consumes. */
async function pendingOf(connection: NatsConnection): Promise<number | undefined> {
  const manager = await connection.jetstreamManager()
  let pending: number | undefined
  for await (const consumer of manager.consumers.list(faultStream(CLOUD).name)) {
    pending = (pending ?? 0) + consumer.num_pending + consumer.num_ack_pending
  }
  return pending
}

const untilStored = (connection: NatsConnection): Promise<void> =>
  until(
    'every fault is stored',
    async () => (await pendingOf(connection)) === 0,
    STORED_WITHIN_MS,
    250,
  )

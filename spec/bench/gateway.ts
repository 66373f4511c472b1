/**
 * The gateway over HTTP on a MariaDB with 100,000 notifications: latency, and requests for each
 * second of its CPU time.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { startMariadb, type MariadbServer } from '../support/mariadb.ts'
import { startMasakari, type Masakari } from '../support/masakari.ts'
import { startServer } from '../support/process.ts'
import { median, quantile, type Figure } from './figure.ts'
import { NUMBERS } from './numbers.ts'

const STORED = 100_000
const HOSTS = 2000
const CONNECTIONS = [1, 50] as const
/** Clock ticks of /proc/<pid>/stat for each second, the same on every Linux. */
const TICKS = 100
/** So many requests must not make its memory grow. */
const LONG_RUN = 200_000

interface Measured {
  readonly tookMs: readonly number[]
  readonly perSecond: number
  readonly perCpuSecond: number
}

interface Served {
  readonly address: string
  readonly pid: number
}

interface Load {
  readonly title: string
  readonly requests: number
  readonly send: (agent: Agent, index: number) => Promise<void>
}

/** Lists and posts with one token, then with a new token each time. */
export async function measureGateway(): Promise<readonly Figure[]> {
  await using mariadb = await startMariadb()
  const { host, port, user, password } = mariadb
  const database = await mariadb.createDatabase()
  const access = [host, String(port), user, password.reveal(), database]
  await using child = await startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, 'gateway-server.ts'), ...access],
    ready: /listens on http/,
  })
  const address = addressOf(child.output())
  await fill(mariadb, database)
  const served = { address, pid: child.pid }
  // Measured first, while both have the same rows to list.
  const figures: Figure[] = [...(await comparisons(served, mariadb))]
  for (const load of loadsOn(address)) {
    await drive(served, { ...load, requests: Math.ceil(load.requests / 10) }, 1) // warm
    for (const connections of CONNECTIONS) {
      figures.push(...figuresOf(load, connections, await drive(served, load, connections)))
    }
  }
  return [...figures, await growth(served)]
}

/** The same requests by Masakari itself, in alternation. */
async function comparisons(gateway: Served, mariadb: MariadbServer): Promise<readonly Figure[]> {
  await using masakari = await startMasakari(mariadb, (its) => fillMasakari(mariadb, its))
  const figures: Figure[] = []
  for (const contest of CONTESTS) figures.push(await comparison(contest, { gateway, masakari }))
  return figures
}

interface Contest {
  readonly title: string
  /** Requests until the compiler has optimised our code; Masakari has no such compiler. */
  readonly warmUp: number
  readonly ours: number
  readonly theirs: number
  readonly body?: () => string
  readonly wanted: number
}

const CONTESTS: readonly Contest[] = [
  { title: 'GET 1,000 notifications', warmUp: 1000, ours: 100, theirs: 6, wanted: 200 },
  {
    title: 'POST a notification',
    warmUp: 5000,
    ours: 1000,
    theirs: 40,
    body: () => reportAbout(++posted),
    wanted: 202,
  },
]

async function comparison(
  { title, warmUp, ours, theirs, body, wanted }: Contest,
  { gateway, masakari }: { readonly gateway: Served; readonly masakari: Masakari },
): Promise<Figure> {
  const us = { ...gateway, token: 'known' }
  const speedOf = async (served: Served & { token: string }, requests: number): Promise<number> => {
    const { address, token } = served
    const send = (agent: Agent): Promise<void> => {
      const known = { address, path: '/v1/notifications', token, wanted }
      return exchange(agent, body === undefined ? known : { ...known, body: body() })
    }
    return (await drive(served, { title, requests, send }, 1)).perCpuSecond
  }
  await speedOf(us, warmUp)
  await speedOf(masakari, 2)
  const speeds = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < ROUNDS; round += 1) {
    speeds.ours.push(await speedOf(us, ours))
    speeds.theirs.push(await speedOf(masakari, theirs))
  }
  const [we, they] = [median(speeds.ours), median(speeds.theirs)]
  return {
    what: `gateway, ${title}: requests a CPU second, ours to Masakari's`,
    value: we / they,
    unit: '×',
    target: { kind: 'at-least', value: 20 },
    remark: `${we.toFixed(1)} to ${they.toFixed(2)}, medians of ${ROUNDS} rounds in turn`,
  }
}

const ROUNDS = 5

const addressOf = (output: string): string => /listens on (\S+)/.exec(output)?.[1] ?? ''

let posted = 0

const known = (): string => 'known'
const fresh = (): string => `fresh-${Math.random()}`

function loadsOn(address: string): readonly Load[] {
  const get = (path: string, token: (index: number) => string) => (agent: Agent, index: number) =>
    exchange(agent, { address, path, token: token(index), wanted: 200 })
  const post = (token: (index: number) => string) => (agent: Agent, index: number) => {
    posted += 1
    const body = reportAbout(posted)
    return exchange(agent, {
      address,
      path: '/v1/notifications',
      token: token(index),
      body,
      wanted: 202,
    })
  }
  return [
    { title: 'GET 1,000 notifications', requests: 300, send: get('/v1/notifications', known) },
    { title: 'POST a notification', requests: 1000, send: post(known) },
    {
      title: 'GET 1,000 notifications, new token',
      requests: 300,
      send: get('/v1/notifications', fresh),
    },
    { title: 'POST a notification, new token', requests: 1000, send: post(fresh) },
  ]
}

/** A guest's fault that is never repeated. */
const reportAbout = (index: number): string =>
  JSON.stringify({
    notification: {
      type: 'VM',
      hostname: `compute-${1 + (index % HOSTS)}`,
      generated_time: '2026-11-22T07:24:52.123456',
      payload: {
        event: 'LIFECYCLE',
        instance_uuid: `0f0e0d0c-0000-4000-8000-${String(index).padStart(12, '0')}`,
        vir_domain_event: 'STOPPED_FAILED',
      },
    },
  })

interface Exchange {
  readonly address: string
  readonly path: string
  readonly token: string
  readonly body?: string
  readonly wanted: number
}

/** Throws unless the answer has the wanted status. */
function exchange(agent: Agent, { address, path, token, body, wanted }: Exchange): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
  const method = body === undefined ? 'GET' : 'POST'
  const sent = request(`${address}${path}`, { agent, method, headers }, (answer) => {
    answer.once('end', () => {
      if (answer.statusCode === wanted) resolve()
      else reject(new Error(`${method} ${path} answered ${answer.statusCode}`))
    })
    answer.resume()
  })
  sent.once('error', reject)
  sent.end(body)
  return promise
}

/** So many connections, each with one request in flight, until all requests are answered. */
async function drive(served: Served, load: Load, connections: number): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const tookMs: number[] = []
  let next = 0
  const cpuBefore = cpuSeconds(served.pid)
  const startedAtMs = performance.now()
  const worker = async (): Promise<void> => {
    while (next < load.requests) {
      next += 1
      const sentAtMs = performance.now()
      await load.send(agent, next)
      tookMs.push(performance.now() - sentAtMs)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const seconds = (performance.now() - startedAtMs) / 1000
  const cpu = cpuSeconds(served.pid) - cpuBefore
  agent.destroy()
  return {
    tookMs,
    perSecond: load.requests / seconds,
    perCpuSecond: load.requests / Math.max(cpu, 1 / TICKS),
  }
}

function figuresOf({ title, requests }: Load, connections: number, measured: Measured): Figure[] {
  const what = `gateway, ${title}, ${connections} at once`
  const { tookMs, perSecond, perCpuSecond } = measured
  return [
    {
      what,
      value: perCpuSecond,
      unit: '/CPU s',
      remark:
        `p50 ${quantile(tookMs, 0.5).toFixed(1)} ms, p99 ${quantile(tookMs, 0.99).toFixed(1)} ms, ` +
        `${perSecond.toFixed(0)} a second, of ${requests}`,
    },
  ]
}

/** The ratio of the resident memory after many requests to that after a tenth of them. */
async function growth(served: Served): Promise<Figure> {
  const send = (agent: Agent): Promise<void> =>
    exchange(agent, { address: served.address, path: '/v1/segments', token: 'known', wanted: 200 })
  const load = { title: 'GET segments', send }
  await drive(served, { ...load, requests: LONG_RUN / 10 }, 50)
  const before = residentMb(served.pid)
  const { perCpuSecond } = await drive(served, { ...load, requests: LONG_RUN }, 50)
  return {
    what: `gateway, growth over ${LONG_RUN} requests`,
    value: residentMb(served.pid) - before,
    unit: 'MB',
    target: { kind: 'at-most', value: 30 },
    remark: `from ${before.toFixed(0)} MB; ${perCpuSecond.toFixed(0)} /CPU s`,
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

function residentMb(pid: number): number {
  const [, kilobytes = ''] =
    /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

/** The rows after years: all but the newest notifications have ended. */
async function fill(mariadb: MariadbServer, database: string): Promise<void> {
  const { host, port, user, password } = mariadb
  const connection = await createConnection({
    host,
    port,
    user,
    password: password.reveal(),
    database,
  })
  const segment = '00000000-0000-4000-8000-000000000001'
  const payload = '{"cluster_status":"OFFLINE","event":"STOPPED","host_status":"NORMAL"}'
  const statements = [
    `insert into segments (created_at, uuid, name, name_key, service_type, recovery_method, enabled)
     values (0, '${segment}', 'racks', 'racks', 'COMPUTE', 'auto', 1)`,
    `insert into hosts (created_at, uuid, name, name_key, failover_segment_id, type, control_attributes, reserved, on_maintenance)
     select n * 1000, uuid(), concat('compute-', n), concat('compute-', n), '${segment}', 'COMPUTE', '', 0, 0
     from ${NUMBERS} numbers where n <= ${HOSTS}`,
    `insert into notifications (created_at, updated_at, notification_uuid, generated_time, source_host_uuid, failover_segment_uuid, type, payload, status, message)
     select 1700000000000 + n * 1000, 1700000000000 + n * 1000, uuid(), 1700000000123 + n * 1000, hosts.uuid, '${segment}', 'COMPUTE_HOST', '${payload}', 'finished', 'all instances were moved'
     from ${NUMBERS} numbers join hosts on hosts.id = 1 + numbers.n % ${HOSTS} where n <= ${STORED}`,
    'analyze table notifications',
  ]
  for (const statement of statements) await connection.query(statement)
  await connection.end()
}

/** The same hosts and ended notifications in the database of Masakari. */
async function fillMasakari(mariadb: MariadbServer, database: string): Promise<void> {
  const { host, port, user, password } = mariadb
  const access = { host, port, user, password: password.reveal(), database }
  const connection = await createConnection(access)
  const payload = '{"cluster_status": "OFFLINE", "event": "STOPPED", "host_status": "NORMAL"}'
  const statements = [
    `insert into failover_segments (created_at, deleted, uuid, name, service_type, enabled, recovery_method)
     values (now(), 0, uuid(), 'racks', 'COMPUTE', 1, 'auto')`,
    `insert into hosts (created_at, deleted, uuid, name, reserved, type, control_attributes, on_maintenance, failover_segment_id)
     select now(), 0, uuid(), concat('compute-', n), 0, 'COMPUTE', '', 0, failover_segments.uuid
     from failover_segments join ${NUMBERS} numbers where n <= ${HOSTS}`,
    `insert into notifications (created_at, updated_at, deleted, notification_uuid, generated_time, source_host_uuid, type, payload, status)
     select from_unixtime(1700000000 + n), from_unixtime(1700000000 + n), 0, uuid(), from_unixtime(1700000000 + n), hosts.uuid, 'COMPUTE_HOST', '${payload}', 'finished'
     from ${NUMBERS} numbers join hosts on hosts.id = 1 + numbers.n % ${HOSTS} where n <= ${STORED}`,
    'analyze table hosts, notifications',
  ]
  for (const statement of statements) await connection.query(statement)
  await connection.end()
}

/**
 * No list reads a whole table: the databases' plans for every query of every list, with each filter
 * alone and together.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { createConnection, createPool, type RowDataPacket } from 'mysql2'
import {
  Kysely,
  MysqlDialect,
  sql,
  SqliteDialect,
  type LogEvent,
  type SqliteDatabase,
} from 'kysely'
import type { Page, StorePort } from '../../../actors/ports/store.ts'
import { instanceId, notificationId, segmentId } from '../../../schema/ids.ts'
import type { Database } from '../../../schema/tables.ts'
import { buildStore } from '../../../transports/sql/store.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { startMariadb } from '../../support/mariadb.ts'
import { SetClock } from '../../support/store-world.ts'

const SEGMENT = '00000000-0000-4000-8000-000000000001'
const HOST = '00000000-0000-4000-8000-000000000002'
/** The instances of one project. */
const INSTANCES = Array.from({ length: 50 }, (_value, index) => instanceId(`i${index}`))
const page: Page = { limit: 101, sort: [] }

/** Each list of the API, with each of its filters. */
const LISTS: readonly (readonly [title: string, list: (store: StorePort) => Promise<unknown>])[] = [
  ['segments', (store) => store.listSegments({}, page)],
  ['segments by method', (store) => store.listSegments({ recoveryMethod: 'rh_priority' }, page)],
  ['segments by type', (store) => store.listSegments({ serviceType: 'other' }, page)],
  ['segments by switch', (store) => store.listSegments({ enabled: false }, page)],
  ...[
    {},
    { name: 'compute-1' },
    { type: 'COMPUTE' },
    { controlAttributes: 'x' },
    { reserved: true },
    { onMaintenance: true },
  ].map(
    (filter) =>
      [
        `hosts by segment ${Object.keys(filter).join()}`,
        (store: StorePort) => store.listHosts({ segment: segmentId(SEGMENT), ...filter }, page),
      ] as const,
  ),
  ...[
    {},
    { status: 'running' },
    { status: 'finished' },
    { type: 'VM' },
    { sourceHost: HOST },
    { generatedSince: 9_000_000 },
    { status: 'finished', type: 'COMPUTE_HOST', sourceHost: HOST, generatedSince: 1 },
  ].map(
    (filter) =>
      [
        `notifications by ${JSON.stringify(filter)}`,
        (store: StorePort) => store.listNotifications(filter, page),
      ] as const,
  ),
  [
    'notifications after a marker',
    (store) => store.listNotifications({}, { ...page, marker: '900' }),
  ],
  ...[{}, { status: 'failed' }, { type: 'evacuation' }].map(
    (filter) =>
      [
        `moves by notification ${Object.keys(filter).join()}`,
        (store: StorePort) =>
          store.listMoves({ notification: notificationId(HOST), ...filter }, page),
      ] as const,
  ),
  ...[{}, { status: 'failed' }].map(
    (filter) =>
      [
        `moves by instance ${Object.keys(filter).join()}`,
        (store: StorePort) => store.listMoves({ instances: INSTANCES, ...filter }, page),
      ] as const,
  ),
  ...[{}, { status: 'failed' }].map(
    (filter) =>
      [
        `moves of all recoveries ${Object.keys(filter).join()}`,
        (store: StorePort) => store.listMoves(filter, page),
      ] as const,
  ),
  [
    'moves by instance after a marker',
    (store) => store.listMoves({ instances: INSTANCES }, { ...page, marker: '9' }),
  ],
  ['unfinished', (store) => store.listUnfinished()],
  ['a page of what is unfinished', (store) => store.listUnfinished({ afterId: 5, max: 10 })],
  ['given up', (store) => store.listGivenUp(9_990_000)],
  ['followed guests', (store) => store.listAwaitedGuests(100)],
  ['left behind', (store) => store.listLeftStopped(9_990_000)],
]

interface Query {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** The plan of one query as text, row by row, and the rows that read a full table. */
type Explain = (
  query: Query,
) => Promise<readonly { readonly text: string; readonly whole: boolean }[]>

const DIGITS = Array.from({ length: 10 }, (_value, index) => `select ${index} as d`).join(' union ')
const NUMBERS = `(select 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d as n from (${DIGITS}) a, (${DIGITS}) b, (${DIGITS}) c, (${DIGITS}) e)`

/** 10,000 notifications of 500 hosts, 2,000 segments, 10,000 moves. */
const fill = (concat: (prefix: string) => string): readonly string[] => [
  `insert into segments (created_at, deleted, uuid, name, name_key, service_type, recovery_method, enabled, revision)
   select n * 1000, 0, ${concat('s')}, ${concat('s')}, ${concat('s')}, 'COMPUTE', 'auto', 1, 0 from ${NUMBERS} numbers where n <= 2000`,
  `update segments set uuid = '${SEGMENT}' where name = 's1'`,
  `insert into hosts (created_at, deleted, uuid, name, name_key, failover_segment_id, type, control_attributes, reserved, on_maintenance, revision)
   select n * 1000, 0, ${concat('h')}, ${concat('h')}, ${concat('h')}, case when n <= 20 then '${SEGMENT}' else 's2' end, 'COMPUTE', '', 0, 0, 0 from ${NUMBERS} numbers where n <= 500`,
  `insert into notifications (created_at, updated_at, deleted, notification_uuid, generated_time, source_host_uuid, failover_segment_uuid, type, payload, status)
   select n * 1000, n * 1000, 0, ${concat('n')}, n * 1000, 'h1', '${SEGMENT}', 'COMPUTE_HOST', '{}', 'finished' from ${NUMBERS} numbers`,
  `insert into vm_moves (created_at, deleted, uuid, notification_uuid, instance_uuid, instance_name, source_host, type, status)
   select n * 1000, 0, ${concat('m')}, 'n1', ${concat('i')}, 'vm', 'h1', 'evacuation', 'succeeded' from ${NUMBERS} numbers`,
  `update vm_moves set instance_uuid = 'i0' where id = 9`,
]

async function wholeReads(
  t: ExecutionContext,
  store: StorePort,
  queries: Query[],
  explain: Explain,
): Promise<void> {
  for (const [title, list] of LISTS) {
    queries.length = 0
    await list(store).catch((error: unknown) => t.regex(String(error), /SEGMENT_NOT_FOUND/))
    const reads = queries.filter(({ sql }) => /^\s*select/i.test(sql))
    t.true(reads.length > 0, title)
    for (const query of reads) {
      for (const { text, whole } of await explain(query)) {
        t.false(whole, `${title}\n${query.sql}\n${text}`)
      }
    }
  }
}

const input = (values: readonly unknown[]) => [...values] as SQLInputValue[] // compiled by Kysely

const recorder = (queries: Query[]) => (event: LogEvent) => void queries.push(event.query)
const ports = () => ({ clock: new SetClock(), random: new SystemRandom() })
const failureOf = () => undefined

test('SQLite reads no list from a whole table', async (t) => {
  using database = new DatabaseSync(':memory:')
  const adapted: SqliteDatabase = {
    close: () => undefined,
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...input(values)),
        run: (values) => statement.run(...input(values)),
        iterate: (values) => statement.iterate(...input(values)),
      }
    },
  }
  const queries: Query[] = []
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: adapted }),
    log: recorder(queries),
  })
  await using store = buildStore(
    {
      db,
      failureOf,
      shareLock: sql``,
      locksOfReadsAreLocal: () => false,
      namesAreFolded: () => Promise.resolve(true),
    },
    ports(),
  )
  await store.migrate()
  database.exec('PRAGMA foreign_keys = OFF')
  for (const statement of fill((prefix) => `'${prefix}' || n`)) database.exec(statement)
  await wholeReads(t, store, queries, async ({ sql, parameters }) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...input(parameters))
      .map(({ detail }) => String(detail))
      .map((text) => ({
        text,
        whole: /^SCAN (?!.* USING )/.test(text) && !text.includes('hosts'),
      })),
  )
})

test('MariaDB reads no list from a whole table', async (t) => {
  await using server = await startMariadb()
  const { host, port, user } = server
  const access = { host, port, user, password: server.password.reveal() }
  const database = await server.createDatabase()
  const queries: Query[] = []
  const pool = createPool({ ...access, database, supportBigNumbers: true })
  const db = new Kysely<Database>({ dialect: new MysqlDialect({ pool }), log: recorder(queries) })
  await using store = buildStore(
    {
      db,
      failureOf,
      shareLock: sql``,
      locksOfReadsAreLocal: () => false,
      namesAreFolded: () => Promise.resolve(true),
    },
    ports(),
  )
  await store.migrate()
  const connection = createConnection({ ...access, database }).promise()
  await using ending = new AsyncDisposableStack()
  ending.defer(() => connection.end())
  await connection.query('SET foreign_key_checks = 0')
  for (const statement of fill((prefix) => `concat('${prefix}', n)`)) {
    await connection.query(statement)
  }
  await connection.query('ANALYZE TABLE segments, hosts, notifications, vm_moves')
  await wholeReads(t, store, queries, async ({ sql, parameters }) => {
    const [rows] = await connection.query<RowDataPacket[]>(`EXPLAIN ${sql}`, [...parameters])
    return rows.map((row) => ({ text: JSON.stringify(row), whole: row['type'] === 'ALL' }))
  })
})

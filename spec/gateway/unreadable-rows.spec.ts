/**
 * A row that cannot be read hides no other row, and can be repaired and deleted. On SQLite and on
 * MariaDB.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { createConnection } from 'mysql2/promise'
import type { StorePort } from '../../actors/ports/store.ts'
import { hostId } from '../../schema/ids.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { openMysqlStore } from '../../transports/sql/mysql.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { newKeyLine, parseKeys } from '../../transports/vault/keyring.ts'
import { sealedStore } from '../../transports/vault/sealed-store.ts'
import {
  aHost,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
  type GatewayWorld,
} from '../support/gateway.ts'
import { silentLog } from '../support/logs.ts'
import { startMariadb, type MariadbServer } from '../support/mariadb.ts'
import { temporaryDirectory } from '../support/process.ts'

const staging = new AsyncDisposableStack()
let server: Promise<MariadbServer> | undefined
test.before(async () => {
  server = startMariadb()
  staging.use(await server)
})
test.after.always(() => staging.disposeAsync())

interface Stage {
  readonly world: GatewayWorld
  /** Writes what no gateway would write. */
  readonly execute: (statement: string) => Promise<void>
}

const ports = { clock: new SystemClock(), random: new SystemRandom() }
const sealing = (store: StorePort): StorePort =>
  sealedStore(store, parseKeys(newKeyLine()), silentLog)

async function onSqlite(stack: AsyncDisposableStack): Promise<Stage> {
  const path = join(stack.use(await temporaryDirectory('unreadable')).path, 'store.db')
  const store = stack.use(openSqliteStore(path, { ...ports, clock: new VirtualClock() }))
  await store.migrate()
  return {
    world: stack.use(await startGateway({ wrapStore: () => sealing(store) })),
    execute(statement) {
      using database = new DatabaseSync(path)
      database.exec(statement)
      return Promise.resolve()
    },
  }
}

async function onMariadb(stack: AsyncDisposableStack): Promise<Stage> {
  if (server === undefined) throw new Error('no server')
  const mariadb = await server
  const { host, port, user, password } = mariadb
  const database = await mariadb.createDatabase()
  const store = stack.use(openMysqlStore({ host, port, user, password, database }, ports))
  await store.migrate()
  const account = { host, port, user, password: password.reveal(), database }
  return {
    world: stack.use(await startGateway({ wrapStore: () => sealing(store) })),
    async execute(statement) {
      const connection = await createConnection(account)
      await connection.query(statement)
      await connection.end()
    },
  }
}

const DEEP = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`
const UNREADABLE: Readonly<Record<string, readonly [stored: string, shown: RegExp]>> = {
  'JSON of 5,000 levels': [DEEP, /^\(unreadable: the text is nested deeper than 16 levels\)$/],
  'a password of 10,000 levels': [
    `{"ipmi":{"password":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`,
    /^\(unreadable: the text is nested deeper than 16 levels\)$/,
  ],
  'broken JSON': ['{"ipmi": {"password": "calvin"', /^\(unreadable: the text is not JSON\)$/],
  'a sealed value of garbage': [
    'sealed:v1:calvin',
    /^\(unreadable: the sealed text was changed\)$/,
  ],
  'a sealed value of nobody': [
    `sealed:v1:0123456789abcdef:${'A'.repeat(64)}`,
    /^\(unreadable: the key 0123456789abcdef is not in the key file\)$/,
  ],
}

const GOOD = { ssh: { host: '192.0.2.2', username: 'ha' } }

async function staysReadable(t: ExecutionContext, stage: Stage, kind: string): Promise<void> {
  const [stored, shown] = UNREADABLE[kind] ?? ['', /./]
  const { world } = stage
  const segment = await aSegment(world)
  const list = `/v1/segments/${segment}/hosts`
  const attributes = JSON.stringify(GOOD)
  await aHost(world, segment, 'compute-1', { control_attributes: attributes })
  const id = await aHost(world, segment, 'compute-2')
  await stage.execute(`UPDATE hosts SET control_attributes = '${stored}' WHERE name = 'compute-2'`)
  for (const token of ['admin-token', 'reader-token']) {
    const { status, json, text } = await world.call({ url: `${list}?sort_key=name`, token })
    t.is(status, 200)
    t.false(text.includes('calvin'))
    t.regex(textAt(json, 'hosts', 0, 'control_attributes'), shown)
    t.is(textAt(json, 'hosts', 1, 'control_attributes'), attributes)
  }
  const path = `${list}/${id}`
  t.regex(textAt((await world.call({ url: path })).json, 'host', 'control_attributes'), shown)
  t.is((await world.call({ url: `${list}?control_attributes=x` })).status, 200)

  const put = (host: object) => world.call({ method: 'PUT', url: path, body: { host } })
  t.is((await put({ reserved: true })).status, 200)
  const repaired = await put({ control_attributes: attributes })
  t.is(textAt(repaired.json, 'host', 'control_attributes'), attributes)
  await stage.execute(`UPDATE hosts SET control_attributes = '${stored}' WHERE uuid = '${id}'`)
  t.is((await world.call({ method: 'DELETE', url: path })).status, 204)
}

async function showsOtherRows(t: ExecutionContext, { world, execute }: Stage): Promise<void> {
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  const url = '/v1/notifications'
  const made = await world.call({ method: 'POST', url, body: hostFailure() })
  const policy = `/v1/segments/${segment}/policy`
  const chosen = { policy: { trust_reports: true, max_hosts: 50 } }
  await world.call({ method: 'PUT', url: policy, body: chosen, version: '1.4' })
  await execute(`UPDATE notifications SET payload = '{broken'`)
  await execute(`UPDATE segment_policies SET choices = '${DEEP}'`)
  const listed = await world.call({ url })
  t.is(listed.status, 200)
  const id = textAt(made.json, 'notification', 'notification_uuid')
  t.is(textAt(listed.json, 'notifications', 0, 'notification_uuid'), id)
  const careful = await world.call({ url: policy, version: '1.4' })
  t.like(at(careful.json, 'policy'), { trust_reports: false, max_hosts: 1 })
  t.is((await world.call({ method: 'PUT', url: policy, body: chosen, version: '1.4' })).status, 200)
  const again = await world.call({ url: policy, version: '1.4' })
  t.like(at(again.json, 'policy'), { trust_reports: true, max_hosts: 50 })
  t.is((await world.call({ url: `/v1/segments/${segment}/hosts/${hostId(host)}` })).status, 200)
}

for (const [database, open] of Object.entries({ SQLite: onSqlite, MariaDB: onMariadb })) {
  for (const kind of Object.keys(UNREADABLE)) {
    test(`${kind}, written into ${database}, hides no other host, and is repaired or deleted`, async (t) => {
      await using stack = new AsyncDisposableStack()
      await staysReadable(t, await open(stack), kind)
    })
  }
  test(`payload and policy that cannot be read in ${database} hide nothing, and are read in the most careful way`, async (t) => {
    await using stack = new AsyncDisposableStack()
    await showsOtherRows(t, await open(stack))
  })
}

/** Databases that differ from our migrations, and servers with fewer permissions: MariaDB. */
import test from 'ava'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { Cancel } from '../../../actors/ports/clock.ts'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { startMariadb, type MariadbServer } from '../../support/mariadb.ts'
import { schemaConformance, type SchemaDatabase } from '../../support/schema-conformance.ts'
import { refuseLockFunctions } from '../../support/sql-proxy.ts'
import { segmentFields, SetClock } from '../../support/store-world.ts'

const stack = new AsyncDisposableStack()
let mariadb: MariadbServer

test.before(async () => {
  mariadb = stack.use(await startMariadb())
})
test.after.always(() => stack.disposeAsync())

const ports = () => ({ clock: new SetClock(), random: new SystemRandom() })

const settingsOf = (database: string) => {
  const { host, port, user, password } = mariadb
  return { host, port, user, password, database }
}

/** As the specs' own user, or as root. */
async function query(database: string, sql: string, user = mariadb.user): Promise<RowDataPacket[]> {
  const { host, port, password } = mariadb
  const connection = await createConnection({
    host,
    port,
    user,
    password: user === 'root' ? '' : password.reveal(),
    database,
  })
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0]
  } finally {
    await connection.end()
  }
}

const asRoot = (database: string, sql: string): Promise<RowDataPacket[]> =>
  query(database, sql, 'root')

async function openDatabase(): Promise<SchemaDatabase & { readonly name: string }> {
  const name = await mariadb.createDatabase()
  return {
    name,
    open: (given) => openMysqlStore(settingsOf(name), given),
    execute: async (sql) => void (await query(name, sql)),
    async dump() {
      const tables = await query(name, 'SHOW FULL TABLES')
      const texts = []
      for (const row of tables) {
        const table = String(Object.values(row)[0])
        texts.push(await query(name, `SHOW CREATE TABLE ${table}`))
        texts.push(await query(name, `SELECT * FROM ${table}`))
      }
      return JSON.stringify([tables, texts])
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

schemaConformance(test.serial, 'MariaDB', openDatabase)

test.serial(
  'tables of other databases of the server, and of other case, do not matter',
  async (t) => {
    await using other = await openDatabase()
    await other.execute('CREATE TABLE hosts (id integer primary key)')
    await using database = await openDatabase()
    await database.execute('CREATE TABLE Hosts (id integer primary key)')
    await using store = database.open(ports())
    await t.notThrowsAsync(store.migrate())
  },
)

test.serial(
  'server that refuses lock functions is migrated anyway, by several processes at once',
  async (t) => {
    for (const errno of [1105, 1235]) {
      await using proxy = await refuseLockFunctions(mariadb, errno)
      const { name } = await openDatabase()
      const settings = { ...settingsOf(name), port: proxy.port }
      await using opened = new AsyncDisposableStack()
      const stores = [1, 2, 3].map(() => opened.use(openMysqlStore(settings, ports())))
      await t.notThrowsAsync(Promise.all(stores.map((store) => store.migrate())))
      await t.notThrowsAsync(Promise.all(stores.map((store) => store.ping())))
      const [lock] = await query(name, 'SELECT is_locked FROM kysely_migration_lock')
      t.is(lock?.['is_locked'], 0, 'it is free again')
    }
  },
)

test.serial('lock of a dead process is taken over, and one that is renewed is not', async (t) => {
  t.timeout(60_000)
  await using database = await openDatabase()
  await using store = database.open(ports())
  await store.migrate()
  await database.execute("DELETE FROM kysely_migration WHERE name >= '0018'")
  await database.execute('UPDATE kysely_migration_lock SET is_locked = 7')
  const clock = new SetClock()
  await using next = database.open({ clock, random: new SystemRandom() })
  const startedAtMs = performance.now()
  await next.migrate()
  t.true(performance.now() - startedAtMs > 9000, 'the dead one had its time')
  await database.execute("DELETE FROM kysely_migration WHERE name >= '0018'")
  let number = 100
  let cancel: Cancel | undefined
  let renewed: Promise<void> = Promise.resolve()
  const renew = async (): Promise<void> => {
    number += 1
    await database.execute(`UPDATE kysely_migration_lock SET is_locked = ${number}`)
    cancel = clock.schedule(1000, () => {
      renewed = renew()
    })
  }
  await renew()
  await t.throwsAsync(next.migrate(), { code: 'STORE_CONFLICT', message: /another process/ })
  // A renewal that is under way when the test ends would meet the next test's server.
  await renewed
  cancel?.()
})

test.serial(
  'account without the right to create reports it, and migrates when it has the right',
  async (t) => {
    const { name } = await openDatabase()
    await asRoot(name, `CREATE USER 'reader_${name}'@'127.0.0.1' IDENTIFIED BY 'correct horse'`)
    await asRoot(
      name,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO 'reader_${name}'@'127.0.0.1'`,
    )
    const settings = { ...settingsOf(name), user: `reader_${name}` }
    await using store = openMysqlStore(settings, ports())
    await t.throwsAsync(store.migrate(), {
      code: 'SCHEMA_DENIED',
      message: /CREATE command denied/,
    })
    await using owner = openMysqlStore(settingsOf(name), ports())
    await owner.migrate()
    await t.notThrowsAsync(store.migrate(), 'nothing is pending, so no such right is needed')
    await t.notThrowsAsync(store.createSegment(segmentFields('zone-a')))
    await asRoot(name, `REVOKE INSERT ON ${name}.* FROM 'reader_${name}'@'127.0.0.1'`)
    await using later = openMysqlStore(settings, ports()) // sessions keep the rights of their beginning
    await t.throwsAsync(later.createSegment(segmentFields('zone-b')), { code: 'STORE_READ_ONLY' })
    t.is((await later.listAllHosts()).length, 0)
  },
)

test.serial(
  'read-only server reports it, answers reads, and the ping shows that writes fail',
  async (t) => {
    const { name } = await openDatabase()
    await using store = openMysqlStore(settingsOf(name), ports())
    await asRoot(name, 'SET GLOBAL read_only = 1')
    try {
      await t.throwsAsync(store.migrate(), { code: 'STORE_READ_ONLY' })
      await asRoot(name, 'SET GLOBAL read_only = 0')
      await store.migrate()
      await store.ping()
      await asRoot(name, 'SET GLOBAL read_only = 1')
      await t.notThrowsAsync(store.migrate(), 'nothing is pending')
      await t.throwsAsync(store.createSegment(segmentFields('zone-a')), { code: 'STORE_READ_ONLY' })
      await t.throwsAsync(store.ping(), { code: 'STORE_READ_ONLY' })
      t.is((await store.listAllHosts()).length, 0)
    } finally {
      await asRoot(name, 'SET GLOBAL read_only = 0')
    }
    await t.notThrowsAsync(store.ping())
  },
)

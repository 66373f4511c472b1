/** The store while MariaDB is killed, frozen, locked, or another server answers in its place. */
import test from 'ava'
import { createConnection, type Connection } from 'mysql2/promise'
import { Secret } from '../../../schema/control-attributes.ts'
import { nodeName } from '../../../schema/ids.ts'
import type { StorePort } from '../../../actors/ports/store.ts'
import type { TlsMaterial } from '../../../schema/tls.ts'
import { openMysqlStore, type MysqlSettings } from '../../../transports/sql/mysql.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { startMariadb, type BreakableMariadb } from '../../support/mariadb.ts'
import { hostFields, segmentFields, SetClock, wholePage } from '../../support/store-world.ts'
import { until } from '../../support/until.ts'

const stack = new AsyncDisposableStack()
let started: BreakableMariadb | undefined

test.before(async () => {
  started = stack.use(await startMariadb())
})
test.after.always(() => stack.disposeAsync())

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' }

interface Opened extends AsyncDisposable {
  readonly server: BreakableMariadb
  readonly settings: MysqlSettings
  readonly store: StorePort
}

async function open(): Promise<Opened> {
  if (started === undefined) throw new Error('no server')
  const { host, port, user, password } = started
  const database = await started.createDatabase()
  const settings = { host, port, user, password, database }
  const store = openMysqlStore(settings, { clock: new SetClock(), random: new SystemRandom() })
  await store.migrate()
  return {
    server: started,
    settings,
    store,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

const connect = ({ password, ...settings }: MysqlSettings): Promise<Connection> =>
  createConnection({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    password: password.reveal(),
  })

const answers = (store: StorePort): Promise<boolean> =>
  store.ping().then(
    () => true,
    () => false,
  )

test.serial(
  'killed database is STORE_UNAVAILABLE, and works again after a restart with all its data',
  async (t) => {
    await using world = await open()
    const { store, server } = world
    const segment = await store.createSegment(segmentFields('zone-a'))
    const epoch = await store.claimEpoch(nodeName('engine-1'))
    const inFlight = Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => store.createSegment(segmentFields(`lost-${index}`))),
    )
    await server.kill()
    for (const outcome of await inFlight) {
      if (outcome.status === 'rejected') t.like(outcome.reason, UNAVAILABLE)
    }
    await t.throwsAsync(store.ping(), UNAVAILABLE)
    await t.throwsAsync(store.createSegment(segmentFields('zone-b')), UNAVAILABLE)
    await t.throwsAsync(store.claimEpoch(nodeName('engine-2')), UNAVAILABLE)
    await server.restart()
    await until('the store answers again', () => answers(store))
    t.is(await store.currentEpoch(), epoch)
    t.deepEqual(await store.getSegment(segment.uuid), segment)
    const names = (await store.listSegments({}, wholePage)).map(({ name }) => name)
    t.false(names.includes('zone-b'))
  },
)

test.serial(
  'frozen database is STORE_UNAVAILABLE in time, and works again when it thaws',
  async (t) => {
    await using world = await open()
    const { store, server } = world
    await server.freeze()
    const startedAt = performance.now()
    try {
      const asks = [
        store.ping(),
        store.createSegment(segmentFields('zone-a')),
        store.currentEpoch(),
      ]
      for (const ask of await Promise.allSettled(asks)) {
        t.like(ask, { status: 'rejected', reason: UNAVAILABLE })
      }
      t.true(performance.now() - startedAt < 15_000)
    } finally {
      await server.thaw()
    }
    await until('the store answers again', () => answers(store))
    t.is((await store.createSegment(segmentFields('zone-b'))).name, 'zone-b')
  },
)

test.serial('store closes in time although its database is frozen', async (t) => {
  await using world = await open()
  await world.server.freeze()
  const ask = t.throwsAsync(world.store.ping(), UNAVAILABLE)
  const startedAt = performance.now()
  try {
    await world.store[Symbol.asyncDispose]()
    t.true(performance.now() - startedAt < 5000)
    await ask
  } finally {
    await world.server.thaw()
  }
})

test.serial('deadlock victim runs again and succeeds', async (t) => {
  await using world = await open()
  const { store, settings } = world
  const segment = await store.createSegment(segmentFields('zone-a'))
  await store.createHost(segment.uuid, hostFields('compute-1'))
  const other = await connect(settings)
  await other.query('CREATE TABLE ballast (id INT AUTO_INCREMENT PRIMARY KEY)')
  await other.query('BEGIN')
  // InnoDB rolls the smaller transaction back: ours.
  await other.query(`INSERT INTO ballast VALUES ${'(NULL),'.repeat(500)}(NULL)`)
  await other.query('UPDATE hosts SET revision = revision + 1')
  const deleted = store.deleteSegment(segment.uuid) // has the segment, waits for the host
  await until('the store waits for the lock', async () => {
    const [rows] = await other.query("SHOW STATUS LIKE 'Innodb_row_lock_current_waits'")
    return JSON.stringify(rows).includes('"1"')
  })
  await other.query('UPDATE segments SET revision = revision + 1') // waits for the store: a deadlock
  await other.query('COMMIT')
  await other.end()
  await t.notThrowsAsync(deleted)
  t.is(await store.getSegment(segment.uuid), undefined)
})

test.serial(
  'wrong password, unknown database and closed port are STORE_UNAVAILABLE without the password',
  async (t) => {
    await using world = await open()
    const { settings } = world
    for (const wrong of [
      { password: new Secret('hunter2') },
      { database: 'specs_nowhere' },
      { port: 1 },
    ]) {
      await using store = openMysqlStore(
        { ...settings, ...wrong },
        { clock: new SetClock(), random: new SystemRandom() },
      )
      const error = await t.throwsAsync(store.ping(), UNAVAILABLE)
      t.notRegex(error.message, /hunter2|correct horse/)
    }
  },
)

const tlsOf = (): TlsMaterial => ({
  ca: undefined,
  cert: undefined,
  key: undefined,
  check: 'identity',
  ciphers: undefined,
  minVersion: 'TLSv1.2',
})

test.serial('connection without encryption is refused when encryption is required', async (t) => {
  await using world = await open()
  await using store = openMysqlStore(
    { ...world.settings, tls: tlsOf() },
    { clock: new SetClock(), random: new SystemRandom() },
  )
  await t.throwsAsync(store.ping(), UNAVAILABLE)
})

test.serial(
  "tables hold every character and distinguish texts, whatever the server's default is",
  async (t) => {
    await using world = await open()
    const { store, settings } = world
    const fields = { ...segmentFields('naïve 🛟'), serviceType: 'Ä' }
    const { uuid } = await store.createSegment(fields)
    t.like(await store.getSegment(uuid), fields)
    t.deepEqual(await store.listSegments({ serviceType: 'A' }, wholePage), [])
    const connection = await connect(settings)
    const [rows] = await connection.query('SELECT @@character_set_server AS name')
    await connection.end()
    t.deepEqual(rows, [{ name: 'latin1' }])
  },
)

/**
 * A process that must not start ends with status 2 and one sentence. A process whose disk is full
 * runs on and reports it.
 */
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { settledKeys } from '../../transports/vault/vault.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { configurationOf, runProduct, startProduct } from '../support/product.ts'
import { mountSmallDisk } from '../support/small-disk.ts'
import { SetClock } from '../support/store-world.ts'
import { until } from '../support/until.ts'

const ACCOUNT = {
  authUrl: 'http://127.0.0.1:9/v3', // nobody listens on the discard port
  username: 'ha',
  password: 'nova-p4ssw0rd',
  project: 'service',
}

/** A configuration whose state is in `state`, in its own directory. */
async function installation(state: string, port: number): Promise<string> {
  await mkdir(state, { recursive: true, mode: 0o700 })
  return configurationOf({
    node: 'controller-1',
    roles: 'gateway, engine, host-monitor',
    account: ACCOUNT,
    port,
    store: `sqlite:///${join(state, 'store.db')}`,
    bus: 'memory',
    stateDirectory: state,
    more: '[DEFAULT]\nauth_strategy = noauth2\n',
  })
}

async function ended(directory: string) {
  const state = join(directory, 'state')
  const file = join(directory, 'instance-ha.conf')
  await writeFile(file, await installation(state, await freePort()), { mode: 0o600 })
  return await runProduct('run', '--config', file)
}

test.serial('tables of another program end the process, and are not changed', async (t) => {
  await using directory = await temporaryDirectory('refusals')
  const state = join(directory.path, 'state')
  await mkdir(state, { mode: 0o700 })
  using database = new DatabaseSync(join(state, 'store.db'))
  database.exec('CREATE TABLE notifications (id integer primary key, status text)')
  const { status, stderr } = await ended(directory.path)
  t.is(status, 2)
  t.regex(
    stderr,
    /^instance-ha cannot start: SCHEMA_FOREIGN: .*: notifications\..*an empty database/m,
  )
  t.notRegex(stderr, /^ +at /m)
  const tables = database.prepare('SELECT name FROM sqlite_master').all()
  t.deepEqual(
    tables.map(({ name }) => name),
    ['notifications'],
  )
})

test.serial('lost key ends the process, and no other key is made', async (t) => {
  await using directory = await temporaryDirectory('refusals')
  const state = join(directory.path, 'state')
  await mkdir(state, { mode: 0o700 })
  const ports = { clock: new SetClock(), random: new SystemRandom() }
  await using store = openSqliteStore(join(state, 'store.db'), ports)
  await store.migrate()
  const { first } = await settledKeys(store, join(state, 'credentials.key'))
  await rename(join(state, 'credentials.key'), join(directory.path, 'lost'))
  const { status, stderr } = await ended(directory.path)
  t.is(status, 2)
  t.regex(
    stderr,
    new RegExp(`^instance-ha cannot start: KEY_MISSING: .*${first}.*credentials`, 'm'),
  )
  t.false((await readdir(state)).includes('credentials.key'))
})

test.serial('state directory that others can write ends the process by name', async (t) => {
  await using directory = await temporaryDirectory('refusals')
  const state = join(directory.path, 'state')
  await mkdir(state)
  await chmod(state, 0o777)
  const { status, stderr } = await ended(directory.path)
  t.is(status, 2)
  t.regex(
    stderr,
    /cannot start: CONFIG_INVALID: the state directory .*state cannot be used: .*chmod/,
  )
  t.deepEqual(await readdir(state), [])
})

test.serial(
  'process whose disk is full answers 503, says so, reads, and continues when there is room',
  async (t) => {
    t.timeout(120_000)
    await using small = await mountSmallDisk(4)
    await using directory = await temporaryDirectory('refusals')
    if (small === undefined) return void t.true(process.getuid?.() !== 0, 'root may mount')
    await chmod(small.path, 0o700)
    const port = await freePort()
    const text = await installation(join(small.path, 'state'), port)
    await using running = await startProduct(directory.path, 'controller-1', text)
    const url = `http://127.0.0.1:${port}`
    const headers = { 'X-Auth-Token': 'admin:service', 'content-type': 'application/json' }
    const create = (name: string): Promise<Response> => {
      const segment = {
        name,
        recovery_method: 'auto',
        service_type: 'c',
        description: 'x'.repeat(40_000),
      }
      return fetch(`${url}/v1/segments`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ segment }),
      })
    }
    const store = async (): Promise<string> => {
      const text = await (await fetch(`${url}/health/ready`)).text()
      return /\{"name":"store"[^}]*\}/.exec(text)?.[0] ?? text
    }
    await until('the store is ready', async () => (await store()).includes('"ok":true'))
    t.is((await create('zone-a')).status, 201)
    await small.fill()
    let refused: Response | undefined
    await until('a write is refused', async () => {
      refused = await create(`zone-${performance.now()}`)
      return refused.status !== 201
    })
    t.is(refused?.status, 503)
    t.regex(refused?.headers.get('retry-after') ?? '', /^\d+$/)
    const told = /STORE_FULL: The disk of the database is full\.","since":"20/
    await until('it says so', async () => told.test(await store()))
    t.is((await fetch(`${url}/v1/segments`, { headers })).status, 200)
    t.is(running.exitStatus(), null, 'it runs')
    await small.empty()
    await until(
      'it goes on',
      async () => (await create(`more-${performance.now()}`)).status === 201,
    )
    await until('it says so', async () => (await store()).includes('"ok":true'))
    t.is(running.exitStatus(), null)
  },
)

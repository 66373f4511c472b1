/** The store that hides credentials from its database: the promises of every store, and its own. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import type { LogPort } from '../../../actors/ports/log.ts'
import type { StorePort } from '../../../actors/ports/store.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { newKeyLine, parseKeys, type Keyring } from '../../../transports/vault/keyring.ts'
import { resealCredentials, sealedStore } from '../../../transports/vault/sealed-store.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { silentLog } from '../../support/logs.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  segmentFields,
  SetClock,
  wholePage,
  type StoreDatabase,
} from '../../support/store-world.ts'

const KEYRING = parseKeys(newKeyLine())

async function openDatabase(): Promise<StoreDatabase> {
  const directory = await temporaryDirectory('sealed')
  const path = join(directory.path, 'store.db')
  return {
    open: (ports) => sealedStore(openSqliteStore(path, ports), KEYRING, silentLog),
    execute(sql) {
      using database = new DatabaseSync(path)
      database.exec(sql)
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

storeConformance(test, openDatabase)

const PASSWORD = 'a-password-that-nothing-else-contains'
const CREDENTIALS = JSON.stringify({ host: '192.0.2.1', username: 'ha', password: PASSWORD })

/** One host with credentials in a database that several keyrings may open. */
async function world() {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('sealed'))
  const path = join(directory.path, 'store.db')
  const clock = new SetClock()
  const raw = stack.use(openSqliteStore(path, { clock, random: new SystemRandom() }))
  await raw.migrate()
  const segment = await raw.createSegment(segmentFields('zone-a'))
  const parts = stack.move()
  return {
    path,
    clock,
    raw,
    segment: segment.uuid,
    withKeys: (keyring: Keyring, log: LogPort = silentLog): StorePort =>
      sealedStore(raw, keyring, log),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

test('no file of the database ever contains the password in clear', async (t) => {
  await using opened = await world()
  const { segment, path } = opened
  const store = opened.withKeys(KEYRING)
  const fields = { ...hostFields('compute-1'), controlAttributes: CREDENTIALS }
  const host = await store.createHost(segment, fields)
  t.is(host.controlAttributes, CREDENTIALS)
  const changed = CREDENTIALS.replace('ha', 'root')
  t.is(
    (await store.updateHost(segment, host.uuid, { controlAttributes: changed })).controlAttributes,
    changed,
  )
  for (const suffix of ['', '-wal']) {
    t.false((await readFile(path + suffix)).includes(PASSWORD), suffix)
  }
  t.regex((await opened.raw.listAllHosts())[0]?.controlAttributes ?? '', /^sealed:v1:/)
})

test('every reader of hosts gets opened credentials', async (t) => {
  await using opened = await world()
  const { segment, clock } = opened
  const store = opened.withKeys(KEYRING)
  const fields = { ...hostFields('compute-1'), controlAttributes: CREDENTIALS }
  const host = await store.createHost(segment, fields)
  const acceptance = await store.acceptNotification(hostStopped('compute-1', clock.wall))
  if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind)
  const { uuid } = acceptance.notification
  const snapshot = await store.readSnapshot(segment, uuid, 0)
  const read = [
    await store.getHost(segment, host.uuid),
    await store.findHost(host.name),
    ...(await store.listHosts({ segment }, wholePage)),
    ...(await store.listAllHosts()),
    ...(await store.listUnfinished()).map((each) => each.host),
    ...snapshot.hosts,
    acceptance.host,
  ]
  t.deepEqual(
    read.map((each) => each?.controlAttributes),
    read.map(() => CREDENTIALS),
  )
  t.is(read.length, 7)
})

test('same credentials again count as unchanged, also while a recovery forbids a change', async (t) => {
  await using opened = await world()
  const { segment, raw, clock } = opened
  const store = opened.withKeys(KEYRING)
  const fields = { ...hostFields('compute-1'), controlAttributes: CREDENTIALS }
  const { uuid } = await store.createHost(segment, fields)
  await accepted(store, hostStopped('compute-1', clock.wall))
  const [stored] = await raw.listAllHosts()
  await store.updateHost(segment, uuid, { controlAttributes: CREDENTIALS, reserved: true })
  t.like(await raw.getHost(segment, uuid), {
    controlAttributes: stored?.controlAttributes,
    reserved: true,
  })
  await t.throwsAsync(store.updateHost(segment, uuid, { controlAttributes: 'other' }), {
    code: 'HOST_UNDER_RECOVERY',
  })
})

test('filter by credentials compares sealed texts, page by page; an order by them is refused', async (t) => {
  await using opened = await world()
  const { segment } = opened
  const store = opened.withKeys(KEYRING)
  for (const name of ['a', 'b', 'c', 'd']) {
    const controlAttributes = name === 'b' ? 'rack 8' : 'rack 7'
    await store.createHost(segment, { ...hostFields(name), controlAttributes })
  }
  const filter = { segment, controlAttributes: 'rack 7' }
  const sort = [{ key: 'name', direction: 'asc' }] as const
  const page = await store.listHosts(filter, { limit: 2, sort })
  t.deepEqual(
    page.map(({ name }) => String(name)),
    ['a', 'c'],
  )
  const marker = String(page[1]?.id)
  const rest = await store.listHosts(filter, { limit: 2, sort, marker })
  t.deepEqual(
    rest.map(({ name }) => String(name)),
    ['d'],
  )
  const order = [{ key: 'control_attributes', direction: 'asc' }] as const
  await t.throwsAsync(store.listHosts({ segment }, { limit: 2, sort: order }), {
    code: 'INPUT_INVALID',
  })
})

test('host whose key is missing keeps its sealed text, shows a note, and is logged once', async (t) => {
  await using opened = await world()
  const { segment, raw } = opened
  const fields = { ...hostFields('compute-1'), controlAttributes: CREDENTIALS }
  const { uuid } = await opened.withKeys(KEYRING).createHost(segment, fields)
  const said: string[] = []
  const log = { ...silentLog, error: (_fields: unknown, text: string) => void said.push(text) }
  const stranger = opened.withKeys(parseKeys(newKeyLine()), log)
  const seen = await stranger.getHost(segment, uuid)
  t.regex(
    seen?.controlAttributes ?? '',
    /^\(unreadable: the key [0-9a-f]{16} is not in the key file\)$/,
  )
  await stranger.listAllHosts()
  t.deepEqual(said, ['credentials cannot be read'])
  const note = seen?.controlAttributes ?? ''
  await stranger.updateHost(segment, uuid, { controlAttributes: note })
  t.regex((await raw.getHost(segment, uuid))?.controlAttributes ?? '', /^sealed:/)
  t.is((await opened.withKeys(KEYRING).getHost(segment, uuid))?.controlAttributes, CREDENTIALS)
})

test('with a new first key, clear texts and texts of the old key are sealed again', async (t) => {
  await using opened = await world()
  const { segment, raw } = opened
  const [old, young] = [newKeyLine(), newKeyLine()]
  await raw.createHost(segment, { ...hostFields('clear'), controlAttributes: CREDENTIALS })
  const store = opened.withKeys(parseKeys(old))
  await store.createHost(segment, { ...hostFields('sealed'), controlAttributes: CREDENTIALS })
  const both = parseKeys(`${young}\n${old}`)
  t.is(await resealCredentials(opened.withKeys(both), both), 2)
  t.is(await resealCredentials(opened.withKeys(both), both), 0)
  const hosts = await opened.withKeys(parseKeys(young)).listAllHosts()
  t.deepEqual(
    hosts.map((host) => host.controlAttributes),
    [CREDENTIALS, CREDENTIALS],
  )
  const stranger = parseKeys(newKeyLine())
  await t.throwsAsync(resealCredentials(raw, stranger), { code: 'CONFIG_INVALID' })
})

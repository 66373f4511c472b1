/** Keys that are lost, foreign, or made by two controllers at once. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { openKeyFile } from '../../../transports/vault/key-file.ts'
import { resealCredentials } from '../../../transports/vault/sealed-store.ts'
import { openVault, settledKeys } from '../../../transports/vault/vault.ts'
import { silentLog } from '../../support/logs.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { hostFields, segmentFields, SetClock } from '../../support/store-world.ts'

/** One database, and controllers with their own directories. */
async function deployment() {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('vault'))
  const ports = { clock: new SetClock(), random: new SystemRandom() }
  const database = join(directory.path, 'store.db')
  const raw = stack.use(openSqliteStore(database, ports))
  const parts = stack.move()
  return {
    raw,
    keyFile: (controller: string) => join(directory.path, controller, 'credentials.key'),
    /** One more process of this controller. */
    start: (controller: string) =>
      openVault(
        parts.use(openSqliteStore(database, ports)),
        join(directory.path, controller, 'credentials.key'),
        silentLog,
      ),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

const CREDENTIALS = '{"password": "calvin"}'

/** A working deployment: one host, sealed by `controller-1`. */
async function working() {
  const world = await deployment()
  const { store } = world.start('controller-1')
  await store.migrate()
  const { uuid } = await store.createSegment(segmentFields('zone-a'))
  const fields = { ...hostFields('compute-1'), controlAttributes: CREDENTIALS }
  const host = await store.createHost(uuid, fields)
  const [stored] = await world.raw.listAllHosts()
  const key = stored?.controlAttributes.split(':')[2] ?? ''
  return { ...world, segment: uuid, host, key }
}

test('lost key file is reported with the key, and no key is made', async (t) => {
  await using world = await working()
  const path = world.keyFile('controller-1')
  await rename(path, `${path}.lost`)
  const vault = world.start('controller-1')
  const { store } = vault
  const expected = { code: 'KEY_MISSING', message: new RegExp(`${world.key}.*${path}`) }
  await t.throwsAsync(store.migrate(), expected)
  await t.throwsAsync(vault.check(), expected)
  await t.throwsAsync(store.listAllHosts(), expected, 'nothing is read or sealed meanwhile')
  const fields = { ...hostFields('compute-2'), controlAttributes: CREDENTIALS }
  await t.throwsAsync(store.createHost(world.segment, fields), expected)
  t.deepEqual(await readdir(join(path, '..')), ['credentials.key.lost'])
  await rename(`${path}.lost`, path)
  await store.migrate()
  t.is((await store.listAllHosts())[0]?.controlAttributes, CREDENTIALS)
  await t.notThrowsAsync(vault.check())
})

test('no key is made when only a deleted host was sealed, or a key was agreed on', async (t) => {
  await using world = await working()
  await world.raw.deleteHost(world.segment, world.host.uuid)
  await rm(world.keyFile('controller-1'))
  await t.throwsAsync(world.start('controller-1').store.migrate(), { code: 'KEY_MISSING' })
  await world.raw.purge({ before: Date.UTC(2100, 0), rowsMax: 100 })
  await t.throwsAsync(world.start('controller-1').store.migrate(), { code: 'KEY_MISSING' })
})

test('second controller without the key file is refused, also while no host is registered', async (t) => {
  await using world = await deployment()
  await world.start('controller-1').store.migrate()
  await t.throwsAsync(world.start('controller-2').store.migrate(), { code: 'KEY_MISSING' })
  t.deepEqual(await readdir(join(world.keyFile('controller-2'), '..')).catch(() => []), [])
})

test('two controllers that start at once on an empty database agree on one key, and the other key is refused', async (t) => {
  for (let round = 0; round < 5; round += 1) {
    await using world = await deployment()
    await world.raw.migrate()
    const starts = ['controller-1', 'controller-2'].map((name) => world.start(name).store.migrate())
    const outcomes = await Promise.allSettled(starts)
    t.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    const loser = outcomes[0]?.status === 'rejected' ? 'controller-1' : 'controller-2'
    t.deepEqual(await readdir(join(world.keyFile(loser), '..')).catch(() => []), [])
  }
})

test('processes of one controller that start at once share the key', async (t) => {
  await using world = await deployment()
  await world.raw.migrate()
  const vaults = [1, 2, 3].map(() => world.start('controller-1'))
  await t.notThrowsAsync(Promise.all(vaults.map(({ store }) => store.migrate())))
  const text = await readFile(world.keyFile('controller-1'), 'utf8')
  t.is(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length, 1)
})

test('database from before keys were agreed on: the present key file counts, if it opens what is stored', async (t) => {
  await using world = await working()
  await world.raw.replaceSealingKey('gone')
  await t.throwsAsync(world.start('controller-1').store.migrate(), { message: /gone/ })
  await using old = await deployment()
  await old.raw.migrate()
  await mkdir(join(old.keyFile('controller-1'), '..'), { recursive: true })
  const keyring = await openKeyFile(old.keyFile('controller-1'))
  const { uuid } = await old.raw.createSegment(segmentFields('zone-a'))
  const sealed = { ...hostFields('compute-1'), controlAttributes: keyring.seal(CREDENTIALS) }
  await old.raw.createHost(uuid, sealed)
  await openKeyFile(old.keyFile('controller-2'))
  const expected = { code: 'KEY_MISSING', message: new RegExp(keyring.first) }
  await t.throwsAsync(old.start('controller-2').store.migrate(), expected)
  await t.throwsAsync(old.start('controller-3').store.migrate(), expected, 'it has no file')
  t.deepEqual(await readdir(join(old.keyFile('controller-3'), '..')).catch(() => []), [])
  await t.notThrowsAsync(old.start('controller-1').store.migrate())
})

test('host that is sealed with an unknown key while we run is reported by the check, and others continue', async (t) => {
  await using world = await working()
  const vault = world.start('controller-1')
  await vault.store.migrate()
  await t.notThrowsAsync(vault.check())
  const stranger = await openKeyFile(world.keyFile('elsewhere'))
  const sealed = { ...hostFields('compute-2'), controlAttributes: stranger.seal('x') }
  const { uuid } = await world.raw.createHost(world.segment, sealed)
  const expected = { code: 'KEY_MISSING', message: new RegExp(stranger.first) }
  await t.throwsAsync(vault.check(), expected)
  t.is((await vault.store.getHost(world.segment, world.host.uuid))?.controlAttributes, CREDENTIALS)
  await world.raw.deleteHost(world.segment, uuid)
  await t.notThrowsAsync(vault.check())
})

test('change of keys: the old one is needed until everything is sealed with the new one', async (t) => {
  await using world = await working()
  const path = world.keyFile('controller-1')
  const old = await readFile(path, 'utf8')
  await rename(path, `${path}.old`)
  const young = await openKeyFile(path)
  await t.throwsAsync(world.start('controller-1').store.migrate(), { code: 'KEY_MISSING' })
  const line = await readFile(path, 'utf8')
  await writeFile(path, line + old)
  await t.notThrowsAsync(world.start('controller-1').store.migrate())
  t.is(await resealCredentials(world.raw, await settledKeys(world.raw, path)), 1)
  await writeFile(path, line)
  const vault = world.start('controller-1')
  await t.notThrowsAsync(vault.store.migrate())
  t.is((await vault.store.listAllHosts())[0]?.controlAttributes, CREDENTIALS)
  t.is((await settledKeys(world.raw, path)).first, young.first)
})

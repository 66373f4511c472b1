/** The store on SQLite: a file, so that two stores can share it like two processes. */
import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'
import test from 'ava'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import { segmentFields, SetClock, type StoreDatabase } from '../../support/store-world.ts'

async function openDatabase(): Promise<StoreDatabase> {
  const directory = await temporaryDirectory('sqlite')
  const path = join(directory.path, 'store.db')
  return {
    open: (ports) => openSqliteStore(path, ports),
    execute(sql) {
      using database = new DatabaseSync(path)
      database.exec(sql)
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

storeConformance(test, openDatabase)

const ports = () => ({ clock: new SetClock(), random: new SystemRandom() })

test('store in memory works, and ends with its connection', async (t) => {
  await using store = openSqliteStore(':memory:', ports())
  await store.migrate()
  await store.createSegment(segmentFields('zone-a'))
  await using other = openSqliteStore(':memory:', ports())
  await other.migrate()
  await t.notThrowsAsync(other.createSegment(segmentFields('zone-a')))
})

/** The texts that are prepared while this is in use. */
function preparedTexts(): { readonly texts: readonly string[] } & Disposable {
  const texts: string[] = []
  const prepare: (this: DatabaseSync, sql: string) => StatementSync = Reflect.get(
    DatabaseSync.prototype,
    'prepare',
  )
  DatabaseSync.prototype.prepare = function (sql) {
    texts.push(sql)
    return prepare.call(this, sql)
  }
  return { texts, [Symbol.dispose]: () => void (DatabaseSync.prototype.prepare = prepare) }
}

test('limits are part of the text, because SQLite compiles a statement again for each bound limit', async (t) => {
  using prepared = preparedTexts()
  await using store = openSqliteStore(':memory:', ports())
  await store.migrate()
  t.deepEqual(await store.listUnfinished({ afterId: 0, max: 7 }), [])
  t.true(prepared.texts.some((text) => /"notifications" .* limit 1$/.test(text)))
  t.deepEqual(
    prepared.texts.filter((text) => /limit \?/.test(text)),
    [],
  )
})

test('file is readable by its owner only, because it holds credentials', async (t) => {
  await using directory = await temporaryDirectory('sqlite')
  const path = join(directory.path, 'store.db')
  await using store = openSqliteStore(path, ports())
  await store.migrate()
  for (const suffix of ['', '-wal', '-shm']) {
    t.is((await stat(path + suffix)).mode & 0o077, 0, suffix)
  }
})

test('path that is no database is STORE_UNAVAILABLE, at once', async (t) => {
  await using directory = await temporaryDirectory('sqlite')
  const file = join(directory.path, 'text')
  await writeFile(
    file,
    'this is not a database, but it is long enough to be read as one'.repeat(99),
  )
  await mkdir(join(directory.path, 'folder'))
  for (const path of [file, join(directory.path, 'folder'), join(directory.path, 'no', 'such')]) {
    t.throws(() => openSqliteStore(path, ports()), { code: 'STORE_UNAVAILABLE' }, path)
  }
})

const url = (file: string): string => new URL(`../../../transports/${file}`, import.meta.url).href

test('processes that migrate one new file at once all succeed', async (t) => {
  await using directory = await temporaryDirectory('sqlite')
  const path = join(directory.path, 'store.db')
  const script = `
    const { openSqliteStore } = await import('${url('sql/sqlite.ts')}')
    const { SystemClock } = await import('${url('system/clock.ts')}')
    const { SystemRandom } = await import('${url('system/random.ts')}')
    const ports = { clock: new SystemClock(), random: new SystemRandom() }
    await using store = openSqliteStore(${JSON.stringify(path)}, ports)
    await store.migrate()
    console.log(await store.claimEpoch('engine'))`
  const migrate = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const outputs = await Promise.all([migrate(), migrate(), migrate()])
  t.deepEqual(outputs.map(({ stdout }) => stdout.trim()).toSorted(), ['1', '2', '3'])
})

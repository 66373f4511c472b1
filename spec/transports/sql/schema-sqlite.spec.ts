/** Databases that differ from our migrations: SQLite. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'ava'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { schemaConformance, type SchemaDatabase } from '../../support/schema-conformance.ts'
import { SetClock } from '../../support/store-world.ts'

async function openDatabase(): Promise<SchemaDatabase> {
  const directory = await temporaryDirectory('schema')
  const path = join(directory.path, 'store.db')
  return {
    open: (ports) => openSqliteStore(path, ports),
    execute(sql) {
      using database = new DatabaseSync(path)
      database.exec(sql)
      return Promise.resolve()
    },
    dump() {
      using database = new DatabaseSync(path)
      const tables = database.prepare('SELECT name, sql FROM sqlite_master ORDER BY name').all()
      const rows = tables
        .filter(
          ({ sql }) =>
            String(sql).startsWith('CREATE TABLE') || String(sql).includes('create table'),
        )
        .map(({ name }) => database.prepare(`SELECT * FROM "${String(name)}"`).all())
      return Promise.resolve(JSON.stringify([tables, rows]))
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

schemaConformance(test, 'SQLite', openDatabase)

test('names are compared without case, as SQLite does', async (t) => {
  await using database = await openDatabase()
  await database.execute('CREATE TABLE Hosts (id integer primary key)')
  const ports = { clock: new SetClock(), random: new SystemRandom() }
  await using store = database.open(ports)
  await t.throwsAsync(store.migrate(), { code: 'SCHEMA_FOREIGN', message: /hosts/ })
})

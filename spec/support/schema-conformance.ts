/** How every store handles a database that differs from what its migrations make. */
import type { ExecutionContext } from 'ava'
import type { StorePort } from '../../actors/ports/store.ts'
import { notificationId } from '../../schema/ids.ts'
import { MIGRATIONS } from '../../schema/migrations/migrations.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { segmentFields, SetClock, type RegisterTest, type StoreDatabase } from './store-world.ts'

/** A database whose tables can be compared. */
export interface SchemaDatabase extends StoreDatabase {
  /** The text of every table and view, and of the rows. */
  dump(): Promise<string>
}

const ports = () => ({ clock: new SetClock(), random: new SystemRandom() })

/** As Masakari makes them, shortened. */
const MASAKARI = [
  `CREATE TABLE failover_segments (created_at datetime, updated_at datetime, deleted_at datetime, deleted integer, id integer primary key, uuid varchar(36) not null, name varchar(255) not null, service_type varchar(255) not null, description text, recovery_method varchar(32) not null, enabled boolean)`,
  `CREATE TABLE hosts (created_at datetime, updated_at datetime, deleted_at datetime, deleted integer, id integer primary key, uuid varchar(36) not null, name varchar(255) not null, reserved boolean, type varchar(255) not null, control_attributes text not null, failover_segment_id varchar(36) not null, on_maintenance boolean)`,
  `CREATE TABLE notifications (created_at datetime, updated_at datetime, deleted_at datetime, deleted integer, id integer primary key, notification_uuid varchar(36) not null, generated_time datetime not null, source_host_uuid varchar(36) not null, type varchar(36) not null, payload text, status varchar(32) not null)`,
  `CREATE TABLE vmoves (id integer primary key, uuid varchar(36) not null)`,
  `CREATE TABLE masakari_alembic_version (version_num varchar(32) not null)`,
]

/** Records that a migration of this name was run. */
const recorded = (name: string): string =>
  `INSERT INTO kysely_migration VALUES ('${name}', '2999-01-01T00:00:00.000Z')`

const refused = async (
  t: ExecutionContext,
  database: SchemaDatabase,
  expected: { readonly code: string; readonly message: RegExp },
): Promise<void> => {
  const before = await database.dump()
  await using store = database.open(ports())
  await t.throwsAsync(store.migrate(), expected)
  for (const use of USES) await t.throwsAsync(use(store), expected)
  t.is(await database.dump(), before, 'nothing was changed')
}

/** Registers the tests; each gets an empty database. */
export function schemaConformance(
  test: RegisterTest,
  kind: string,
  open: () => Promise<SchemaDatabase>,
): void {
  const foreign = async (
    t: ExecutionContext,
    statements: readonly string[],
    message: RegExp,
  ): Promise<void> => {
    await using database = await open()
    for (const statement of statements) await database.execute(statement)
    await refused(t, database, { code: 'SCHEMA_FOREIGN', message })
  }

  test(`${kind}: tables of Masakari are refused by name, empty or not`, async (t) => {
    const names = /hosts, notifications\. Nothing was changed\. Use an empty database of its own/
    await foreign(t, MASAKARI, names)
    const row = `INSERT INTO hosts (id, uuid, name, type, control_attributes, failover_segment_id) VALUES (1, 'u', 'compute-1', 'c', '', 's')`
    await foreign(t, [...MASAKARI, row], names)
  })

  test(`${kind}: one table or view of any of our names is refused`, async (t) => {
    await foreign(t, ['CREATE TABLE changes (id integer primary key)'], /: changes\./)
    await foreign(
      t,
      ['CREATE TABLE other (id integer)', 'CREATE VIEW segments AS SELECT id FROM other'],
      /segments \(a view\)/,
    )
  })

  test(`${kind}: a record of migrations of another program is refused`, async (t) => {
    const record = 'CREATE TABLE kysely_migration (name varchar(255), timestamp varchar(255))'
    await foreign(
      t,
      [record, "INSERT INTO kysely_migration VALUES ('2019-users', '2019-01-01T00:00:00.000Z')"],
      /kysely_migration/,
    )
    await foreign(t, ['CREATE TABLE kysely_migration (version integer)'], /kysely_migration/)
  })

  test(`${kind}: our tables without their record are refused`, async (t) => {
    await using database = await open()
    await migrated(database)
    await database.execute('DROP TABLE kysely_migration')
    await refused(t, database, { code: 'SCHEMA_FOREIGN', message: /segments.*vm_moves/s })
  })

  test(`${kind}: tables with other names do not matter`, async (t) => {
    await using database = await open()
    await database.execute('CREATE TABLE users (id integer primary key)')
    await database.execute('CREATE TABLE hosts_of_mine (id integer primary key)')
    await migrated(database)
    await t.notThrowsAsync(migrated(database))
  })

  test(`${kind}: a database that a newer version has contracted is refused, and the migration is named`, async (t) => {
    await using database = await open()
    await migrated(database)
    await database.execute(recorded('9998-later'))
    await database.execute(recorded('9999-later-contract'))
    await refused(t, database, { code: 'SCHEMA_NEWER', message: /know 9999-later-contract\./ })
  })

  test(`${kind}: a database that a newer version has only expanded can be used`, async (t) => {
    await using database = await open()
    await using running = database.open(ports())
    await running.migrate()
    await database.execute('ALTER TABLE segments ADD COLUMN colour varchar(16)')
    await database.execute('CREATE TABLE colours (id integer primary key)')
    await database.execute(recorded('9999-later'))
    await t.notThrowsAsync(running.createSegment(segmentFields('by the running one')))
    await using started = database.open(ports())
    await started.migrate()
    await t.notThrowsAsync(started.createSegment(segmentFields('by one that starts now')))
    await database.execute('ALTER TABLE segments DROP COLUMN description')
    await using late = database.open(ports())
    await t.throwsAsync(late.migrate(), { code: 'SCHEMA_INCOMPLETE', message: /description/ })
  })

  test(`${kind}: a lost table, a lost column and a gap in the record are refused`, async (t) => {
    for (const [statement, message] of [
      ['DROP TABLE journal', /missing: journal/],
      ['ALTER TABLE vm_moves DROP COLUMN attempts', /vm_moves\.attempts/],
      ["DELETE FROM kysely_migration WHERE name = '0003-notifications'", /0003-notifications/],
    ] as const) {
      await using database = await open()
      await migrated(database)
      await database.execute(statement)
      await refused(t, database, { code: 'SCHEMA_INCOMPLETE', message })
    }
  })

  test(`${kind}: a migration that was interrupted after any of its steps is continued`, async (t) => {
    await using database = await open()
    await migrated(database)
    for (const name of Object.keys(MIGRATIONS).slice(1)) {
      await database.execute(`DELETE FROM kysely_migration WHERE name >= '${name}'`)
      await migrated(database)
    }
    await database.execute('DROP TABLE write_checks')
    await database.execute("DELETE FROM kysely_migration WHERE name >= '0018'")
    await migrated(database)
    await using store = database.open(ports())
    await t.notThrowsAsync(store.createSegment(segmentFields('zone-a')))
  })

  test(`${kind}: commands that an earlier version stored are kept under their new names`, async (t) => {
    await using database = await open()
    await migrated(database)
    await database.execute("DELETE FROM kysely_migration WHERE name >= '0010'")
    await database.execute('DROP TABLE operator_commands')
    await database.execute('DROP TABLE site_commands')
    await database.execute(
      'CREATE TABLE operator_words (id integer primary key, notification_uuid varchar(36), word varchar(32), operator varchar(255), reason text, said_at bigint)',
    )
    await database.execute(
      "INSERT INTO operator_words VALUES (7, 'n-1', 'pause', 'Zoë', 'switch work', 1700000000000)",
    )
    await migrated(database)
    await using store = database.open(ports())
    t.deepEqual(await store.listCommands(notificationId('n-1')), [
      {
        notification: 'n-1',
        kind: 'pause',
        operator: 'Zoë',
        reason: 'switch work',
        givenAt: 1_700_000_000_000,
      },
    ])
  })

  test(`${kind}: several stores that migrate and use one empty database at the same time all succeed`, async (t) => {
    await using database = await open()
    await using stack = new AsyncDisposableStack()
    const stores = [1, 2, 3, 4].map(() => stack.use(database.open(ports())))
    await t.notThrowsAsync(Promise.all(stores.map((store) => store.migrate())))
    await t.notThrowsAsync(Promise.all(stores.map((store) => store.ping())))
  })

  test(`${kind}: a store that did not migrate works on a migrated database, and waits for the migration`, async (t) => {
    await using database = await open()
    await using store = database.open(ports())
    await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE', message: /not migrated/ })
    await migrated(database)
    await t.notThrowsAsync(store.ping())
  })
}

const USES: readonly ((store: StorePort) => Promise<unknown>)[] = [
  (store) => store.ping(),
  (store) => store.createSegment(segmentFields('zone-a')),
  (store) => store.listAllHosts(),
]

async function migrated(database: SchemaDatabase): Promise<void> {
  await using store = database.open(ports())
  await store.migrate()
}

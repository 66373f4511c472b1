/** Orders of operators for all recoveries, and the runs of a recovery. A retry begins a new run. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

const COLUMNS = [
  { table: 'notifications', name: 'run', initially: 0 },
  { table: 'notifications', name: 'first_run', initially: 1 },
  { table: 'notifications', name: 'revision', initially: 0 },
  { table: 'journal', name: 'run', initially: 0 },
  { table: 'death_certificates', name: 'void', initially: 0 },
] as const

export const lifeCycle: Migration = {
  async up(db: Kysely<unknown>) {
    await siteWordsTable(db)
    for (const { table, name, initially } of COLUMNS) {
      await unlessDone(() =>
        db.schema
          .alterTable(table)
          .addColumn(name, 'integer', (column) => column.notNull().defaultTo(initially))
          .execute(),
      )
    }
  },
}

/**
 * The migration that drops this table also creates it, for the case that it was interrupted and
 * runs again.
 */
export const siteWordsTable = (db: Kysely<unknown>): Promise<void> =>
  db.schema
    .createTable('site_words')
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('word', 'varchar(32)', (column) => column.notNull())
    .addColumn('operator', 'varchar(255)', (column) => column.notNull())
    .addColumn('reason', sql`mediumtext`, (column) => column.notNull())
    .addColumn('said_at', 'bigint', (column) => column.notNull())
    .execute()

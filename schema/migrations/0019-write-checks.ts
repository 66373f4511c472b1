/**
 * A table in which a store tests whether the database accepts writes again. A row exists only
 * during the test.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const writeChecks: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('write_checks')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('filling', sql`mediumtext`, (column) => column.notNull())
      .execute()
  },
}

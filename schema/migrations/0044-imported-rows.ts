/**
 * Which rows were taken over from Masakari, and how they were then: a later import changes a row only when nobody has changed or
 * deleted it here.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const importedRows: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('imported_rows')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('fingerprint', 'varchar(64)', (column) => column.notNull())
      .addUniqueConstraint('imported_rows_row', ['kind', 'uuid'])
      .execute()
  },
}

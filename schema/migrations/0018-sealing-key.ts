/**
 * The name of the key that seals the credentials of this deployment: one row, so that all processes
 * use the same key.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const sealingKey: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('sealing_key')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('name', 'varchar(64)', (column) => column.notNull())
      .execute()
  },
}

/** The key that the credentials of this deployment are sealed with: one row, so that all processes agree. */
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

/**
 * The registered observers of hosts. The engine uses only observations from observers whose name is
 * here.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const observers: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('observers')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('name', 'varchar(255)', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('observers_name', ['name'])
      .execute()
  },
}

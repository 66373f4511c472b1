/** Failover segments. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const segments: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('segments')
      .ifNotExists()
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addColumn('deleted', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('name', 'varchar(255)', (column) => column.notNull())
      .addColumn('name_key', 'varchar(512)', (column) => column.notNull())
      .addColumn('service_type', 'varchar(255)', (column) => column.notNull())
      .addColumn('description', sql`mediumtext`)
      .addColumn('recovery_method', 'varchar(32)', (column) => column.notNull())
      .addColumn('enabled', 'boolean', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(0))
      .addUniqueConstraint('segments_uuid', ['uuid'])
      .addUniqueConstraint('segments_name', ['name_key', 'deleted'])
      .execute()
  },
}

/** Hosts of segments. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const hosts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('hosts')
      .ifNotExists()
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addColumn('deleted', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('name', 'varchar(255)', (column) => column.notNull())
      .addColumn('name_key', 'varchar(512)', (column) => column.notNull())
      .addColumn('failover_segment_id', 'varchar(36)', (column) => column.notNull())
      .addColumn('type', 'varchar(255)', (column) => column.notNull())
      .addColumn('control_attributes', sql`mediumtext`, (column) => column.notNull())
      .addColumn('reserved', 'boolean', (column) => column.notNull())
      .addColumn('on_maintenance', 'boolean', (column) => column.notNull())
      .addColumn('maintenance_by', 'varchar(36)')
      .addColumn('held_reserved', 'boolean', (column) => column.notNull().defaultTo(0))
      .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(0))
      .addUniqueConstraint('hosts_uuid', ['uuid'])
      .addUniqueConstraint('hosts_name', ['name_key', 'deleted'])
      .addUniqueConstraint('hosts_by_segment', ['failover_segment_id', 'deleted', 'id'])
      .addForeignKeyConstraint('hosts_segment', ['failover_segment_id'], 'segments', ['uuid'])
      .execute()
  },
}

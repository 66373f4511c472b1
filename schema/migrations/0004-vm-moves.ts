/**
 * Instance moves of recoveries: one row for each instance of a recovery, for any number of
 * attempts.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const vmMoves: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('vm_moves')
      .ifNotExists()
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addColumn('deleted', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('instance_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('instance_name', 'varchar(255)', (column) => column.notNull())
      .addColumn('source_host', 'varchar(255)', (column) => column.notNull())
      .addColumn('dest_host', 'varchar(255)')
      .addColumn('start_time', 'bigint')
      .addColumn('end_time', 'bigint')
      .addColumn('type', 'varchar(36)', (column) => column.notNull())
      .addColumn('status', 'varchar(32)', (column) => column.notNull())
      .addColumn('message', sql`mediumtext`)
      .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
      .addUniqueConstraint('vm_moves_uuid', ['uuid'])
      .addUniqueConstraint('vm_moves_instance', ['notification_uuid', 'instance_uuid'])
      .execute()
  },
}

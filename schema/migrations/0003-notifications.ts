/**
 * Notifications. Each of them is also a recovery. The host may be deleted, so there is no foreign
 * key.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const notifications: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('notifications')
      .ifNotExists()
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint')
      .addColumn('deleted_at', 'bigint')
      .addColumn('deleted', 'integer', (column) => column.notNull().defaultTo(0))
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('generated_time', 'bigint', (column) => column.notNull())
      .addColumn('source_host_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('failover_segment_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('type', 'varchar(36)', (column) => column.notNull())
      .addColumn('payload', sql`mediumtext`, (column) => column.notNull())
      .addColumn('status', 'varchar(32)', (column) => column.notNull())
      .addColumn('message', sql`mediumtext`)
      .addUniqueConstraint('notifications_uuid', ['notification_uuid'])
      .addUniqueConstraint('notifications_by_status', ['status', 'id'])
      .addUniqueConstraint('notifications_by_created', ['created_at', 'id'])
      .addUniqueConstraint('notifications_by_generated', ['generated_time', 'id'])
      .addUniqueConstraint('notifications_by_host', [
        'source_host_uuid',
        'type',
        'generated_time',
        'id',
      ])
      .execute()
  },
}

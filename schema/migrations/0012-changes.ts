/**
 * The ledger of reversible changes: what recoveries changed on hosts, and whether it was undone.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const changes: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('changes')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('host_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('subject', 'varchar(255)', (column) => column.notNull())
      .addColumn('state', 'varchar(16)', (column) => column.notNull())
      .addColumn('made_at', 'bigint', (column) => column.notNull())
      .addColumn('closed_at', 'bigint')
      .addColumn('outcome', sql`mediumtext`)
      .addUniqueConstraint('changes_by_state', ['state', 'id'])
      .addUniqueConstraint('changes_by_notification', ['notification_uuid', 'id'])
      .execute()
  },
}

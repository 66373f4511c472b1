/** The journal: every intent, outcome and decision of every recovery, append-only. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const journal: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('journal')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('recorded_at', 'bigint', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('kind', 'varchar(16)', (column) => column.notNull())
      .addColumn('step', 'varchar(255)', (column) => column.notNull())
      .addColumn('subject', 'varchar(255)', (column) => column.notNull())
      .addColumn('detail', sql`mediumtext`, (column) => column.notNull())
      .addUniqueConstraint('journal_by_notification', ['notification_uuid', 'id'])
      .addUniqueConstraint('journal_by_step', ['step', 'recorded_at', 'id'])
      .execute()
  },
}

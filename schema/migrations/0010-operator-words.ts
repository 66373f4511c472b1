/** What operators ordered for a recovery. Append-only. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const operatorWords: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('operator_words')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('word', 'varchar(32)', (column) => column.notNull())
      .addColumn('operator', 'varchar(255)', (column) => column.notNull())
      .addColumn('reason', sql`mediumtext`, (column) => column.notNull())
      .addColumn('said_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('operator_words_notification', ['notification_uuid', 'id'])
      .execute()
  },
}

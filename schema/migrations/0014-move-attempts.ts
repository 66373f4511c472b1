/** Every evacuation that was requested. A move has one row for each attempt. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const moveAttempts: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('move_attempts')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('move_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('number', 'integer', (column) => column.notNull())
      .addColumn('target', 'varchar(255)')
      .addColumn('requested_at', 'bigint', (column) => column.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('outcome', 'varchar(32)')
      .addColumn('reason', sql`mediumtext`)
      .addUniqueConstraint('move_attempts_move', ['move_uuid', 'number'])
      .execute()
  },
}

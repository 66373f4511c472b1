/**
 * The state of each instance before a recovery touched it, and whether we have locked it against
 * its owner.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const moveOrigins: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('move_origins')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('move_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('vm_state', 'varchar(255)', (column) => column.notNull())
      .addColumn('task_state', 'varchar(255)')
      .addColumn('power_state', 'integer', (column) => column.notNull())
      .addColumn('locked', 'integer', (column) => column.notNull())
      .addColumn('held', 'integer', (column) => column.notNull().defaultTo(0))
      .addUniqueConstraint('move_origins_move', ['move_uuid'])
      .execute()
  },
}

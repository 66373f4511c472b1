/** Each evacuation that was asked for belongs to a run of its recovery: what failed in it is not asked for again before the next. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const attemptRuns: Migration = {
  async up(db: Kysely<unknown>) {
    try {
      await db.schema
        .alterTable('move_attempts')
        .addColumn('run', 'integer', (column) => column.notNull().defaultTo(0))
        .execute()
    } catch (error) {
      // A migration that was cut off runs again, and MySQL has no ADD COLUMN IF NOT EXISTS.
      if (!isThere(error)) throw error
    }
  },
}

/** SQLite, MySQL and MariaDB say it alike. */
const isThere = (error: unknown): boolean =>
  error instanceof Error && /duplicate column name/i.test(error.message)

/** Each evacuation that was asked for belongs to a run of its recovery: what failed in it is not asked for again before the next. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

export const attemptRuns: Migration = {
  async up(db: Kysely<unknown>) {
    const attempts = db.schema.alterTable('move_attempts')
    const run = attempts.addColumn('run', 'integer', (column) => column.notNull().defaultTo(0))
    await unlessDone(() => run.execute())
  },
}

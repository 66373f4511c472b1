/**
 * Each requested evacuation belongs to a run of its recovery. A host that failed in a run is not
 * tried again in the same run.
 */
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

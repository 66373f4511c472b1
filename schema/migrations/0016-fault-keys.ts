/**
 * The key of a reported fault, which only its newest notification holds. With it, one statement
 * stores the first report of a fault.
 */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

/**
 * Older notifications have no key. A report that repeats one of them becomes another notification,
 * which the engine folds into the same incident.
 */
export const faultKeys: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db
    const table = schema.alterTable('notifications')
    await unlessDone(() => table.addColumn('fault_key', 'varchar(64)').execute())
    const index = schema.createIndex('notifications_by_fault').unique()
    await unlessDone(() => index.on('notifications').column('fault_key').execute())
  },
}

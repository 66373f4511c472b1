/** The key of a reported fault, held by its newest notification: a fault that nobody reported before is taken in by one statement. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

/** Notifications of before have none: a report that repeats one of them is another notification, which the engine folds. */
export const faultKeys: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db
    const table = schema.alterTable('notifications')
    await unlessDone(() => table.addColumn('fault_key', 'varchar(64)').execute())
    const index = schema.createIndex('notifications_by_fault').unique()
    await unlessDone(() => index.on('notifications').column('fault_key').execute())
  },
}

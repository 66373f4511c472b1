/** Indexes for the newest moves of all recoveries, and the newest with one status. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

export const newestMoves: Migration = {
  async up(db: Kysely<unknown>) {
    const newest = db.schema.createIndex('vm_moves_created').on('vm_moves')
    await unlessDone(() => newest.columns(['deleted', 'created_at', 'id']).execute())
    const ofStatus = db.schema.createIndex('vm_moves_status_created').on('vm_moves')
    await unlessDone(() => ofStatus.columns(['status', 'created_at', 'id']).execute())
  },
}

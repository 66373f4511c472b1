/** An index to find the moves of one instance in all recoveries. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

export const movesByInstance: Migration = {
  async up(db: Kysely<unknown>) {
    const index = db.schema.createIndex('vm_moves_instance_created').on('vm_moves')
    await unlessDone(() => index.columns(['instance_uuid', 'created_at', 'id']).execute())
  },
}

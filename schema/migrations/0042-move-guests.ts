/** Whether the guest of a moved instance was heard on its new host, and an index of those that are followed. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

const COLUMNS = [
  { name: 'guest_state', type: sql`varchar(16)` },
  { name: 'guest_at', type: sql`bigint` },
  { name: 'guest_reason', type: sql`mediumtext` },
] as const

export const moveGuests: Migration = {
  async up(db: Kysely<unknown>) {
    for (const { name, type } of COLUMNS) {
      await unlessDone(() => db.schema.alterTable('vm_moves').addColumn(name, type).execute())
    }
    const index = db.schema.createIndex('vm_moves_guest').on('vm_moves')
    await unlessDone(() => index.columns(['guest_state', 'guest_at', 'id']).execute())
  },
}

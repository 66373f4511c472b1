/** Which later recovery restores the state before the fault, when the target of a move failed before that. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

export const handedOver: Migration = {
  async up(db: Kysely<unknown>) {
    await unlessDone(() =>
      db.schema.alterTable('move_origins').addColumn('handed_to', 'varchar(36)').execute(),
    )
  },
}

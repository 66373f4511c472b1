/** Which observers are host monitors: hosts are assigned to these, and to nobody else. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

export const hostMonitors: Migration = {
  async up(db: Kysely<unknown>) {
    await unlessDone(() =>
      db.schema
        .alterTable('observers')
        .addColumn('watches_hosts', 'integer', (column) => column.notNull().defaultTo(0))
        .execute(),
    )
  },
}

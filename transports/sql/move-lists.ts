/** Instance moves, for reading: of one recovery, or of some instances in all recoveries. */
import { sql, type SqlBool } from 'kysely'
import type { NotificationStore } from '../../actors/ports/store.ts'
import { matching, readPaging } from './paging.ts'
import { moveOf } from './rows.ts'
import type { Transactions } from './transactions.ts'

/** The reading part of the moves' store. */
export function moveLists(
  transactions: Transactions,
): Pick<NotificationStore, 'listMoves' | 'listInstanceMoves' | 'getMove'> {
  return {
    listMoves: (id, filter, page) =>
      transactions.read(async (db) => {
        const { after, order } = await readPaging(db, 'vm_moves', page)
        const { status, type } = filter
        const rows = await db
          .selectFrom('vm_moves')
          .selectAll()
          .where('notification_uuid', '=', id)
          .where('deleted', '=', 0)
          .where(matching({ status, type }))
          .where(after)
          .orderBy(order)
          .limit(page.limit)
          .execute()
        return rows.map(moveOf)
      }),

    listInstanceMoves: (instances, { status }, page) =>
      transactions.read(async (db) => {
        if (instances.length === 0) return []
        const ours = sql<SqlBool>`instance_uuid in (${sql.join(instances)})`
        const { after, order } = await readPaging(db, 'vm_moves', page, ours)
        const rows = await db
          .selectFrom('vm_moves')
          .selectAll()
          .where(ours)
          .where('deleted', '=', 0)
          .where(matching({ status }))
          .where(after)
          .orderBy(order)
          .limit(page.limit)
          .execute()
        return rows.map(moveOf)
      }),

    getMove: (id, move) =>
      transactions.read(async (db) => {
        const query = db.selectFrom('vm_moves').selectAll().where('uuid', '=', move)
        const row = await query.where('notification_uuid', '=', id).executeTakeFirst()
        return row && moveOf(row)
      }),
  }
}

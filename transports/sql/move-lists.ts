/** Lists of instance moves: of one recovery or of all, of all instances or of some. */
import { sql, type Expression, type SqlBool } from 'kysely'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { matching, readPaging } from './paging.ts'
import { moveOf } from './rows.ts'
import type { Transactions } from './transactions.ts'

const ofInstances = (instances: readonly InstanceId[]): Expression<SqlBool> =>
  sql<SqlBool>`instance_uuid in (${sql.join(instances)})`

/** The reading part of the moves' store. */
export function moveLists(
  transactions: Transactions,
): Pick<NotificationStore, 'listMoves' | 'getMove'> {
  return {
    listMoves: ({ notification, status, type, instances }, page) =>
      transactions.read(async (db) => {
        if (instances?.length === 0) return []
        const ours = instances === undefined ? matching({}) : ofInstances(instances)
        const { after, order } = await readPaging(db, 'vm_moves', page, ours)
        const rows = await db
          .selectFrom('vm_moves')
          .selectAll()
          .where('deleted', '=', 0)
          .where(ours)
          .where(matching({ notification_uuid: notification, status, type }))
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

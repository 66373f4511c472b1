/** Lists of instance moves: of one recovery, or of some instances in all recoveries. */
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
): Pick<NotificationStore, 'listMoves' | 'listInstanceMoves' | 'getMove'> {
  return {
    listMoves: (id, filter, page) =>
      transactions.read(async (db) => {
        const { status, type, instances } = filter
        if (instances?.length === 0) return []
        const ours = instances === undefined ? matching({}) : ofInstances(instances)
        const { after, order } = await readPaging(db, 'vm_moves', page, ours)
        const rows = await db
          .selectFrom('vm_moves')
          .selectAll()
          .where('notification_uuid', '=', id)
          .where('deleted', '=', 0)
          .where(ours)
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
        const ours = ofInstances(instances)
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

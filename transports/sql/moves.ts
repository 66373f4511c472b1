/** Instance moves of a recovery: planned once, then changed by compare-and-set on their status. */
import { sql, type Transaction } from 'kysely'
import type { MoveChange, RecoveryStore } from '../../actors/ports/store.ts'
import { moveId } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { moveOf, nameKey, wholeSecond } from './rows.ts'
import type { StorePorts } from './transactions.ts'

/** Rows of one INSERT: far below the parameter limit of SQLite (32,766) and the packet limit of MySQL. */
const BATCH = 500

/** The part of the store that keeps instance moves. */
export function moveStore(
  guarded: GuardedWrite,
  { clock, random }: StorePorts,
): Pick<RecoveryStore, 'planMoves' | 'updateMove'> {
  return {
    planMoves: (epoch, notification, sourceHost, planned) =>
      guarded(epoch, async (trx) => {
        const all = trx
          .selectFrom('vm_moves')
          .selectAll()
          .where('notification_uuid', '=', notification)
        const existing = await all.orderBy('id').execute()
        const known = new Set(existing.map((row) => row.instance_uuid))
        const created_at = wholeSecond(clock.wallMs())
        const rows = planned
          .filter(({ instance }) => !known.has(instance) && known.add(instance))
          .map(({ instance, instanceName }) => ({
            created_at,
            uuid: moveId(random.uuid()),
            notification_uuid: notification,
            instance_uuid: instance,
            instance_name: instanceName,
            source_host: sourceHost,
            type: 'evacuation',
            status: 'pending' as const,
          }))
        if (rows.length === 0) return existing.map(moveOf)
        for (let first = 0; first < rows.length; first += BATCH) {
          await trx
            .insertInto('vm_moves')
            .values(rows.slice(first, first + BATCH))
            .execute()
        }
        return (await all.orderBy('id').execute()).map(moveOf)
      }),

    updateMove: (epoch, change) =>
      guarded(epoch, async (trx) => {
        if (change.from.length === 0 || (await isReserved(trx, change))) return false
        const now = clock.wallMs()
        const updated = await trx
          .updateTable('vm_moves')
          .set({
            status: change.to,
            dest_host: change.destHost,
            message: change.message,
            updated_at: wholeSecond(now),
            ...timesOf(change, now),
          })
          .where('uuid', '=', change.move)
          .where('status', 'in', change.from)
          .executeTakeFirst()
        return updated.numUpdatedRows === 1n
      }),
  }
}

/** A spare that is given back just now is no place to go to. */
async function isReserved(
  trx: Transaction<Database>,
  { to, destHost }: MoveChange,
): Promise<boolean> {
  if (to !== 'ongoing' || destHost === null) return false
  const query = trx.selectFrom('hosts').select('reserved').where('name_key', '=', nameKey(destHost))
  const row = await query.where('deleted', '=', 0).executeTakeFirst()
  return row !== undefined && row.reserved !== 0
}

/** Times are those of the last attempt, like the verdict. */
function timesOf({ to }: MoveChange, now: number) {
  switch (to) {
    case 'pending':
      return {}
    case 'ongoing':
      return { start_time: now, end_time: null, attempts: sql<number>`attempts + 1` }
    case 'ignored':
    case 'failed':
    case 'succeeded':
      return { end_time: now }
  }
}

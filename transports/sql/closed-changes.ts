/** Changes in the ledger that nobody has to undo any more. */
import type { Transaction } from 'kysely'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'

/**
 * A host that is back, or was never touched, has its compute service as it should be. Where somebody else had disabled it, or we
 * had for another fault, the line says all the same when the host was let back.
 */
export async function closeServiceChange(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
  closedAt: number,
): Promise<void> {
  const closed = { state: 'closed', closed_at: closedAt, outcome: 'the host is back' } as const
  const updated = await trx
    .updateTable('changes')
    .set(closed)
    .where('notification_uuid', '=', by)
    .where('host_uuid', '=', host)
    .where('kind', '=', 'service')
    .where('state', '!=', 'closed')
    .executeTakeFirst()
  if (updated.numUpdatedRows > 0n) return
  const about = { notification_uuid: by, host_uuid: host, kind: 'service', subject: '' } as const
  await trx
    .insertInto('changes')
    .values({ ...about, ...closed, made_at: closedAt })
    .execute()
}

/** An operator who says whether a host is reserved has taken the matter over. */
export async function closeSpareChanges(
  trx: Transaction<Database>,
  host: HostId,
  closedAt: number,
): Promise<void> {
  await trx
    .updateTable('changes')
    .set({ state: 'closed', closed_at: closedAt, outcome: 'an operator has taken it over' })
    .where('host_uuid', '=', host)
    .where('kind', '=', 'spare')
    .where('state', '!=', 'closed')
    .execute()
}

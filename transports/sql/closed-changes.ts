/** Closes changes of the ledger that need no undoing any more. */
import type { Transaction } from 'kysely'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'

/**
 * Closes the entry of a host that is back, or was never touched: its compute service is as it
 * should be.
 */
export async function closeServiceChange(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
  closedAt: number,
): Promise<void> {
  await closeService(trx, host, by, closed(closedAt))
}

/**
 * The same with a line for every host. When the service was disabled by someone else, the line
 * tells when the host was returned to service.
 */
export async function noteReturn(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
  closedAt: number,
): Promise<void> {
  const { numUpdatedRows } = await closeService(trx, host, by, closed(closedAt))
  if (numUpdatedRows > 0n) return
  const about = { notification_uuid: by, host_uuid: host, kind: 'service', subject: '' } as const
  const row = { ...about, ...closed(closedAt), made_at: closedAt }
  await trx.insertInto('changes').values(row).execute()
}

const closed = (closedAt: number) =>
  ({ state: 'closed', closed_at: closedAt, outcome: 'the host is back' }) as const

const closeService = (
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
  change: ReturnType<typeof closed>,
) =>
  trx
    .updateTable('changes')
    .set(change)
    .where('notification_uuid', '=', by)
    .where('host_uuid', '=', host)
    .where('kind', '=', 'service')
    .where('state', '!=', 'closed')
    .executeTakeFirst()

/** Closes the entries of a spare when an operator has set whether the host is reserved. */
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

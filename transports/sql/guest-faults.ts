/** Faults of guests about which nothing was concluded before the fault of their host. */
import type { Kysely } from 'kysely'
import { gaveWayTo } from '../../actors/ports/host-fault.ts'
import type { HostName, NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type Notification } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { nameKey, notificationOf } from './rows.ts'

/** Those of this host that are unfinished, or gave way to this recovery. Oldest first. */
export async function readOpenGuestFaults(
  db: Pick<Kysely<Database>, 'selectFrom'>,
  host: HostName,
  recovery: NotificationId,
): Promise<readonly Notification[]> {
  const ours = db.selectFrom('hosts').select('uuid').where('name_key', '=', nameKey(host))
  const rows = await db
    .selectFrom('notifications')
    .selectAll()
    .where('source_host_uuid', 'in', ours)
    .where('type', '=', 'VM')
    .where((eb) =>
      eb.or([
        eb('status', 'in', UNFINISHED_STATUSES),
        eb.and([eb('status', '=', 'ignored'), eb('message', '=', gaveWayTo(recovery))]),
      ]),
    )
    .orderBy('id')
    .execute()
  return rows.map(notificationOf)
}

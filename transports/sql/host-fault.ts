/**
 * What a decision about a guest or a process also needs: whether its host is dead, and how often it
 * was restarted.
 */
import type { Transaction } from 'kysely'
import type { HostFault, InstanceRestart } from '../../actors/ports/host-fault.ts'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import {
  UNFINISHED_STATUSES,
  type Notification,
  type NotificationStatus,
} from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { storedPayload } from './stored-json.ts'

/** The longest window of the crash-loop limit. */
const RESTARTS_SINCE_MS = 24 * 3_600_000

/**
 * A certified report counts first, then an open one of a sure reporter, then a recovery that holds
 * the host.
 */
export async function readHostFault(
  trx: Transaction<Database>,
  host: HostId,
): Promise<HostFault | null> {
  const rows = await trx
    .selectFrom('notifications')
    .leftJoin('death_certificates as certificate', (join) =>
      join
        .onRef('certificate.notification_uuid', '=', 'notifications.notification_uuid')
        .on('certificate.void', '=', 0),
    )
    .leftJoin('hosts', 'hosts.maintenance_by', 'notifications.notification_uuid')
    .select([
      'notifications.notification_uuid as notification',
      'notifications.payload',
      'notifications.status',
      'hosts.uuid as holds',
      'certificate.id as certificate',
    ])
    .where('source_host_uuid', '=', host)
    .where('notifications.type', '=', 'COMPUTE_HOST')
    .where((eb) =>
      eb.or([
        eb('notifications.status', 'in', UNFINISHED_STATUSES),
        eb('hosts.uuid', 'is not', null),
      ]),
    )
    .orderBy('notifications.id')
    .execute()
  const faults = rows.filter(({ holds, payload }) => holds !== null || isSure(payload))
  const fault =
    faults.find(({ certificate }) => certificate !== null) ??
    faults.find(({ status }) => stateOf(status) === 'open') ??
    faults[0]
  if (fault === undefined) return null
  const { notification, certificate, status } = fault
  return { notification, certified: certificate !== null, state: stateOf(status) }
}

/** Of the ignored recoveries, only a cancelled one keeps its host. */
function stateOf(status: NotificationStatus): HostFault['state'] {
  if (UNFINISHED_STATUSES.some((each) => each === status)) return 'open'
  return status === 'ignored' ? 'cancelled' : 'ended'
}

function isSure(text: string): boolean {
  const payload = storedPayload(text)
  return payload['event'] === 'STOPPED' && payload['host_status'] === 'NORMAL'
}

/** From the journal: an intent is an order, and an outcome tells that the instance runs again. */
export async function readRestarts(
  trx: Transaction<Database>,
  notification: Notification,
  nowMs: number,
): Promise<readonly InstanceRestart[]> {
  const instance = notification.payload['instance_uuid']
  if (notification.type !== 'VM' || instance === undefined) return []
  const lines = await trx
    .selectFrom('journal')
    .select(['notification_uuid as notification', 'kind', 'recorded_at as at'])
    .where('step', '=', 'restart')
    .where('recorded_at', '>=', nowMs - RESTARTS_SINCE_MS)
    .where('subject', '=', instance)
    .orderBy('id')
    .execute()
  const restarts = new Map<NotificationId, InstanceRestart>()
  for (const { notification: by, kind, at } of lines) {
    const known = restarts.get(by) ?? { notification: by, orderedAt: at, ranAt: null }
    restarts.set(by, kind === 'outcome' ? { ...known, ranAt: at } : { ...known, orderedAt: at })
  }
  return [...restarts.values()].toSorted((one, other) => one.orderedAt - other.orderedAt)
}

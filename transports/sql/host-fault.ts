/**
 * What a decision about a guest or a process also needs: whether its host is dead, and how often it
 * was restarted.
 */
import { sql, type Expression, type Kysely } from 'kysely'
import type { HostFault, InstanceRestart } from '../../actors/ports/host-fault.ts'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import {
  UNFINISHED_STATUSES,
  type JournalEntry,
  type Notification,
  type NotificationStatus,
} from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { byId, type ColumnNames } from './parts.ts'
import { storedPayload } from './stored-json.ts'

/** The longest window of the crash-loop limit. */
const RESTARTS_SINCE_MS = 24 * 3_600_000

/** The faults of some hosts. */
export const hostFaultsOf = (
  db: Kysely<Database>,
  hosts: Expression<{ readonly source_host_uuid: HostId }>,
) =>
  db
    .selectFrom('notifications')
    .leftJoin('death_certificates as certificate', (join) =>
      join
        .onRef('certificate.notification_uuid', '=', 'notifications.notification_uuid')
        .on('certificate.void', '=', 0),
    )
    .leftJoin('hosts', 'hosts.maintenance_by', 'notifications.notification_uuid')
    .select([
      'notifications.id',
      'notifications.notification_uuid as notification',
      'notifications.source_host_uuid as host',
      'notifications.payload',
      'notifications.status',
      'hosts.uuid as holds',
      'certificate.id as certificate',
    ])
    .where('source_host_uuid', 'in', sql<HostId>`${hosts}`)
    .where('notifications.type', '=', 'COMPUTE_HOST')
    .where((eb) =>
      eb.or([
        eb('notifications.status', 'in', UNFINISHED_STATUSES),
        eb('hosts.uuid', 'is not', null),
      ]),
    )

interface Fault {
  readonly id: number
  readonly notification: NotificationId
  readonly host: HostId
  readonly payload: string
  readonly status: NotificationStatus
  /** The host that is on maintenance because of it. */
  readonly holds: HostId | null
  readonly certificate: number | null
}

export const HOST_FAULT: ColumnNames<Fault> = {
  id: true,
  notification: true,
  host: true,
  payload: true,
  status: true,
  holds: true,
  certificate: true,
}

/** The fault of a host, null when it has none. */
export const hostFaultIn = (
  rows: readonly Fault[],
  { sourceHost: host }: Notification,
): HostFault | null =>
  faultOf(
    byId(rows.filter((row) => row.host === host)).filter(
      ({ holds, payload }) => holds !== null || isSure(payload),
    ),
  )

/**
 * A certified report counts first, then an open one of a sure reporter, then a recovery that holds
 * the host.
 */
function faultOf(faults: readonly Fault[]): HostFault | null {
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

/** The restarts of a reported guest. From the journal: an intent is an order, and an outcome tells that the instance runs again. */
export async function readRestarts(
  db: Kysely<Database>,
  notifications: readonly Notification[],
  nowMs: number,
): Promise<(notification: Notification) => readonly InstanceRestart[]> {
  const instances = notifications.flatMap((notification) => instanceOf(notification) ?? [])
  if (instances.length === 0) return () => []
  const lines = await db
    .selectFrom('journal')
    .select(['notification_uuid as notification', 'subject', 'kind', 'recorded_at as at'])
    .where('step', '=', 'restart')
    .where('recorded_at', '>=', nowMs - RESTARTS_SINCE_MS)
    .where('subject', 'in', [...new Set(instances)])
    .orderBy('id')
    .execute()
  return (notification) =>
    restartsIn(lines.filter(({ subject }) => subject === instanceOf(notification)))
}

const instanceOf = ({ type, payload }: Notification): string | undefined =>
  type === 'VM' ? payload['instance_uuid'] : undefined

interface RestartLine {
  readonly notification: NotificationId
  readonly kind: JournalEntry['kind']
  readonly at: number
}

function restartsIn(lines: readonly RestartLine[]): readonly InstanceRestart[] {
  const restarts = new Map<NotificationId, InstanceRestart>()
  for (const { notification: by, kind, at } of lines) {
    const known = restarts.get(by) ?? { notification: by, orderedAt: at, ranAt: null }
    restarts.set(by, kind === 'outcome' ? { ...known, ranAt: at } : { ...known, orderedAt: at })
  }
  return [...restarts.values()].toSorted((one, other) => one.orderedAt - other.orderedAt)
}

/** Accepts reports of faults: of equal ones, however many come at once, one. */
import type { Selectable, Transaction } from 'kysely'
import type { NewNotification, NotificationStore } from '../../actors/ports/store.ts'
import { notificationId, type NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type NotificationStatus } from '../../schema/records.ts'
import type { Database, HostsTable, NotificationsTable } from '../../schema/tables.ts'
import { lockHost } from './locks.ts'
import { nameKey, notificationOf, payloadOf, payloadText, wholeSecond } from './rows.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that takes notifications in. */
export function acceptanceStore(
  transactions: Transactions,
  { clock, random }: StorePorts,
): Pick<NotificationStore, 'acceptNotification'> {
  return {
    acceptNotification: (report) =>
      transactions.write(async (trx) => {
        // Reports about one host queue up behind its row, so that the check and the insert are one.
        const host = await lockHost(trx, { name_key: nameKey(report.hostName) })
        if (host === undefined) return { kind: 'unknown-host' }
        if (host.on_maintenance !== 0) return { kind: 'on-maintenance' }
        const of = await findDuplicate(trx, host, report)
        if (of !== undefined) return { kind: 'duplicate', of }
        const uuid = notificationId(random.uuid())
        const values = {
          ...columnsOf(report, host),
          notification_uuid: uuid,
          created_at: wholeSecond(clock.wallMs()),
        }
        await trx.insertInto('notifications').values(values).execute()
        const query = trx
          .selectFrom('notifications')
          .selectAll()
          .where('notification_uuid', '=', uuid)
        const notification = notificationOf(await query.executeTakeFirstOrThrow())
        return { kind: 'accepted', notification }
      }),
  }
}

const columnsOf = (report: NewNotification, host: Selectable<HostsTable>) => ({
  generated_time: report.generatedAt,
  source_host_uuid: host.uuid,
  failover_segment_uuid: host.failover_segment_id,
  type: report.type,
  payload: payloadText(report.payload),
  status: 'new' as const,
})

/**
 * An equal report is a duplicate while its recovery is unfinished, and also shortly before and after unless that recovery
 * failed: a failed one may be asked for again. Of guests and processes only what was seen before that end is one.
 */
async function findDuplicate(
  trx: Transaction<Database>,
  host: Selectable<HostsTable>,
  report: NewNotification,
): Promise<NotificationId | undefined> {
  const { generatedAt, duplicateWindowMs } = report
  const candidates = await trx
    .selectFrom('notifications')
    .select(['notification_uuid', 'payload', 'status', 'generated_time', 'updated_at'])
    .where('source_host_uuid', '=', host.uuid)
    .where('type', '=', report.type)
    .where((eb) =>
      eb.or([
        eb('status', 'in', UNFINISHED_STATUSES),
        eb.and([
          eb('status', '!=', 'failed'),
          eb('generated_time', '>=', generatedAt - duplicateWindowMs),
          eb('generated_time', '<=', generatedAt + duplicateWindowMs),
        ]),
      ]),
    )
    .orderBy('id')
    .execute()
  const text = payloadText(report.payload)
  const duplicate = candidates.find(
    (row) =>
      (row.payload === text && !isAnotherFault(report, row)) ||
      (isUnfinished(row.status) && isSameFault(report, row.payload)),
  )
  return duplicate?.notification_uuid
}

const isUnfinished = (status: NotificationStatus): boolean =>
  UNFINISHED_STATUSES.some((unfinished) => unfinished === status)

/** A guest or a process that failed after the recovery of its last failure had ended has failed again. */
const isAnotherFault = (
  { type, generatedAt }: NewNotification,
  row: Pick<Selectable<NotificationsTable>, 'status' | 'generated_time' | 'updated_at'>,
): boolean =>
  type !== 'COMPUTE_HOST' &&
  !isUnfinished(row.status) &&
  generatedAt !== row.generated_time &&
  row.updated_at !== null &&
  generatedAt > row.updated_at

/** Observers of one dead host may differ in details (`cluster_status`) and still mean one recovery. */
function isSameFault(report: NewNotification, text: string): boolean {
  if (report.type !== 'COMPUTE_HOST') return false
  const other = payloadOf(text)
  return SAME_FAULT.every((key) => report.payload[key] === other[key])
}

const SAME_FAULT = ['event', 'host_status'] as const

/**
 * Accepts reports of faults. Of several equal reports, one is accepted, even when they come at the
 * same time.
 */
import type { ExpressionBuilder, Kysely, Selectable, Transaction } from 'kysely'
import type { Acceptance, NewNotification, NotificationStore } from '../../actors/ports/store.ts'
import { notificationId, type HostName, type NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type NotificationStatus } from '../../schema/records.ts'
import { controlOf } from '../../schema/recovery-control.ts'
import type { Database, HostsTable, NotificationsTable } from '../../schema/tables.ts'
import { HOST, NOTIFICATION, SITE_COMMAND } from './columns.ts'
import { latestSiteCommand } from './commands.ts'
import { faultKey, SAME_FAULT } from './fault-key.ts'
import { lockHost, lockNamedHosts } from './locks.ts'
import { part, readParts } from './parts.ts'
import { hostOf, nameKey, notificationOf, payloadText, siteCommandOf, wholeSecond } from './rows.ts'
import { storedPayload } from './stored-json.ts'
import { Together } from './together.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that accepts notifications. */
export function acceptanceStore(
  transactions: Transactions,
  { clock, random }: StorePorts,
): Pick<NotificationStore, 'acceptNotification'> {
  const first = new Together<Arrival, Acceptance | undefined>((arrivals) =>
    acceptFirst(transactions, arrivals),
  )
  return {
    acceptNotification: async (report) => {
      const row = {
        ...columnsOf(report),
        notification_uuid: report.uuid ?? notificationId(random.uuid()),
        created_at: wholeSecond(clock.wallMs()),
      }
      return (
        (await first.carryOut({ hostName: report.hostName, row })) ??
        (await acceptLater(transactions, report, row))
      )
    },
  }
}

interface Arrival {
  readonly hostName: HostName
  readonly row: NewRow
}

type NewRow = ReturnType<typeof columnsOf> &
  Pick<Selectable<NotificationsTable>, 'notification_uuid' | 'created_at'>

const columnsOf = (report: NewNotification) => ({
  generated_time: report.generatedAt,
  type: report.type,
  payload: payloadText(report.payload),
  status: 'new' as const,
  fault_key: faultKey(report),
})

/**
 * Accepts faults that were not reported before; most reports of a storm are of this kind. It takes
 * one statement, because no row has their keys. Reading locks the host's row, so that a change of the
 * host comes before or after; where other nodes do not know this lock, the row is changed first
 * (decision 0066). undefined for each that must be looked at alone: an earlier report exists, or its
 * host takes none.
 */
async function acceptFirst(
  transactions: Transactions,
  arrivals: readonly Arrival[],
): Promise<readonly (Acceptance | undefined)[]> {
  const [head, ...others] = arrivals
  if (head === undefined) return []
  const columns = Object.keys(head.row) as (keyof NewRow)[] // the row's own columns
  const insertAll = (db: Kysely<Database>) => {
    const valuesOf = ({ hostName, row }: Arrival, index: number) =>
      db.selectNoFrom((eb) => [
        eb.val(index).as('place'),
        eb.val(nameKey(hostName)).as('reported_name'),
        ...columns.map((column) => eb.val(row[column]).as(column)),
      ])
    const reports = others.reduce(
      (all, next, index) => all.unionAll(valuesOf(next, index + 1)),
      valuesOf(head, 0),
    )
    return db
      .insertInto('notifications')
      .columns(['source_host_uuid', 'failover_segment_uuid', ...columns])
      .expression((eb) =>
        eb
          .selectFrom('hosts')
          .innerJoin(reports.as('reports'), 'reports.reported_name', 'hosts.name_key')
          .select(['hosts.uuid', 'hosts.failover_segment_id'])
          .select(columns.map((column) => `reports.${column}` as const))
          .where('hosts.deleted', '=', 0)
          .where('hosts.on_maintenance', '=', 0)
          .orderBy('reports.place')
          .modifyEnd(transactions.shareLock),
      )
      .executeTakeFirst()
  }
  const names = arrivals.map(({ hostName }) => nameKey(hostName))
  const inserted = await transactions.statement((db) =>
    transactions.locksOfReadsAreLocal()
      ? db.transaction().execute(async (trx) => {
          await lockNamedHosts(trx, names)
          return insertAll(trx)
        })
      : insertAll(db),
  )
  const isTaken = inserted === undefined // one of the keys
  // Which one, each alone will tell.
  if (isTaken && others.length > 0) throw new Error('one of the reports was made before')
  if (isTaken || inserted.numInsertedOrUpdatedRows === 0n) return arrivals.map(() => undefined)
  const uuids = arrivals.map(({ row }) => row.notification_uuid)
  const isComplete = inserted.numInsertedOrUpdatedRows === BigInt(arrivals.length)
  const accepted = await transactions.read((db) =>
    // A report that was not inserted now may have been stored long ago, before its host was taken out of service.
    readAccepted(db, isComplete ? ofUuids(db, uuids) : ofUuids(db, uuids).where(takesReports)),
  )
  return uuids.map((uuid) => accepted.get(uuid))
}

/**
 * Accepts any other report. Reports about one host wait for its row's lock, so that no report comes
 * between the check and the insert.
 */
const acceptLater = (
  transactions: Transactions,
  report: NewNotification,
  row: NewRow,
): Promise<Acceptance> =>
  transactions.write(async (trx) => {
    const host = await lockHost(trx, { name_key: nameKey(report.hostName) })
    if (host === undefined) return { kind: 'unknown-host' }
    if (host.on_maintenance !== 0) {
      if (host.maintenance_by !== null) await adoptCluster(trx, host.maintenance_by, report)
      return { kind: 'on-maintenance' }
    }
    const of = (await findSame(trx, row)) ?? (await findDuplicate(trx, host, report))
    if (of !== undefined) {
      await adoptCluster(trx, of, report)
      return { kind: 'duplicate', of }
    }
    const older = trx.updateTable('notifications').where('fault_key', '=', row.fault_key)
    await older.set({ fault_key: null }).execute()
    const ofHost = { source_host_uuid: host.uuid, failover_segment_uuid: host.failover_segment_id }
    await trx
      .insertInto('notifications')
      .values({ ...row, ...ofHost })
      .execute()
    const uuid = row.notification_uuid
    const accepted = (await readAccepted(trx, ofUuids(trx, [uuid]))).get(uuid)
    if (accepted === undefined) throw new Error(`the notification ${uuid} is not stored`)
    return accepted
  })

const ofUuids = (db: Kysely<Database>, uuids: readonly NotificationId[]) =>
  db.selectFrom('notifications').selectAll().where('notification_uuid', 'in', uuids)

/** Whether the host of a notification takes reports now. */
const takesReports = (eb: ExpressionBuilder<Database, 'notifications'>) =>
  eb(
    'source_host_uuid',
    'in',
    eb.selectFrom('hosts').select('uuid').where('deleted', '=', 0).where('on_maintenance', '=', 0),
  )

/** What was just accepted, as the leader needs it: nobody can have given a command for it before. */
async function readAccepted(
  db: Kysely<Database>,
  accepted: ReturnType<typeof ofUuids>,
): Promise<ReadonlyMap<NotificationId, Acceptance>> {
  const hosts = db
    .selectFrom('hosts')
    .selectAll()
    .where('deleted', '=', 0)
    .where('uuid', 'in', accepted.clearSelect().select('source_host_uuid'))
  const read = await readParts(db, {
    accepted: part(accepted, NOTIFICATION),
    hosts: part(hosts, HOST),
    site: part(latestSiteCommand(db), SITE_COMMAND),
  })
  const hostsById = new Map(read.hosts.map((row) => [row.uuid, hostOf(row)]))
  const control = controlOf([], read.site.map(siteCommandOf).at(-1))
  return new Map(
    read.accepted.map((row) => [
      row.notification_uuid,
      {
        kind: 'accepted',
        notification: notificationOf(row),
        host: hostsById.get(row.source_host_uuid),
        control,
        commandCount: 0,
      },
    ]),
  )
}

/**
 * A report of a cluster knows more about the host than the earlier report of our own observers. Its
 * payload replaces the earlier one.
 */
async function adoptCluster(
  trx: Transaction<Database>,
  of: NotificationId,
  { type, payload }: NewNotification,
): Promise<void> {
  // Only for the same death. A report that the host starts, or may be alive, has another subject.
  const ours = { event: 'STOPPED', host_status: 'NORMAL' }
  if (type !== 'COMPUTE_HOST' || payload['cluster_status'] !== 'OFFLINE') return
  if (SAME_FAULT.some((key) => payload[key] !== ours[key])) return
  await trx
    .updateTable('notifications')
    .set({ payload: payloadText(payload) })
    .where('notification_uuid', '=', of)
    .where('status', 'in', UNFINISHED_STATUSES)
    .where('payload', '=', payloadText(ours))
    .execute()
}

/** The same report, which was delivered once more. */
async function findSame(
  trx: Transaction<Database>,
  { notification_uuid: uuid }: NewRow,
): Promise<NotificationId | undefined> {
  const same = trx.selectFrom('notifications').select('notification_uuid')
  return (await same.where('notification_uuid', '=', uuid).executeTakeFirst())?.notification_uuid
}

/**
 * An equal report is a duplicate while its recovery is unfinished, and also shortly before and
 * after, unless that recovery failed: a failed recovery may be requested again. The same holds for
 * a guest or a process about which something was done.
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
  for (const row of candidates) {
    const sameFault = isUnfinished(row.status) && isSameFault(report, row.payload)
    const equal = row.payload === text && !(await isAnotherFault(trx, report, row))
    if (sameFault || equal) return row.notification_uuid
  }
  return undefined
}

const isUnfinished = (status: NotificationStatus): boolean =>
  UNFINISHED_STATUSES.some((unfinished) => unfinished === status)

/**
 * A guest or a process has failed again when something was done about its last failure, or when the report before was found wrong:
 * otherwise a false report would keep the true one away.
 */
async function isAnotherFault(
  trx: Transaction<Database>,
  { type, generatedAt }: NewNotification,
  row: Pick<
    Selectable<NotificationsTable>,
    'notification_uuid' | 'status' | 'generated_time' | 'updated_at'
  >,
): Promise<boolean> {
  if (type === 'COMPUTE_HOST' || isUnfinished(row.status) || row.updated_at === null) return false
  if (generatedAt === row.generated_time || generatedAt <= row.updated_at) return false
  if (row.status === 'ignored') return true
  const done = await trx
    .selectFrom('journal')
    .select('id')
    .where('notification_uuid', '=', row.notification_uuid)
    .where('kind', '=', 'outcome')
    .limit(1)
    .executeTakeFirst()
  return done !== undefined
}

function isSameFault(report: NewNotification, text: string): boolean {
  if (report.type !== 'COMPUTE_HOST') return false
  const other = storedPayload(text)
  return SAME_FAULT.every((key) => report.payload[key] === other[key])
}

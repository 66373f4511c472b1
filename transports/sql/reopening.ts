/**
 * Reopens an ended recovery: it is new again, but keeps its history, its moves, and the host that
 * it holds.
 */
import { sql, type Selectable, type Transaction } from 'kysely'
import type { NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type OperatorCommand } from '../../schema/records.ts'
import type { Database, NotificationsTable } from '../../schema/tables.ts'
import { certificateOf, wholeSecond } from './rows.ts'
import { runOf } from './run-of.ts'

/** Returns why the recovery cannot be reopened; undefined when it is done. */
export async function reopen(
  trx: Transaction<Database>,
  recovery: Selectable<NotificationsTable>,
  { operator, reason, givenAt }: OperatorCommand,
): Promise<string | undefined> {
  const { notification_uuid: id, run } = recovery
  const objection = await obstacle(trx, recovery)
  if (objection !== undefined) return objection
  const updated_at = wholeSecond(givenAt)
  const message = `to be tried again, says ${operator}: ${reason}`
  await trx
    .updateTable('notifications')
    .set({ status: 'new', message, updated_at, first_run: run + 1 })
    .where('notification_uuid', '=', id)
    .execute()
  await voidCertificate(trx, id, givenAt)
  // Moves that succeeded stay as they are.
  await trx
    .updateTable('vm_moves')
    .set({ status: 'pending', updated_at, end_time: null })
    .where('notification_uuid', '=', id)
    .where('status', 'in', ['failed', 'ignored'])
    .execute()
  return undefined
}

/**
 * Ends the validity of the certificate, because the host's death must be proved again. The journal
 * keeps the grounds of the old one.
 */
async function voidCertificate(
  trx: Transaction<Database>,
  id: NotificationId,
  recordedAt: number,
): Promise<void> {
  const query = trx.selectFrom('death_certificates').selectAll()
  const row = await query.where('notification_uuid', '=', id).executeTakeFirst()
  if (row === undefined || row.void !== 0) return
  const voided = trx.updateTable('death_certificates').set({ void: 1 })
  await voided.where('id', '=', row.id).execute()
  const { ground, evidence } = certificateOf(row)
  await trx
    .insertInto('journal')
    .values({
      recorded_at: recordedAt,
      epoch: row.epoch,
      notification_uuid: id,
      run: runOf(id),
      kind: 'evidence',
      step: 'fence',
      subject: row.host_uuid,
      detail: `the certificate does not count any more: ${[ground, ...evidence].join('; ')}`,
    })
    .execute()
}

async function obstacle(
  trx: Transaction<Database>,
  recovery: Selectable<NotificationsTable>,
): Promise<string | undefined> {
  const { notification_uuid: id, source_host_uuid: hostId, type } = recovery
  // The row must really change: reports about the host wait for its lock, on every node of Galera.
  await trx
    .updateTable('hosts')
    .set({ revision: sql<number>`revision + 1` })
    .where('uuid', '=', hostId)
    .execute()
  const hosts = trx.selectFrom('hosts').select('maintenance_by').where('uuid', '=', hostId)
  const host = await hosts.where('deleted', '=', 0).executeTakeFirst()
  if (host === undefined) return 'the host is not registered any more'
  if (type !== 'COMPUTE_HOST') return undefined
  const other = await trx
    .selectFrom('notifications')
    .select('notification_uuid')
    .where('source_host_uuid', '=', hostId)
    .where('type', '=', 'COMPUTE_HOST')
    .where('status', 'in', UNFINISHED_STATUSES)
    .limit(1)
    .executeTakeFirst()
  if (other !== undefined) return `recovery ${other.notification_uuid} of the same host goes on`
  const holder = host.maintenance_by
  return holder === null || holder === id ? undefined : `recovery ${holder} holds the host`
}

/** Recovery records of the acting leader: holds, intents, the journal, certificates. */
import type { Transaction } from 'kysely'
import type { Grant } from '../../actors/ports/grant.ts'
import type { NewEntry, RecoveryStore } from '../../actors/ports/store.ts'
import type { Epoch, NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type DeathCertificate } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { runOf } from './run-of.ts'
import type { StorePorts } from './transactions.ts'
import { readControl } from './commands.ts'

type RecordStore = Pick<
  RecoveryStore,
  'recordHold' | 'recordIntent' | 'appendJournal' | 'saveCertificate'
>

/** The part of the store that records what a recovery does. */
export function recordStore(guarded: GuardedWrite, { clock }: StorePorts): RecordStore {
  const journal = async (
    trx: Transaction<Database>,
    epoch: Epoch,
    { notification, ...entry }: NewEntry,
  ): Promise<void> => {
    const run = runOf(notification)
    const stamp = { recorded_at: clock.wallMs(), epoch, notification_uuid: notification, run }
    await trx
      .insertInto('journal')
      .values({ ...stamp, ...entry })
      .execute()
  }

  return {
    recordHold: (epoch, { notification, subject, reason, evidence }) =>
      guarded(epoch, async (trx) => {
        // The time of the last change stays: it tells when the status changed.
        await trx
          .updateTable('notifications')
          .set({ message: reason })
          .where('notification_uuid', '=', notification)
          .where('status', 'in', UNFINISHED_STATUSES)
          .execute()
        for (const detail of evidence) {
          await journal(trx, epoch, {
            notification,
            subject,
            kind: 'evidence',
            step: 'observe',
            detail,
          })
        }
        const held = { notification, subject, kind: 'decision', step: 'hold' } as const
        await journal(trx, epoch, { ...held, detail: reason })
      }),

    recordIntent: (epoch, entry) =>
      guarded(epoch, async (trx) => {
        const grant = await checkGrant(trx, entry.notification, entry.subject)
        if (grant.kind === 'granted') await journal(trx, epoch, { ...entry, kind: 'intent' })
        return grant
      }),

    appendJournal: (epoch, entry) => guarded(epoch, (trx) => journal(trx, epoch, entry)),

    saveCertificate: (certificate) =>
      guarded(certificate.epoch, (trx) => saveCertificate(trx, certificate)),
  }
}

const readRecovery = (trx: Transaction<Database>, id: NotificationId) =>
  trx
    .selectFrom('notifications')
    .leftJoin('hosts', 'hosts.uuid', 'notifications.source_host_uuid')
    .leftJoin('segments', 'segments.uuid', 'notifications.failover_segment_uuid')
    .select([
      'notifications.status',
      'notifications.source_host_uuid',
      'hosts.name as host_name',
      'hosts.deleted as host_deleted',
      'hosts.on_maintenance',
      'hosts.maintenance_by',
      'segments.name as segment_name',
      'segments.deleted as segment_deleted',
      'segments.enabled',
    ])
    .where('notifications.notification_uuid', '=', id)
    .executeTakeFirst()

/** A refusal with its reason. */
export const refused = (reason: string): Grant => ({ kind: 'refused', reason })

/** Checked in the transaction that writes the intent. */
export async function checkGrant(
  trx: Transaction<Database>,
  id: NotificationId,
  subject = '',
): Promise<Grant> {
  const row = await readRecovery(trx, id)
  if (row === undefined) return refused(`There is no notification ${id}.`)
  if (!UNFINISHED_STATUSES.some((status) => status === row.status)) {
    return refused(`The recovery is over: its notification is ${row.status}.`)
  }
  if (row.segment_deleted !== 0) return refused('The segment was deleted.')
  if (row.enabled === 0) return refused(`Recovery is disabled for the segment ${row.segment_name}.`)
  if (row.host_deleted !== 0) return refused('The host is not registered any more.')
  if (row.on_maintenance !== 0 && row.maintenance_by === null) {
    return refused(`An operator has put the host ${row.host_name} on maintenance.`)
  }
  if (row.on_maintenance !== 0 && row.maintenance_by !== id) {
    return refused(`The host ${row.host_name} is being handled by recovery ${row.maintenance_by}.`)
  }
  return checkControl(trx, id, subject)
}

/** What is under way is brought to its end. Commands only forbid to begin something. */
async function checkControl(
  trx: Transaction<Database>,
  id: NotificationId,
  subject: string,
): Promise<Grant> {
  const control = await readControl(trx, id)
  return control.kind === 'running' || (await isUnderWay(trx, id, subject))
    ? { kind: 'granted' }
    : refused(control.reason)
}

async function isUnderWay(
  trx: Transaction<Database>,
  id: NotificationId,
  instance: string,
): Promise<boolean> {
  const moves = trx.selectFrom('vm_moves').select('instance_uuid')
  const ongoing = moves.where('notification_uuid', '=', id).where('status', '=', 'ongoing')
  const rows = await ongoing.execute()
  return rows.some((row) => row.instance_uuid === instance)
}

/** The first certificate counts; after a retry, the first one since then. */
async function saveCertificate(
  trx: Transaction<Database>,
  { notification, host, epoch, issuedAt, ground, evidence }: DeathCertificate,
): Promise<void> {
  const columns = {
    host_uuid: host,
    epoch,
    issued_at: issuedAt,
    ground,
    evidence: JSON.stringify(evidence),
    void: 0,
  }
  const query = trx.selectFrom('death_certificates').select('void')
  const first = await query.where('notification_uuid', '=', notification).executeTakeFirst()
  if (first === undefined) {
    const values = { notification_uuid: notification, ...columns }
    await trx.insertInto('death_certificates').values(values).execute()
  } else if (first.void !== 0) {
    const row = trx.updateTable('death_certificates').set(columns)
    await row.where('notification_uuid', '=', notification).execute()
  }
}

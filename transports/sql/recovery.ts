/** Recovery records of the acting leader: transitions, intents, the journal, certificates, held hosts. */
import type { Transaction } from 'kysely'
import type { Grant } from '../../actors/ports/grant.ts'
import type { NewEntry, RecoveryStore } from '../../actors/ports/store.ts'
import type { Epoch, HostId, NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { closeServiceChange } from './closed-changes.ts'
import { lockHost } from './locks.ts'
import { flag, wholeSecond } from './rows.ts'
import type { StorePorts } from './transactions.ts'

type RecordStore = Pick<
  RecoveryStore,
  | 'recordTransition'
  | 'recordIntent'
  | 'appendJournal'
  | 'saveCertificate'
  | 'holdHost'
  | 'releaseHost'
>

/** The part of the store that records what a recovery does. */
export function recordStore(guarded: GuardedWrite, { clock }: StorePorts): RecordStore {
  const journal = async (
    trx: Transaction<Database>,
    epoch: Epoch,
    { notification, ...entry }: NewEntry,
  ): Promise<void> => {
    const stamp = { recorded_at: clock.wallMs(), epoch, notification_uuid: notification }
    await trx
      .insertInto('journal')
      .values({ ...stamp, ...entry })
      .execute()
  }

  return {
    recordTransition: (epoch, { notification, from, to, reason }) =>
      guarded(epoch, async (trx) => {
        const row = await readRecovery(trx, notification)
        if (row === undefined || !from.includes(row.status)) return false
        await trx
          .updateTable('notifications')
          .set({ status: to, message: reason, updated_at: wholeSecond(clock.wallMs()) })
          .where('notification_uuid', '=', notification)
          .execute()
        await journal(trx, epoch, {
          notification,
          kind: 'decision',
          step: 'transition',
          subject: row.host_name ?? row.source_host_uuid,
          detail: `${row.status} => ${to}: ${reason}`,
        })
        return true
      }),

    recordIntent: (epoch, entry) =>
      guarded(epoch, async (trx) => {
        const grant = await checkGrant(trx, entry.notification)
        if (grant.kind === 'granted') await journal(trx, epoch, { ...entry, kind: 'intent' })
        return grant
      }),

    appendJournal: (epoch, entry) => guarded(epoch, (trx) => journal(trx, epoch, entry)),

    saveCertificate: ({ notification, host, epoch, issuedAt, ground, evidence }) =>
      guarded(epoch, async (trx) => {
        const query = trx.selectFrom('death_certificates').select('id')
        const first = await query.where('notification_uuid', '=', notification).executeTakeFirst()
        if (first !== undefined) return
        await trx
          .insertInto('death_certificates')
          .values({
            notification_uuid: notification,
            host_uuid: host,
            epoch,
            issued_at: issuedAt,
            ground,
            evidence: JSON.stringify(evidence),
          })
          .execute()
      }),

    holdHost: (epoch, host, by) => guarded(epoch, (trx) => holdHost(trx, host, by)),
    releaseHost: (epoch, host, by) => guarded(epoch, (trx) => releaseHost(trx, host, by)),
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

/** No, and why. */
export const refused = (reason: string): Grant => ({ kind: 'refused', reason })

/** Asked in the transaction that writes the intent. */
export async function checkGrant(trx: Transaction<Database>, id: NotificationId): Promise<Grant> {
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
  return { kind: 'granted' }
}

async function holdHost(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
): Promise<void> {
  const row = await lockHost(trx, { uuid: host })
  if (row === undefined) return
  const isHeld = row.maintenance_by !== null
  if (row.on_maintenance !== 0 && !isHeld) return // an operator's maintenance stays his
  await trx
    .updateTable('hosts')
    .set({
      on_maintenance: flag(true),
      maintenance_by: by,
      held_reserved: isHeld ? row.held_reserved : row.reserved,
      reserved: flag(false),
    })
    .where('uuid', '=', host)
    .execute()
}

async function releaseHost(
  trx: Transaction<Database>,
  host: HostId,
  by: NotificationId,
): Promise<void> {
  const row = await lockHost(trx, { uuid: host })
  if (row?.maintenance_by !== by) return
  await closeServiceChange(trx, host, by)
  await trx
    .updateTable('hosts')
    .set({ on_maintenance: flag(false), maintenance_by: null, reserved: row.held_reserved })
    .where('uuid', '=', host)
    .execute()
}

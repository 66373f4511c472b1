/** The ledger of reversible changes: written before each is made, closed once it is undone or an operator took it over. */
import type { Transaction } from 'kysely'
import type { LedgerStore, OpenChange } from '../../actors/ports/ledger.ts'
import type { Grant } from '../../actors/ports/grant.ts'
import type { Epoch, HostId, NotificationId, SegmentId } from '../../schema/ids.ts'
import {
  UNFINISHED_STATUSES,
  type Change,
  type NewChange,
  type TakenSpare,
} from '../../schema/records.ts'
import type { ChangesTable, Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { checkGrant, refused } from './recovery.ts'
import { lockHost } from './locks.ts'
import { flag, hostOf, nameKey } from './rows.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that keeps the ledger. */
export function ledgerStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  { clock }: StorePorts,
): LedgerStore {
  const insert = async (trx: Transaction<Database>, change: NewChange): Promise<void> => {
    const { notification, kind, host, subject } = change
    const known = await openChanges(trx)
      .select('id')
      .where('notification_uuid', '=', notification)
      .where('kind', '=', kind)
      .where('host_uuid', '=', host)
      .where('subject', '=', subject)
      .executeTakeFirst()
    if (known !== undefined) return
    const row = { notification_uuid: notification, kind, host_uuid: host, subject }
    const values = { ...row, state: 'open' as const, made_at: clock.wallMs() }
    await trx.insertInto('changes').values(values).execute()
  }

  return {
    recordChange: (epoch, change) => guarded(epoch, (trx) => insert(trx, change)),

    takeSpare: (epoch, notification, name) =>
      guarded(epoch, async (trx): Promise<Grant> => {
        const grant = await checkGrant(trx, notification)
        if (grant.kind === 'refused') return grant
        const host = await lockHost(trx, { name_key: nameKey(name) })
        if (host === undefined) return refused(`The host ${name} is not registered any more.`)
        const holders = await readSpareHolders(trx, host.uuid)
        if (holders.some(({ state }) => state === 'undoing')) {
          return refused(`The host ${name} is just given back.`)
        }
        if (holders.some(({ by }) => by === notification)) return grant
        if (host.on_maintenance !== 0) return refused(`The host ${name} is on maintenance.`)
        if (host.reserved === 0 && holders.length === 0)
          return refused(`The host ${name} is not reserved any more.`)
        await insert(trx, { notification, kind: 'spare', host: host.uuid, subject: '' })
        await setReserved(trx, host.uuid, false)
        await trx
          .insertInto('journal')
          .values(
            takenLine({ epoch, notification, name, recordedAt: clock.wallMs() }, holders.length),
          )
          .execute()
        return grant
      }),

    listChanges: () => transactions.snapshot(readOpenChanges),

    returnSpare: (epoch, id) =>
      guarded(epoch, async (trx) => {
        const change = await openChanges(trx).selectAll().where('id', '=', id).executeTakeFirst()
        if (change?.state !== 'open') return false
        const host = await lockHost(trx, { uuid: change.host_uuid })
        if (host === undefined) return false
        const coming = await trx
          .selectFrom('vm_moves')
          .select('id')
          .where('dest_host', '=', host.name)
          .where('status', '=', 'ongoing')
          .limit(1)
          .executeTakeFirst()
        if (coming !== undefined) return false
        await trx.updateTable('changes').set({ state: 'undoing' }).where('id', '=', id).execute()
        await setReserved(trx, host.uuid, true)
        return true
      }),

    closeChange: (epoch, id, outcome) =>
      guarded(epoch, async (trx) => {
        await trx
          .updateTable('changes')
          .set({ state: 'closed', outcome, closed_at: clock.wallMs() })
          .where('id', '=', id)
          .where('state', '!=', 'closed')
          .execute()
      }),
  }
}

const openChanges = (trx: Transaction<Database>) =>
  trx.selectFrom('changes').where('state', 'in', ['open', 'undoing'])

const setReserved = async (
  trx: Transaction<Database>,
  host: HostId,
  reserved: boolean,
): Promise<void> => {
  const columns = { reserved: flag(reserved), held_reserved: flag(reserved) }
  await trx.updateTable('hosts').set(columns).where('uuid', '=', host).execute()
}

const takenLine = (
  taken: {
    readonly epoch: Epoch
    readonly notification: NotificationId
    readonly name: string
    readonly recordedAt: number
  },
  others: number,
) => ({
  epoch: taken.epoch,
  notification_uuid: taken.notification,
  recorded_at: taken.recordedAt,
  kind: 'intent' as const,
  step: 'take-spare',
  subject: taken.name,
  detail:
    others === 0
      ? 'take the reserved host into service'
      : 'use the reserved host that is in service for another recovery',
})

const readSpareHolders = (trx: Transaction<Database>, host: HostId) =>
  openChanges(trx)
    .select(['notification_uuid as by', 'state', 'host_uuid as host'])
    .where('kind', '=', 'spare')
    .where('host_uuid', '=', host)
    .execute()

/** The taken spares among the hosts of a segment. */
export async function readTakenSpares(
  trx: Transaction<Database>,
  segment: SegmentId,
): Promise<readonly TakenSpare[]> {
  const rows = await openChanges(trx)
    .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
    .select(['changes.host_uuid as host', 'notification_uuid as by', 'state'])
    .where('kind', '=', 'spare')
    .where('hosts.failover_segment_id', '=', segment)
    .orderBy('changes.id')
    .execute()
  return rows.map(({ state, ...spare }) => ({ ...spare, state: stateOf(state) }))
}

const stateOf = (state: ChangesTable['state']): Change['state'] =>
  state === 'undoing' ? state : 'open'

async function readOpenChanges(trx: Transaction<Database>): Promise<readonly OpenChange[]> {
  const rows = await openChanges(trx)
    .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
    .innerJoin('segments', 'segments.uuid', 'hosts.failover_segment_id')
    .leftJoin('notifications', 'notifications.notification_uuid', 'changes.notification_uuid')
    .leftJoin('hosts as absent', (join) =>
      join
        .onRef('absent.uuid', '=', 'notifications.source_host_uuid')
        .on('absent.on_maintenance', '!=', 0)
        .on('absent.deleted', '=', 0),
    )
    .selectAll('hosts')
    .select(['changes.id as change_id', 'changes.kind', 'changes.subject', 'changes.state'])
    .select(['changes.notification_uuid as by', 'notifications.status', 'absent.id as absent_id'])
    .where('kind', 'in', ['spare', 'aggregate', 'process'])
    .where('hosts.deleted', '=', 0)
    .where('segments.enabled', '!=', 0)
    .orderBy('changes.id')
    .execute()
  return rows.map(({ change_id, kind, subject, state, by, status, absent_id, ...host }) => ({
    id: change_id,
    kind,
    subject,
    state: stateOf(state),
    notification: by,
    host: hostOf(host),
    recoveryEnded: !UNFINISHED_STATUSES.some((unfinished) => unfinished === status),
    failedHostIsBack: absent_id === null,
  }))
}

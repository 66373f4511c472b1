/**
 * The ledger of reversible changes. An entry is written before its change is made, and closed when
 * the change is undone or an operator has taken it over.
 */
import type { Transaction } from 'kysely'
import type { LedgerStore, OpenChange } from '../../actors/ports/ledger.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { insertChange, openChanges, stateOf } from './change-rows.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { lockHost } from './locks.ts'
import { hostOf } from './rows.ts'
import { setReserved, takeSpare } from './spares.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that keeps the ledger. */
export function ledgerStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  { clock }: StorePorts,
): LedgerStore {
  return {
    recordChange: (epoch, change) =>
      guarded(epoch, (trx) => insertChange(trx, change, clock.wallMs())),

    takeSpare: (epoch, notification, name) =>
      guarded(epoch, (trx) =>
        takeSpare(trx, { epoch, notification, name, recordedAt: clock.wallMs() }),
      ),

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

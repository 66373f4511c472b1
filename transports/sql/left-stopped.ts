/** Instances that were left on returned hosts, and the intents to start them again. */
import type { ReconcilerStore } from '../../actors/ports/reconciler-store.ts'
import type { Transaction } from 'kysely'
import type { Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { refused } from './recovery.ts'
import { moveOf } from './rows.ts'
import { runOf } from './run-of.ts'
import type { StorePorts, Transactions } from './transactions.ts'
import { readControl } from './commands.ts'

/** The part of the store that knows the instances left behind. */
export function leftStoppedStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  { clock }: StorePorts,
): Pick<ReconcilerStore, 'listLeftStopped' | 'recordStart'> {
  return {
    listLeftStopped: (sinceMs) =>
      transactions.read(async (db) => {
        const returned = await closed(db).where('closed_at', '>=', sinceMs).execute()
        if (returned.length === 0) return [] // nearly always the case
        const by = returned.map(({ notification_uuid: uuid }) => uuid)
        const rows = await leftBehind(db).where('changes.notification_uuid', 'in', by).execute()
        const moves = rows.map(moveOf)
        return [...new Map(moves.map((move) => [move.instance, move])).values()]
      }),

    recordStart: (epoch, move, detail) =>
      guarded(epoch, async (trx) => {
        const row = await leftBehind(trx).where('vm_moves.uuid', '=', move).executeTakeFirst()
        if (row === undefined) return refused('It is not left behind any more.')
        const { notification, instance: subject } = moveOf(row)
        const control = await readControl(trx, notification)
        if (control.kind !== 'running') return refused(control.reason)
        const about = { notification_uuid: notification, run: runOf(notification), epoch }
        const entry = { kind: 'intent', step: 'start', subject, detail } as const
        await trx
          .insertInto('journal')
          .values({ ...about, ...entry, recorded_at: clock.wallMs() })
          .execute()
        return { kind: 'granted' }
      }),
  }
}

type Reading = Pick<Transaction<Database>, 'selectFrom'>

/** The line of the service in the ledger is closed when a host returns to service. */
const closed = (db: Reading) =>
  db
    .selectFrom('changes')
    .select('changes.notification_uuid')
    .where('changes.state', '=', 'closed')
    .where('changes.kind', '=', 'service')

const leftBehind = (db: Reading) =>
  closed(db)
    .clearSelect()
    .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
    .innerJoin('segments', 'segments.uuid', 'hosts.failover_segment_id')
    .innerJoin('notifications', 'notifications.notification_uuid', 'changes.notification_uuid')
    .innerJoin('vm_moves', 'vm_moves.notification_uuid', 'changes.notification_uuid')
    .innerJoin('move_origins', 'move_origins.move_uuid', 'vm_moves.uuid')
    .selectAll('vm_moves')
    .where('hosts.deleted', '=', 0)
    .where('hosts.on_maintenance', '=', 0)
    .where('segments.enabled', '!=', 0)
    .where('notifications.status', '=', 'failed')
    .where('vm_moves.status', 'not in', ['succeeded', 'ignored'])
    .where('move_origins.vm_state', '=', 'active')
    .orderBy('vm_moves.id')

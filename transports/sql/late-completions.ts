/**
 * Moves that a recovery gave up and that Nova completed afterwards. Their records are corrected.
 */
import type { Transaction } from 'kysely'
import type { ReconcilerStore, Correction } from '../../actors/ports/reconciler-store.ts'
import type { Epoch, HostName, MoveId, NotificationId } from '../../schema/ids.ts'
import type { Notification, NotificationStatus, VmMove } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { endAttempt } from './attempts.ts'
import { FOLLOWED } from './awaited-guests.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { moveOf, notificationOf, wholeSecond } from './rows.ts'
import { runOf } from './run-of.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that corrects the records. */
export function lateCompletionStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  { clock }: StorePorts,
): Pick<ReconcilerStore, 'listGivenUp' | 'recordLateCompletion'> {
  return {
    listGivenUp: (sinceMs) =>
      transactions.read(async (db) => {
        const rows = await db
          .selectFrom('notifications')
          .innerJoin('vm_moves', 'vm_moves.notification_uuid', 'notifications.notification_uuid')
          .selectAll('vm_moves')
          .where('notifications.status', '=', 'failed')
          .where('notifications.updated_at', '>=', wholeSecond(sinceMs))
          .where('vm_moves.status', '=', 'failed')
          .where('vm_moves.attempts', '>', 0)
          .where('vm_moves.dest_host', 'is', null)
          .where('vm_moves.end_time', '>=', sinceMs)
          .orderBy('vm_moves.id')
          .execute()
        return rows.map(moveOf)
      }),

    recordLateCompletion: (epoch, move, dest) =>
      guarded(epoch, async (trx) => {
        const row = await readFailed(trx, move)
        if (row === undefined) return undefined
        const now = clock.wallMs()
        await succeed(trx, row, dest, now)
        const verdict = await judge(trx, row.notification)
        const notification = await conclude(trx, row.notification, verdict, now)
        await writeDown(trx, { row, dest, verdict, epoch, now })
        const { done, total } = verdict
        return { notification, done, total }
      }),
  }
}

async function readFailed(trx: Transaction<Database>, move: MoveId): Promise<VmMove | undefined> {
  const row = await trx
    .selectFrom('vm_moves')
    .innerJoin('notifications', 'notifications.notification_uuid', 'vm_moves.notification_uuid')
    .selectAll('vm_moves')
    .where('vm_moves.uuid', '=', move)
    .where('vm_moves.status', '=', 'failed')
    .where('vm_moves.dest_host', 'is', null)
    .where('notifications.status', '=', 'failed')
    .executeTakeFirst()
  return row && moveOf(row)
}

async function succeed(
  trx: Transaction<Database>,
  { uuid: move }: VmMove,
  destHost: HostName,
  now: number,
): Promise<void> {
  await trx
    .updateTable('vm_moves')
    .set({ status: 'succeeded', dest_host: destHost, message: null, end_time: now })
    .set({ updated_at: wholeSecond(now), ...FOLLOWED })
    .where('uuid', '=', move)
    .execute()
  await endAttempt(trx, { move, from: ['failed'], to: 'succeeded', destHost, message: null }, now)
}

interface Verdict extends Omit<Correction, 'notification'> {
  readonly status: NotificationStatus
  readonly reason: string
}

/** The sentence with which the recovery would have ended. */
async function judge(trx: Transaction<Database>, id: NotificationId): Promise<Verdict> {
  const rows = await trx
    .selectFrom('vm_moves')
    .select(({ fn }) => ['status', fn.countAll<number | string | bigint>().as('count')])
    .where('notification_uuid', '=', id)
    .groupBy('status')
    .execute()
  const counts = new Map(rows.map(({ status, count }) => [status, Number(count)]))
  const of = (status: VmMove['status']): number => counts.get(status) ?? 0
  const open = of('pending') + of('ongoing')
  const done = of('succeeded') + of('failed') + of('ignored')
  const counted = `${of('succeeded')} instances moved, ${of('failed')} failed, ${of('ignored')} ignored`
  return {
    status: of('failed') + open === 0 ? 'finished' : 'failed',
    reason: `${counted}; some of them after the recovery had ended`,
    done,
    total: done + open,
  }
}

async function conclude(
  trx: Transaction<Database>,
  id: NotificationId,
  { status, reason: message }: Verdict,
  now: number,
): Promise<Notification> {
  await trx
    .updateTable('notifications')
    .set({ status, message, updated_at: wholeSecond(now) })
    .where('notification_uuid', '=', id)
    .execute()
  const row = trx.selectFrom('notifications').selectAll().where('notification_uuid', '=', id)
  return notificationOf(await row.executeTakeFirstOrThrow())
}

async function writeDown(
  trx: Transaction<Database>,
  what: {
    readonly row: VmMove
    readonly dest: HostName
    readonly verdict: Verdict
    readonly epoch: Epoch
    readonly now: number
  },
): Promise<void> {
  const { row, dest, verdict, epoch, now } = what
  const { notification, instance, sourceHost } = row
  const stamp = {
    recorded_at: now,
    epoch,
    notification_uuid: notification,
    run: runOf(notification),
  }
  const outcome = { kind: 'outcome', step: 'evacuate', subject: instance } as const
  const decision = { kind: 'decision', step: 'transition', subject: sourceHost } as const
  await trx
    .insertInto('journal')
    .values([
      { ...stamp, ...outcome, detail: `moved to ${dest} after the recovery had ended` },
      { ...stamp, ...decision, detail: `failed => ${verdict.status}: ${verdict.reason}` },
    ])
    .execute()
}

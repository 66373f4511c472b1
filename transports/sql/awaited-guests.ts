/** Guests of moved instances: those that are followed, and what became of them. */
import type { Transaction } from 'kysely'
import type { GuestCount, GuestStore } from '../../actors/ports/guest-store.ts'
import type { NotificationId } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'
import { integer, touchedMoveOf } from './rows.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { runOf } from './run-of.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** What is set when a move succeeds: from then on, its guest is followed. */
export const FOLLOWED = { guest_state: 'not_heard', guest_at: null, guest_reason: null } as const

/** The part of the store that knows the guests. */
export function awaitedGuestStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  { clock }: StorePorts,
): GuestStore {
  return {
    listAwaitedGuests: (max) =>
      transactions.read(async (db) => {
        const rows = await db
          .selectFrom('vm_moves')
          .innerJoin(
            'notifications',
            'notifications.notification_uuid',
            'vm_moves.notification_uuid',
          )
          .leftJoin('move_origins', 'move_origins.move_uuid', 'vm_moves.uuid')
          .selectAll('vm_moves')
          .select(['vm_state', 'task_state', 'power_state', 'locked', 'held'])
          .select('notifications.created_at as reported_at')
          .where('vm_moves.guest_state', '=', 'not_heard')
          .where('vm_moves.guest_at', 'is', null)
          .where('vm_moves.status', '=', 'succeeded')
          .orderBy('vm_moves.id')
          .limit(max)
          .execute()
        return rows.map((row) => ({
          ...touchedMoveOf(row),
          reportedAt: integer(row.reported_at),
        }))
      }),

    recordGuest: (epoch, move, { state, at, reason }) =>
      guarded(epoch, async (trx) => {
        const updated = await trx
          .updateTable('vm_moves')
          .set({ guest_state: state, guest_at: at, guest_reason: reason })
          .where('uuid', '=', move)
          .where('status', '=', 'succeeded')
          .where('guest_state', '=', 'not_heard')
          .where('guest_at', 'is', null)
          .executeTakeFirst()
        if (updated.numUpdatedRows !== 1n) return undefined
        const moves = trx.selectFrom('vm_moves')
        const { notification_uuid: notification, instance_uuid: subject } = await moves
          .select(['notification_uuid', 'instance_uuid'])
          .where('uuid', '=', move)
          .executeTakeFirstOrThrow()
        await trx
          .insertInto('journal')
          .values({
            recorded_at: clock.wallMs(),
            epoch,
            notification_uuid: notification,
            run: runOf(notification),
            kind: 'outcome',
            step: 'guest',
            subject,
            detail: reason,
          })
          .execute()
        return countGuests(trx, notification)
      }),
  }
}

async function countGuests(
  trx: Transaction<Database>,
  notification: NotificationId,
): Promise<GuestCount> {
  const rows = await trx
    .selectFrom('vm_moves')
    .select(({ fn }) => ['guest_state', fn.countAll<number | string | bigint>().as('count')])
    .where('notification_uuid', '=', notification)
    .where('status', '=', 'succeeded')
    .groupBy('guest_state')
    .execute()
  const counts = new Map(rows.map((row) => [row.guest_state, Number(row.count)]))
  const back = (counts.get('agent') ?? 0) + (counts.get('running') ?? 0)
  return { back, total: [...counts.values()].reduce((sum, count) => sum + count, 0) }
}

/**
 * The attempts of a move. An attempt begins and ends with the status of the move, in the same
 * transaction.
 */
import { sql, type RawBuilder, type Transaction } from 'kysely'
import type { MoveChange, HostRefusal } from '../../actors/ports/move-store.ts'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { HostName, MoveId, NotificationId } from '../../schema/ids.ts'
import type { HostRefusals, MoveAttempt, RecordedMove } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { attemptOf, integer, integerOrNull, wholeSecond } from './rows.ts'
import { runOf, runOfMove } from './run-of.ts'
import type { Transactions } from './transactions.ts'

/** Called after the move has counted the attempt. */
export async function beginAttempt(
  trx: Transaction<Database>,
  { move, destHost: target }: MoveChange,
  now: number,
): Promise<void> {
  const attempt = { move_uuid: move, number: lastOf(move), run: runOfMove(move), target }
  await trx
    .insertInto('move_attempts')
    .values({ ...attempt, requested_at: now, outcome: null, reason: null })
    .execute()
}

/**
 * Ends the open attempt, if there is one. A late success belongs to the last attempt, whatever its
 * earlier outcome was.
 */
export async function endAttempt(
  trx: Transaction<Database>,
  change: MoveChange,
  now: number,
): Promise<void> {
  const { move, to, destHost, message: reason } = change
  if (to === 'ongoing') return
  const outcome: MoveAttempt['outcome'] = to === 'pending' ? 'failed' : to
  const end = { ended_at: now, outcome, reason }
  const open = trx.updateTable('move_attempts').where('move_uuid', '=', move)
  if (to !== 'succeeded') {
    await open.set(end).where('outcome', 'is', null).execute()
    return
  }
  await open
    .set({ ...end, target: destHost })
    .where('number', '=', lastOf(move))
    .execute()
}

/** The number of the move's last attempt, for a statement. */
const lastOf = (move: MoveId): RawBuilder<number> =>
  sql<number>`(select attempts from vm_moves where uuid = ${move})`

/** Removes the open attempt of a move that is ongoing, because it does not count. */
export async function withdrawAttempt(
  trx: Transaction<Database>,
  move: MoveId,
  { message, now }: { readonly message: string; readonly now: number },
): Promise<void> {
  const query = trx.selectFrom('vm_moves').select('attempts').where('uuid', '=', move)
  const row = await query.where('status', '=', 'ongoing').executeTakeFirst()
  if (row === undefined) return
  const { attempts: number } = row
  await trx
    .deleteFrom('move_attempts')
    .where('move_uuid', '=', move)
    .where('number', '=', number)
    .execute()
  await trx
    .updateTable('vm_moves')
    .set({ status: 'pending', dest_host: null, message, updated_at: wholeSecond(now) })
    .set({ attempts: Math.max(0, number - 1) })
    .where('uuid', '=', move)
    .execute()
}

/**
 * Records a refusal for the last attempt, whether it is open or was given up before its target
 * answered.
 */
export async function recordRefusal(
  trx: Transaction<Database>,
  move: MoveId,
  { by: target, from, message, now }: HostRefusal & { readonly now: number },
): Promise<void> {
  const query = trx.selectFrom('vm_moves').select('attempts').where('uuid', '=', move)
  const row = await query.where('status', 'in', ['pending', 'ongoing']).executeTakeFirst()
  if (row === undefined) return
  await trx
    .updateTable('move_attempts')
    .set({ ended_at: now, outcome: OUTCOMES[from], reason: message, target })
    .where('move_uuid', '=', move)
    .where('number', '=', row.attempts)
    .execute()
  await trx
    .updateTable('vm_moves')
    .set({ status: 'pending', dest_host: null, message, updated_at: wholeSecond(now) })
    .where('uuid', '=', move)
    .execute()
}

const OUTCOMES = { scheduler: 'no-valid-host', target: 'refused' } as const

type Refusals = Pick<RecordedMove, 'refusedBy' | 'hadNoHost' | 'failedBy' | 'refusals'>

export const NO_REFUSALS: Refusals = {
  refusedBy: [],
  hadNoHost: 0,
  failedBy: null,
  refusals: [],
}

/**
 * The hosts that refused each move. A host on which it failed is not tried again in that run, and
 * all refusals are counted.
 */
export async function readRefusals(
  trx: Transaction<Database>,
  notification: NotificationId,
  nowMs: number,
): Promise<ReadonlyMap<MoveId, Refusals>> {
  const rows = await trx
    .selectFrom('move_attempts')
    .innerJoin('vm_moves', 'vm_moves.uuid', 'move_attempts.move_uuid')
    .select([
      'move_uuid',
      'target',
      'run',
      'outcome',
      'ended_at',
      'number',
      'attempts',
      runOf(notification).as('run_now'),
    ])
    .where('notification_uuid', '=', notification)
    .where('outcome', 'in', Object.values(OUTCOMES))
    .orderBy('number')
    .execute()
  const byMove = Map.groupBy(rows, (row) => row.move_uuid)
  return new Map(
    [...byMove].map(([move, all]) => {
      const refusedBy = all.flatMap((row) =>
        row.target === null || isByScheduler(row) || integer(row.run) !== integer(row.run_now)
          ? []
          : [row.target],
      )
      const hadNoHost = all.filter(isByScheduler).length
      const latest = all.find(({ number, attempts }) => integer(number) === integer(attempts))
      const failedBy = latest === undefined || isByScheduler(latest) ? null : latest.target
      return [move, { refusedBy, hadNoHost, failedBy, refusals: refusalsOf(all, nowMs) }]
    }),
  )
}

interface RefusedRow {
  readonly target: HostName | null
  readonly outcome: MoveAttempt['outcome']
  readonly ended_at: number | null
}

/** Earlier versions wrote `target` null when the scheduler had no host. */
const isByScheduler = ({ outcome, target }: RefusedRow): boolean =>
  outcome === 'no-valid-host' || target === null

function refusalsOf(rows: readonly RefusedRow[], nowMs: number): readonly HostRefusals[] {
  const byHost = Map.groupBy(rows, ({ target }) => target)
  return [...byHost].flatMap(([host, all]) => {
    if (host === null) return []
    const latest = Math.max(...all.map(({ ended_at: at }) => integerOrNull(at) ?? 0))
    const byScheduler = all.filter(isByScheduler).length
    return [{ host, times: all.length, byScheduler, agoMs: Math.max(0, nowMs - latest) }]
  })
}

/** The reading part. */
export const attemptStore = (
  transactions: Transactions,
): Pick<NotificationStore, 'listAttempts'> => ({
  listAttempts: (id) =>
    transactions.read(async (db) => {
      const rows = await db
        .selectFrom('move_attempts')
        .innerJoin('vm_moves', 'vm_moves.uuid', 'move_attempts.move_uuid')
        .selectAll('move_attempts')
        .where('notification_uuid', '=', id)
        .orderBy('vm_moves.id')
        .orderBy('number')
        .execute()
      return rows.map(attemptOf)
    }),
})

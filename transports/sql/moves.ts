/** Instance moves of a recovery: planned once, then changed by compare-and-set on their status. */
import { sql, type RawBuilder, type SqlBool, type Transaction } from 'kysely'
import type { MoveChange, MoveStore, PlannedMove } from '../../actors/ports/move-store.ts'
import { moveId, type HostName, type MoveId, type NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type RecordedMove } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import {
  beginAttempt,
  endAttempt,
  NO_REFUSALS,
  readRefusals,
  recordRefusal,
  withdrawAttempt,
} from './attempts.ts'
import { FOLLOWED } from './awaited-guests.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { flag, moveOf, nameKey, recordedMoveOf, touchedMoveOf, wholeSecond } from './rows.ts'
import { readOpenGuestFaults } from './guest-faults.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/**
 * The rows of one INSERT: far below the parameter limit of SQLite (32,766) and the packet limit of
 * MySQL.
 */
const BATCH = 500

/** The part of the store that keeps instance moves. */
export function moveStore(
  guarded: GuardedWrite,
  transactions: Transactions,
  ports: StorePorts,
): MoveStore {
  const { clock } = ports
  return {
    planMoves: (epoch, notification, sourceHost, planned) =>
      guarded(epoch, (trx) => plan(trx, ports, { notification, sourceHost, planned })),

    updateMove: (epoch, change) =>
      guarded(epoch, async (trx) => {
        if (change.from.length === 0) return false
        const now = clock.wallMs()
        const updated = await trx
          .updateTable('vm_moves')
          .set({
            status: change.to,
            dest_host: change.destHost,
            message: change.message,
            updated_at: wholeSecond(now),
            ...timesOf(change, now),
          })
          .where('uuid', '=', change.move)
          .where('status', 'in', change.from)
          .where(isOpen(change))
          .executeTakeFirst()
        if (updated.numUpdatedRows !== 1n) return false
        if (change.to === 'ongoing') await beginAttempt(trx, change, now)
        else await endAttempt(trx, change, now)
        return true
      }),

    withdrawAttempt: (epoch, move, message) =>
      guarded(epoch, (trx) => withdrawAttempt(trx, move, { message, now: clock.wallMs() })),

    recordRefusal: (epoch, move, refusal) =>
      guarded(epoch, (trx) => recordRefusal(trx, move, { ...refusal, now: clock.wallMs() })),

    endMoves: (epoch, notification, { status, message }) =>
      guarded(epoch, async (trx) => {
        const now = clock.wallMs()
        await trx
          .updateTable('vm_moves')
          .set({ status, message, end_time: now, updated_at: wholeSecond(now) })
          .where('notification_uuid', '=', notification)
          .where('status', '=', 'pending')
          .execute()
      }),
    noteLock: (epoch, move, lock) =>
      guarded(epoch, async (trx) => {
        await trx
          .updateTable('move_origins')
          .set({ held: flag(lock === 'held') })
          .where('move_uuid', '=', move)
          .execute()
      }),

    handOver: (epoch, move, successor) =>
      guarded(epoch, async (trx) => {
        await trx
          .updateTable('move_origins')
          .set({ handed_to: successor })
          .where('move_uuid', '=', move)
          .execute()
      }),

    ...readingMoves(transactions),
  }
}

/** What is read of moves without their recovery. */
const readingMoves = (
  transactions: Transactions,
): Pick<MoveStore, 'listLeftLocked' | 'listTouched' | 'listOpenGuestFaults' | 'findSuccessor'> => ({
  listLeftLocked: () =>
    transactions.read(async (db) => {
      const unfinished = db
        .selectFrom('notifications')
        .select('notification_uuid')
        .where('status', 'in', UNFINISHED_STATUSES)
      const goesOn = db
        .selectFrom('vm_moves')
        .select('instance_uuid')
        .where('notification_uuid', 'in', unfinished)
      const rows = await db
        .selectFrom('move_origins')
        .innerJoin('vm_moves', 'vm_moves.uuid', 'move_origins.move_uuid')
        .selectAll('vm_moves')
        .where('held', '=', 1)
        .where('instance_uuid', 'not in', goesOn)
        .where((eb) => eb.or([eb('handed_to', 'is', null), eb('handed_to', 'not in', unfinished)]))
        .orderBy('vm_moves.id')
        .execute()
      return rows.map(moveOf)
    }),

  listTouched: (host, recovery) =>
    transactions.read(async (db) => {
      const others = touched(db).where('notification_uuid', '!=', recovery).orderBy('vm_moves.id')
      const from = await others
        .where('source_host', '=', host)
        .where('status', '!=', 'succeeded')
        .where((eb) => eb.or([eb('attempts', '>', 0), eb('held', '=', 1)]))
        .execute()
      const onTheirWay = await others
        .where('source_host', '!=', host)
        .where((eb) => eb.or([eb('status', '=', 'ongoing'), eb('handed_to', '=', recovery)]))
        .execute()
      const rows = [...from, ...onTheirWay].toSorted((one, other) => one.id - other.id)
      return [...new Map(rows.map((row) => [row.instance_uuid, touchedMoveOf(row)])).values()]
    }),

  listOpenGuestFaults: (host, recovery) =>
    transactions.read((db) => readOpenGuestFaults(db, host, recovery)),

  findSuccessor: (instance, target) =>
    transactions.read(async (db) => {
      const row = await db
        .selectFrom('notifications')
        .innerJoin('hosts', 'hosts.uuid', 'notifications.source_host_uuid')
        .leftJoin('vm_moves', (join) =>
          join
            .onRef('vm_moves.notification_uuid', '=', 'notifications.notification_uuid')
            .on('instance_uuid', '=', instance),
        )
        .select(['notifications.notification_uuid', 'hosts.uuid as host', 'vm_moves.uuid as move'])
        .where('hosts.name_key', '=', nameKey(target))
        .where('notifications.type', '=', 'COMPUTE_HOST')
        .where('notifications.status', 'in', UNFINISHED_STATUSES)
        .orderBy('notifications.id')
        .executeTakeFirst()
      if (row === undefined) return undefined
      const { notification_uuid: notification, host, move } = row
      return { notification, host, planned: move !== null }
    }),
})

interface Plan {
  readonly notification: NotificationId
  readonly sourceHost: HostName
  readonly planned: readonly PlannedMove[]
}

async function plan(
  trx: Transaction<Database>,
  { clock, random }: StorePorts,
  { notification, sourceHost, planned }: Plan,
): Promise<readonly RecordedMove[]> {
  const all = trx
    .selectFrom('vm_moves')
    .select(['uuid', 'instance_uuid'])
    .where('notification_uuid', '=', notification)
  const known = new Map((await all.execute()).map((row) => [row.instance_uuid, row.uuid]))
  const now = clock.wallMs()
  const stamp = { created_at: wholeSecond(now), notification_uuid: notification }
  const seen = new Set(known.keys())
  const rows = planned
    .filter(({ instance }) => !seen.has(instance) && seen.add(instance))
    .map(({ instance, instanceName, status, message }) => ({
      ...stamp,
      uuid: moveId(random.uuid()),
      instance_uuid: instance,
      instance_name: instanceName,
      source_host: sourceHost,
      type: 'evacuation',
      status,
      message,
      end_time: status === 'ignored' ? now : null,
    }))
  for (let first = 0; first < rows.length; first += BATCH) {
    await trx
      .insertInto('vm_moves')
      .values(rows.slice(first, first + BATCH))
      .execute()
  }
  await leave(trx, notification, planned, now)
  const moves = new Map([...known, ...rows.map((row) => [row.instance_uuid, row.uuid] as const)])
  await keepOrigins(
    trx,
    planned.map((move) => ({ ...move, move: moves.get(move.instance) })),
  )
  const refusals = await readRefusals(trx, notification, now)
  const stored = await touched(trx)
    .select(lastRun.as('asked_in_run'))
    .where('notification_uuid', '=', notification)
    .orderBy('vm_moves.id')
    .execute()
  return stored.map((row) => recordedMoveOf(row, refusals.get(row.uuid) ?? NO_REFUSALS, now))
}

/**
 * Sets moves to `ignored` that a retried recovery does not select this time, if nothing was done
 * about their instances yet.
 */
async function leave(
  trx: Transaction<Database>,
  notification: NotificationId,
  planned: readonly PlannedMove[],
  now: number,
): Promise<void> {
  for (const { instance, status, message } of planned) {
    if (status !== 'ignored') continue
    await trx
      .updateTable('vm_moves')
      .set({ status, message, end_time: now })
      .where('notification_uuid', '=', notification)
      .where('instance_uuid', '=', instance)
      .where('status', '=', 'pending')
      .where('attempts', '=', 0)
      .where('uuid', 'not in', heldMoves(trx))
      .execute()
  }
}

const heldMoves = (trx: Transaction<Database>) =>
  trx.selectFrom('move_origins').select('move_uuid').where('held', '=', 1)

const lastRun = sql<
  number | null
>`(select max(run) from move_attempts where move_attempts.move_uuid = vm_moves.uuid)`

const touched = (db: Pick<Transaction<Database>, 'selectFrom'>) =>
  db
    .selectFrom('vm_moves')
    .leftJoin('move_origins', 'move_origins.move_uuid', 'vm_moves.uuid')
    .selectAll('vm_moves')
    .select(['vm_state', 'task_state', 'power_state', 'locked', 'held'])

/**
 * Writes the origins of moves that have none yet. The earlier state of an instance is never read a
 * second time, but one that had failed before its host is to run, also when that was not known yet.
 */
async function keepOrigins(
  trx: Transaction<Database>,
  planned: readonly (PlannedMove & { readonly move: MoveId | undefined })[],
): Promise<void> {
  const wanted = new Map(planned.flatMap((plan) => (plan.move ? [[plan.move, plan] as const] : [])))
  const ids = [...wanted.keys()]
  for (let first = 0; first < ids.length; first += BATCH) {
    const batch = ids.slice(first, first + BATCH)
    const kept = await trx
      .selectFrom('move_origins')
      .select('move_uuid')
      .where('move_uuid', 'in', batch)
      .execute()
    for (const { move_uuid: move } of kept) {
      const plan = wanted.get(move)
      if (plan?.failedBefore === true) await correctOrigin(trx, move, plan)
      wanted.delete(move)
    }
  }
  const rows = [...wanted].map(([move, plan]) => ({
    move_uuid: move,
    ...statesOf(plan),
    locked: flag(plan.origin.locked),
    held: flag(plan.held),
  }))
  for (let first = 0; first < rows.length; first += BATCH) {
    await trx
      .insertInto('move_origins')
      .values(rows.slice(first, first + BATCH))
      .execute()
  }
}

const statesOf = ({ origin }: PlannedMove) => ({
  vm_state: origin.vmState,
  task_state: origin.taskState,
  power_state: origin.powerState,
})

/** Of a move in flight or after its end, the state that it was requested with counts. */
async function correctOrigin(
  trx: Transaction<Database>,
  move: MoveId,
  plan: PlannedMove,
): Promise<void> {
  const open = trx
    .selectFrom('vm_moves')
    .select('uuid')
    .where('uuid', '=', move)
    .where('status', 'in', ['pending', 'failed'])
  await trx.updateTable('move_origins').set(statesOf(plan)).where('move_uuid', 'in', open).execute()
}

/** False for a spare that is being given back: no instance may go there. */
const isOpen = ({ to, destHost }: MoveChange): RawBuilder<SqlBool> =>
  to !== 'ongoing' || destHost === null
    ? sql`1 = 1`
    : sql`not exists (select 1 from hosts where name_key = ${nameKey(destHost)} and deleted = 0 and reserved <> 0)`

/** The times are those of the last attempt, like the verdict. */
function timesOf({ to }: MoveChange, now: number) {
  switch (to) {
    case 'pending':
      return {}
    case 'ongoing':
      return { start_time: now, end_time: null, attempts: sql<number>`attempts + 1` }
    case 'ignored':
    case 'failed':
      return { end_time: now }
    case 'succeeded':
      return { end_time: now, ...FOLLOWED }
  }
}

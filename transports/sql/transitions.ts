/** Changes of the status of recoveries. Those that come at the same time are written with one statement for each table. */
import { sql, type Transaction } from 'kysely'
import type { RecoveryStore, Transition } from '../../actors/ports/store.ts'
import type { Epoch } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import type { GuardedWrite } from './epoch-guard.ts'
import { wholeSecond } from './rows.ts'
import { runOf } from './run-of.ts'
import { Together } from './together.ts'
import type { StorePorts } from './transactions.ts'

interface Call {
  readonly epoch: Epoch
  readonly transition: Transition
}

/** A transition that is possible, with what was read of its notification. */
interface Change {
  readonly transition: Transition
  readonly before: NotificationStatus
  readonly subject: string
}

/** The part of the store that changes statuses. */
export function transitionStore(
  guarded: GuardedWrite,
  { clock }: StorePorts,
): Pick<RecoveryStore, 'recordTransition'> {
  const write = (calls: readonly Call[]): Promise<readonly boolean[]> => {
    const [{ epoch } = { epoch: undefined }] = calls
    const about = new Set(calls.map(({ transition }) => transition.notification))
    if (epoch === undefined) return Promise.resolve([])
    if (about.size < calls.length || calls.some((call) => call.epoch !== epoch)) {
      throw new Error('such transitions are written one after another')
    }
    const transitions = calls.map(({ transition }) => transition)
    return guarded(epoch, (trx) => change(trx, transitions, { epoch, nowMs: clock.wallMs() }))
  }
  const writes = new Together<Call, boolean>(write, 1) // like all guarded writes
  return { recordTransition: (epoch, transition) => writes.carryOut({ epoch, transition }) }
}

interface Stamp {
  readonly epoch: Epoch
  readonly nowMs: number
}

async function change(
  trx: Transaction<Database>,
  transitions: readonly Transition[],
  { epoch, nowMs }: Stamp,
): Promise<readonly boolean[]> {
  const rows = await trx
    .selectFrom('notifications')
    .leftJoin('hosts', 'hosts.uuid', 'notifications.source_host_uuid')
    .select(['notification_uuid as uuid', 'status', 'source_host_uuid as host', 'hosts.name'])
    .where(
      'notification_uuid',
      'in',
      transitions.map(({ notification }) => notification),
    )
    .execute()
  const changes = transitions.flatMap((transition): readonly Change[] => {
    const row = rows.find(({ uuid }) => uuid === transition.notification)
    if (row === undefined || !transition.from.includes(row.status)) return []
    return [{ transition, before: row.status, subject: row.name ?? row.host }]
  })
  for (const alike of Map.groupBy(changes, keyOf).values()) await update(trx, alike, nowMs)
  if (changes.length > 0) {
    const lines = changes.map(({ transition: { notification, to, reason }, before, subject }) => ({
      recorded_at: nowMs,
      epoch,
      notification_uuid: notification,
      run: runOf(notification),
      kind: 'decision' as const,
      step: 'transition',
      subject,
      detail: `${before} => ${to}: ${reason}`,
    }))
    await trx.insertInto('journal').values(lines).execute()
  }
  const changed = new Set(changes.map(({ transition }) => transition))
  return transitions.map((transition) => changed.has(transition))
}

/** A leader that continues a running recovery continues the same attempt. */
const beginsRun = ({ transition: { to }, before }: Change): boolean =>
  to === 'running' && before !== to

/** Equal for changes that set the same columns. */
const keyOf = (each: Change): string =>
  JSON.stringify([each.transition.to, each.transition.reason, beginsRun(each)])

async function update(
  trx: Transaction<Database>,
  alike: readonly Change[],
  nowMs: number,
): Promise<void> {
  const [first] = alike
  if (first === undefined) return
  const { to, reason } = first.transition
  await trx
    .updateTable('notifications')
    .set({
      status: to,
      message: reason,
      updated_at: wholeSecond(nowMs),
      ...(beginsRun(first) ? { run: sql<number>`run + 1` } : {}),
    })
    .where(
      'notification_uuid',
      'in',
      alike.map(({ transition }) => transition.notification),
    )
    .execute()
}

/**
 * What a leader reads: all unfinished recoveries, and everything that one decision needs, in one
 * transaction (promise L2).
 */
import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import type {
  FailingHost,
  HostOverall,
  RecoveryStore,
  SegmentSnapshot,
  FaultPage,
  UnfinishedRecovery,
} from '../../actors/ports/store.ts'
import type { HostId, SegmentId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES, type Notification } from '../../schema/records.ts'
import { controlOf } from '../../schema/recovery-control.ts'
import type { Database } from '../../schema/tables.ts'
import { readChoices } from './policies.ts'
import {
  certificateOf,
  hostOf,
  moveOf,
  notificationOf,
  segmentOf,
  wholeSecond,
  commandOf,
} from './rows.ts'
import { readHostFault, readRestarts } from './host-fault.ts'
import { readTakenSpares } from './spares.ts'
import type { StorePorts, Transactions } from './transactions.ts'
import { readSiteCommands, readCommands } from './commands.ts'

/** The reading part of the leader's store. */
export function snapshotStore(
  transactions: Transactions,
  { clock }: StorePorts,
): Pick<RecoveryStore, 'listUnfinished' | 'readSnapshot'> {
  const isAnythingUnfinished = unfinishedQuestion()
  return {
    // In peace this is one statement, and not a transaction.
    listUnfinished: async (page) =>
      (await transactions.read(isAnythingUnfinished))
        ? await transactions.snapshot((trx) => readUnfinished(trx, page))
        : [],

    readSnapshot: (segment, notification, actedOnSinceMs) =>
      transactions.snapshot(async (trx) => {
        const live = trx.selectFrom('segments').selectAll().where('deleted', '=', 0)
        const segmentRow = await live.where('uuid', '=', segment).executeTakeFirst()
        const hosts = await trx
          .selectFrom('hosts')
          .selectAll()
          .where('failover_segment_id', '=', segment)
          .where('deleted', '=', 0)
          .orderBy('id')
          .execute()
        const notificationRow = await trx
          .selectFrom('notifications')
          .selectAll()
          .where('notification_uuid', '=', notification)
          .executeTakeFirst()
        const certificateRow = await trx
          .selectFrom('death_certificates')
          .selectAll()
          .where('notification_uuid', '=', notification)
          .where('void', '=', 0)
          .executeTakeFirst()
        const moves = await trx
          .selectFrom('vm_moves')
          .selectAll()
          .where('notification_uuid', '=', notification)
          .orderBy('id')
          .execute()
        const notificationNow = notificationRow && notificationOf(notificationRow)
        const acted = await readActedOn(trx, actedOnSinceMs)
        const commands = await readCommands(trx, notification)
        return {
          segment: segmentRow && segmentOf(segmentRow),
          hosts: hosts.map(hostOf),
          notification: notificationNow,
          certificate: certificateRow && certificateOf(certificateRow),
          moves: moves.map(moveOf),
          choices: await readChoices(trx, segment),
          commands,
          control: controlOf(commands, (await readSiteCommands(trx)).at(-1)),
          takenSpares: await readTakenSpares(trx, segment),
          hostsActedOn: distinct(acted.filter((row) => row.segment === segment)),
          hostsActedOnOverall: distinct(acted),
          hostsOverall: await readHostsOverall(trx),
          failing: await readFailing(trx),
          ...(await readInstanceOrServiceFault(trx, notificationNow, clock.wallMs())),
        }
      }),
  }
}

/** It is asked every two seconds for as long as we lead: the statement is made once. */
function unfinishedQuestion(): (db: Kysely<Database>) => Promise<boolean> {
  let compiled: CompiledQuery | undefined
  return async (db) => {
    compiled ??= db
      .selectFrom('notifications')
      .select('id')
      .where('status', 'in', UNFINISHED_STATUSES)
      .limit(1)
      .compile()
    return (await db.executeQuery(compiled)).rows.length > 0
  }
}

async function readUnfinished(
  trx: Transaction<Database>,
  page: FaultPage = EVERYTHING,
): Promise<readonly UnfinishedRecovery[]> {
  const query = trx.selectFrom('notifications').where('status', 'in', UNFINISHED_STATUSES)
  const unfinished = query.selectAll().orderBy('id')
  const ofHosts = await unfinished.where('type', '=', 'COMPUTE_HOST').execute()
  const smaller = unfinished.where('type', '!=', 'COMPUTE_HOST').where('id', '>', page.afterId)
  const rows = [...ofHosts, ...(page.max === 0 ? [] : await smaller.limit(page.max).execute())]
  if (rows.length === 0) return []
  const hosts = await trx
    .selectFrom('hosts')
    .selectAll()
    .where('deleted', '=', 0)
    .where('uuid', 'in', query.select('source_host_uuid'))
    .execute()
  const hostsById = new Map(hosts.map((row) => [row.uuid, hostOf(row)]))
  const said = await trx
    .selectFrom('operator_commands')
    .selectAll()
    .where('notification_uuid', 'in', query.select('notification_uuid'))
    .orderBy('id')
    .execute()
  const commands = Map.groupBy(said.map(commandOf), ({ notification }) => notification)
  const siteCommand = (await readSiteCommands(trx)).at(-1)
  return rows.map((row) => {
    const ofIt = commands.get(row.notification_uuid) ?? []
    return {
      notification: notificationOf(row),
      host: hostsById.get(row.source_host_uuid),
      control: controlOf(ofIt, siteCommand),
      commandCount: ofIt.length,
    }
  })
}

const EVERYTHING: FaultPage = { afterId: 0, max: Number.MAX_SAFE_INTEGER }

/** Read for faults of guests and processes only. */
async function readInstanceOrServiceFault(
  trx: Transaction<Database>,
  notification: Notification | undefined,
  nowMs: number,
): Promise<Pick<SegmentSnapshot, 'hostFault' | 'restarts'>> {
  if (notification === undefined || notification.type === 'COMPUTE_HOST') {
    return { hostFault: null, restarts: [] }
  }
  return {
    hostFault: await readHostFault(trx, notification.sourceHost),
    restarts: await readRestarts(trx, notification, nowMs),
  }
}

interface ActedOn {
  readonly host: HostId
  readonly segment: SegmentId
}

const distinct = (rows: readonly ActedOn[]): readonly HostId[] => [
  ...new Set(rows.map(({ host }) => host)),
]

/**
 * Hosts that were certified dead since then, and those whose power-off was ordered since then,
 * whatever the outcome.
 */
async function readActedOn(
  trx: Transaction<Database>,
  sinceMs: number,
): Promise<readonly ActedOn[]> {
  const ordered = trx
    .selectFrom('journal')
    .innerJoin('notifications', 'notifications.notification_uuid', 'journal.notification_uuid')
    .select(['source_host_uuid as host', 'failover_segment_uuid as segment'])
    .where('step', '=', 'power-off')
    .where('kind', '=', 'intent')
    .where('recorded_at', '>=', sinceMs)
    // A recovery that ended before that moment has ordered nothing since then.
    .where((eb) =>
      eb.or([
        eb('notifications.status', 'in', UNFINISHED_STATUSES),
        eb('notifications.updated_at', '>=', wholeSecond(sinceMs)),
      ]),
    )
  return trx
    .selectFrom('death_certificates')
    .innerJoin(
      'notifications',
      'notifications.notification_uuid',
      'death_certificates.notification_uuid',
    )
    .select(['host_uuid as host', 'failover_segment_uuid as segment'])
    .where('issued_at', '>=', sinceMs)
    .union(ordered)
    .execute()
}

async function readHostsOverall(trx: Transaction<Database>): Promise<readonly HostOverall[]> {
  const rows = await trx
    .selectFrom('hosts')
    .select(['uuid', 'name', 'on_maintenance'])
    .where('deleted', '=', 0)
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    uuid: row.uuid,
    name: row.name,
    onMaintenance: row.on_maintenance !== 0,
  }))
}

async function readFailing(trx: Transaction<Database>): Promise<readonly FailingHost[]> {
  const certain = trx
    .selectFrom('death_certificates')
    .select('notification_uuid')
    .where('void', '=', 0)
  const rows = await trx
    .selectFrom('notifications')
    .selectAll()
    .where('status', 'in', UNFINISHED_STATUSES)
    .where('type', '=', 'COMPUTE_HOST')
    .where('notification_uuid', 'not in', certain)
    .orderBy('id')
    .execute()
  return rows
    .map(notificationOf)
    .filter(({ payload }) => payload['event'] === 'STOPPED')
    .map(({ sourceHost, createdAt }) => ({ sourceHost, createdAt }))
}

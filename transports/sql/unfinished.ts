/** What a leader has to do: all unfinished recoveries, as they are at one moment (promise L2). */
import type { CompiledQuery, Kysely } from 'kysely'
import type { FaultPage, RecoveryStore, UnfinishedRecovery } from '../../actors/ports/store.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import { controlOf } from '../../schema/recovery-control.ts'
import type { Database } from '../../schema/tables.ts'
import { latestSiteCommand } from './commands.ts'
import { COMMAND, HOST, NOTIFICATION, SITE_COMMAND } from './columns.ts'
import { byId, part, readParts } from './parts.ts'
import { commandOf, hostOf, notificationOf, siteCommandOf } from './rows.ts'
import type { Transactions } from './transactions.ts'

/** The part of the store that lists unfinished recoveries. */
export function unfinishedStore(transactions: Transactions): Pick<RecoveryStore, 'listUnfinished'> {
  const isAnythingUnfinished = unfinishedQuestion()
  let isPeace = true
  return {
    // In peace it is asked every two seconds whether there is anything.
    listUnfinished: (page) =>
      transactions.read(async (db) => {
        if (isPeace && !(await isAnythingUnfinished(db))) return []
        const unfinished = await readUnfinished(db, page)
        isPeace = unfinished.length === 0
        return unfinished
      }),
  }
}

/** The statement is made once. */
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

const EVERYTHING: FaultPage = { afterId: 0, max: Number.MAX_SAFE_INTEGER }

async function readUnfinished(
  db: Kysely<Database>,
  { afterId, max }: FaultPage = EVERYTHING,
): Promise<readonly UnfinishedRecovery[]> {
  const unfinished = db.selectFrom('notifications').where('status', 'in', UNFINISHED_STATUSES)
  const ofHosts = unfinished.where('type', '=', 'COMPUTE_HOST')
  const smaller = unfinished.where('type', '!=', 'COMPUTE_HOST').where('id', '>', afterId)
  const asked = unfinished.where((eb) =>
    eb.or([eb('type', '=', 'COMPUTE_HOST'), eb('id', '>', afterId)]),
  )
  const hosts = db
    .selectFrom('hosts')
    .where('deleted', '=', 0)
    .where('uuid', 'in', asked.select('source_host_uuid'))
  const said = db
    .selectFrom('operator_commands')
    .where('notification_uuid', 'in', asked.select('notification_uuid'))
  const read = await readParts(db, {
    ofHosts: part(ofHosts.selectAll(), NOTIFICATION),
    smaller: part(smaller.selectAll().orderBy('id').limit(max), NOTIFICATION),
    hosts: part(hosts.selectAll(), HOST),
    commands: part(said.selectAll(), COMMAND),
    site: part(latestSiteCommand(db), SITE_COMMAND),
  })
  const hostsById = new Map(read.hosts.map((row) => [row.uuid, hostOf(row)]))
  const commands = Map.groupBy(byId(read.commands).map(commandOf), (each) => each.notification)
  const siteCommand = read.site.map(siteCommandOf).at(-1)
  return [...byId(read.ofHosts), ...byId(read.smaller)].map((row) => {
    const ofIt = commands.get(row.notification_uuid) ?? []
    return {
      notification: notificationOf(row),
      host: hostsById.get(row.source_host_uuid),
      control: controlOf(ofIt, siteCommand),
      commandCount: ofIt.length,
    }
  })
}

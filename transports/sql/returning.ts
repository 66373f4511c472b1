/**
 * Hosts that ended recoveries have taken out of service, with everything that decides about their
 * return.
 */
import type { Transaction } from 'kysely'
import type { RecoveryStore, Returning } from '../../actors/ports/store.ts'
import type { HostId, NotificationId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import { sinceRetry } from '../../schema/recovery-control.ts'
import type { Database } from '../../schema/tables.ts'
import { readChoices } from './policies.ts'
import { hostOf } from './rows.ts'
import type { Transactions } from './transactions.ts'
import { readCommands } from './commands.ts'

/** The part of the store that knows the hosts that may return. */
export function returningStore(transactions: Transactions): Pick<RecoveryStore, 'listReturning'> {
  return {
    listReturning: (deathsSinceMs) =>
      transactions.snapshot(async (trx) => {
        const held = await heldHosts(trx).execute()
        const given = await givenBack(trx).execute()
        const returning: Returning[] = []
        for (const { segment_name: segmentName, by, ...row } of [...held, ...given]) {
          returning.push({
            host: hostOf(row),
            segmentName,
            by,
            isGivenBack: row.maintenance_by === null,
            choices: await readChoices(trx, row.failover_segment_id),
            commands: sinceRetry(await readCommands(trx, by)),
            deaths: await readDeaths(trx, row.uuid, deathsSinceMs),
            disabledWith: await readDisabledWith(trx, by),
          })
        }
        return returning
      }),
  }
}

const heldHosts = (trx: Transaction<Database>) =>
  trx
    .selectFrom('hosts')
    .innerJoin('notifications', 'notifications.notification_uuid', 'hosts.maintenance_by')
    .innerJoin('segments', 'segments.uuid', 'hosts.failover_segment_id')
    .selectAll('hosts')
    .select(['segments.name as segment_name', 'notifications.notification_uuid as by'])
    .where('hosts.deleted', '=', 0)
    .where('segments.enabled', '!=', 0)
    .where('notifications.status', 'not in', UNFINISHED_STATUSES)
    .orderBy('hosts.id')

/**
 * Hosts that no recovery holds any more, and whose compute service is still as we left it by the
 * ledger.
 */
const givenBack = (trx: Transaction<Database>) =>
  trx
    .selectFrom('changes')
    .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
    .innerJoin('notifications', 'notifications.notification_uuid', 'changes.notification_uuid')
    .innerJoin('segments', 'segments.uuid', 'hosts.failover_segment_id')
    .selectAll('hosts')
    .select(['segments.name as segment_name', 'notifications.notification_uuid as by'])
    .where('changes.kind', '=', 'service')
    .where('changes.state', '=', 'open')
    .where('hosts.deleted', '=', 0)
    .where('hosts.on_maintenance', '=', 0)
    .where('segments.enabled', '!=', 0)
    .where('notifications.status', 'not in', UNFINISHED_STATUSES)
    .orderBy('changes.id')

async function readDeaths(
  trx: Transaction<Database>,
  host: HostId,
  sinceMs: number,
): Promise<readonly number[]> {
  const query = trx
    .selectFrom('death_certificates')
    .select('issued_at')
    .where('host_uuid', '=', host)
    .where('void', '=', 0)
  const rows = await query.where('issued_at', '>=', sinceMs).orderBy('issued_at').execute()
  return rows.map((row) => row.issued_at)
}

/** The ledger tells whether we disabled the compute service. */
async function readDisabledWith(
  trx: Transaction<Database>,
  by: NotificationId,
): Promise<string | null> {
  const row = await trx
    .selectFrom('changes')
    .select('subject')
    .where('notification_uuid', '=', by)
    .where('kind', '=', 'service')
    .where('state', '=', 'open')
    .executeTakeFirst()
  return row?.subject ?? null
}

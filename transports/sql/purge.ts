/**
 * Deletes old ended rows for good, a few rows at a time, so that no transaction waits long for its
 * locks.
 */
import { sql } from 'kysely'
import type { HousekeepingStore, PurgeOrder } from '../../actors/ports/housekeeping-store.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import type { Transactions } from './transactions.ts'

const BATCH = 100

const ENDED = ['finished', 'failed', 'ignored'] as const satisfies readonly NotificationStatus[]

/** The part of the store that deletes old rows. */
export function purgeStore(transactions: Transactions): Pick<HousekeepingStore, 'purge'> {
  return {
    purge: async ({ before, rowsMax }) => {
      const notifications = await repeat(rowsMax, (limit) =>
        purgeNotifications(transactions, before, limit),
      )
      const hosts = await repeat(rowsMax - notifications, (limit) =>
        purgeHosts(transactions, { before, rowsMax: limit }),
      )
      const segments = await repeat(rowsMax - notifications - hosts, (limit) =>
        purgeSegments(transactions, { before, rowsMax: limit }),
      )
      await transactions.write((trx) =>
        trx.deleteFrom('observers').where('seen_at', '<', before).execute(),
      )
      return { notifications, hosts, segments }
    },
  }
}

/**
 * Deletes the rows that belong to them first, so that no such row stays without its notification
 * when the purge is interrupted. A notification is kept when its host is still out of service for
 * it, or when its changes are not undone.
 */
const purgeNotifications = (
  transactions: Transactions,
  before: number,
  limit: number,
): Promise<number> =>
  transactions.write(async (trx) => {
    const rows = await trx
      .selectFrom('notifications')
      .select('notification_uuid')
      .where('status', 'in', ENDED)
      .where('updated_at', '<', before)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('hosts')
              .select(sql`1`.as('one'))
              .whereRef('hosts.maintenance_by', '=', 'notifications.notification_uuid')
              .where('hosts.deleted', '=', 0),
          ),
        ),
      )
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('changes')
              .innerJoin('hosts', 'hosts.uuid', 'changes.host_uuid')
              .select(sql`1`.as('one'))
              .whereRef('changes.notification_uuid', '=', 'notifications.notification_uuid')
              .where('changes.state', '!=', 'closed')
              .where('hosts.deleted', '=', 0),
          ),
        ),
      )
      .orderBy('updated_at')
      .orderBy('id')
      .limit(limit)
      .execute()
    const ids = rows.map((row) => row.notification_uuid)
    if (ids.length === 0) return 0
    for (const table of ['move_attempts', 'move_origins'] as const) {
      const moves = trx.selectFrom('vm_moves').select('uuid')
      await trx
        .deleteFrom(table)
        .where('move_uuid', 'in', moves.where('notification_uuid', 'in', ids))
        .execute()
    }
    await trx.deleteFrom('vm_moves').where('notification_uuid', 'in', ids).execute()
    await trx.deleteFrom('journal').where('notification_uuid', 'in', ids).execute()
    await trx.deleteFrom('death_certificates').where('notification_uuid', 'in', ids).execute()
    await trx.deleteFrom('changes').where('notification_uuid', 'in', ids).execute()
    await trx.deleteFrom('operator_commands').where('notification_uuid', 'in', ids).execute()
    await trx.deleteFrom('notifications').where('notification_uuid', 'in', ids).execute()
    return ids.length
  })

/** A host stays as long as notifications name it, because it is part of their history. */
const purgeHosts = (transactions: Transactions, { before, rowsMax }: PurgeOrder): Promise<number> =>
  transactions.write(async (trx) => {
    const rows = await trx
      .selectFrom('hosts')
      .select('id')
      .where('deleted', '!=', 0)
      .where('deleted_at', '<', before)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('notifications')
              .select(sql`1`.as('one'))
              .whereRef('notifications.source_host_uuid', '=', 'hosts.uuid'),
          ),
        ),
      )
      .limit(rowsMax)
      .execute()
    return deleteById(rows, (ids) => trx.deleteFrom('hosts').where('id', 'in', ids).execute())
  })

const purgeSegments = (
  transactions: Transactions,
  { before, rowsMax }: PurgeOrder,
): Promise<number> =>
  transactions.write(async (trx) => {
    const rows = await trx
      .selectFrom('segments')
      .select('id')
      .where('deleted', '!=', 0)
      .where('deleted_at', '<', before)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('hosts')
              .select(sql`1`.as('one'))
              .whereRef('hosts.failover_segment_id', '=', 'segments.uuid'),
          ),
        ),
      )
      .limit(rowsMax)
      .execute()
    return deleteById(rows, (ids) => trx.deleteFrom('segments').where('id', 'in', ids).execute())
  })

async function deleteById(
  rows: readonly { readonly id: number }[],
  deleteAll: (ids: readonly number[]) => Promise<unknown>,
): Promise<number> {
  if (rows.length > 0) await deleteAll(rows.map(({ id }) => id))
  return rows.length
}

/** Repeats batches until nothing is left or the bound is reached. */
async function repeat(
  rowsMax: number,
  deleteSome: (limit: number) => Promise<number>,
): Promise<number> {
  let count = 0
  while (count < rowsMax) {
    const limit = Math.min(BATCH, rowsMax - count)
    const deleted = await deleteSome(limit)
    count += deleted
    if (deleted < limit) break
  }
  return count
}

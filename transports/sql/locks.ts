/**
 * Row locks by writing: a write locks a row on every database, and Galera certifies it, unlike
 * SELECT … FOR UPDATE.
 */
import { sql, type Selectable, type Transaction } from 'kysely'
import type { HostId, SegmentId } from '../../schema/ids.ts'
import { UNFINISHED_STATUSES } from '../../schema/records.ts'
import type { Database, HostsTable, SegmentsTable } from '../../schema/tables.ts'

const increment = { revision: sql<number>`revision + 1` }

/**
 * The segment, locked until the transaction ends; undefined when there is none. Segments must be
 * locked before hosts.
 */
export async function lockSegment(
  trx: Transaction<Database>,
  id: SegmentId,
): Promise<Selectable<SegmentsTable> | undefined> {
  const locked = await trx
    .updateTable('segments')
    .set(increment)
    .where('uuid', '=', id)
    .where('deleted', '=', 0)
    .executeTakeFirst()
  if (locked.numUpdatedRows === 0n) return undefined
  return trx.selectFrom('segments').selectAll().where('uuid', '=', id).executeTakeFirst()
}

/** Until the transaction ends, no leader writes, and nobody else who takes this lock. */
export async function lockLeadership(trx: Transaction<Database>): Promise<void> {
  await trx.updateTable('leadership').set(increment).execute()
}

/** Locks all hosts of a segment. */
export async function lockHosts(trx: Transaction<Database>, segment: SegmentId): Promise<void> {
  await trx
    .updateTable('hosts')
    .set(increment)
    .where('failover_segment_id', '=', segment)
    .where('deleted', '=', 0)
    .execute()
}

/** Locks the registered hosts that have these names. */
export async function lockNamedHosts(
  trx: Transaction<Database>,
  nameKeys: readonly string[],
): Promise<void> {
  await trx
    .updateTable('hosts')
    .set(increment)
    .where('name_key', 'in', nameKeys)
    .where('deleted', '=', 0)
    .execute()
}

/** The host, locked until the transaction ends; undefined when there is none. */
export async function lockHost(
  trx: Transaction<Database>,
  by: { readonly uuid: HostId } | { readonly name_key: string },
): Promise<Selectable<HostsTable> | undefined> {
  const [column, value] =
    'uuid' in by ? (['uuid', by.uuid] as const) : (['name_key', by.name_key] as const)
  const locked = await trx
    .updateTable('hosts')
    .set(increment)
    .where(column, '=', value)
    .where('deleted', '=', 0)
    .executeTakeFirst()
  if (locked.numUpdatedRows === 0n) return undefined
  return trx
    .selectFrom('hosts')
    .selectAll()
    .where(column, '=', value)
    .where('deleted', '=', 0)
    .executeTakeFirst()
}

/** True while a registered host of the segment has an unfinished notification. */
export async function isUnderRecovery(
  trx: Pick<Transaction<Database>, 'selectFrom'>,
  segment: SegmentId,
): Promise<boolean> {
  const row = await trx
    .selectFrom('notifications')
    .innerJoin('hosts', 'hosts.uuid', 'notifications.source_host_uuid')
    .select('notifications.id')
    .where('hosts.failover_segment_id', '=', segment)
    .where('hosts.deleted', '=', 0)
    .where('notifications.deleted', '=', 0)
    .where('notifications.status', 'in', UNFINISHED_STATUSES)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

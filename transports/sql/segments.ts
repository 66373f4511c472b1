/** Failover segments: create, read, change, delete, list. */
import type { Transaction } from 'kysely'
import type { InventoryStore, SegmentFields } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { segmentId, type SegmentId } from '../../schema/ids.ts'
import type { Database } from '../../schema/tables.ts'
import { isUnderRecovery, lockHosts, lockSegment } from './locks.ts'
import { matching, matchingFolded, readPaging } from './paging.ts'
import { flag, nameKey, segmentOf, wholeSecond } from './rows.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type SegmentStore = Pick<
  InventoryStore,
  'createSegment' | 'getSegment' | 'updateSegment' | 'deleteSegment' | 'listSegments'
>

/** The segments' part of the store. */
export function segmentStore(transactions: Transactions, ports: StorePorts): SegmentStore {
  const now = (): number => wholeSecond(ports.clock.wallMs())
  return {
    createSegment: (fields) =>
      transactions.writeUnique(nameTaken(fields), async (trx) => {
        const uuid = segmentId(ports.random.uuid())
        const row = { ...columnsOf(fields), uuid, created_at: now() }
        await trx.insertInto('segments').values(row).execute()
        const query = trx.selectFrom('segments').selectAll().where('uuid', '=', uuid)
        return segmentOf(await query.executeTakeFirstOrThrow())
      }),

    getSegment: (id) =>
      transactions.read(async (db) => {
        const query = db.selectFrom('segments').selectAll().where('uuid', '=', id)
        const row = await query.where('deleted', '=', 0).executeTakeFirst()
        return row && segmentOf(row)
      }),

    updateSegment: (id, change, frozen = 'all-but-switches') =>
      transactions.writeUnique(nameTaken(change), async (trx) => {
        const row = await lockSegment(trx, id)
        if (row === undefined) throw segmentNotFound(id)
        const before = segmentOf(row)
        const after = { ...before, ...change }
        if (frozen === 'all' || FROZEN.some((field) => before[field] !== after[field])) {
          if (await isUnderRecovery(trx, id)) throw segmentUnderRecovery(id)
        }
        const columns = { ...columnsOf(after), updated_at: now() }
        await trx.updateTable('segments').set(columns).where('uuid', '=', id).execute()
        return segmentOf({ ...row, ...columns })
      }),

    deleteSegment: (id) => transactions.write((trx) => deleteSegment(trx, id, now())),

    listSegments: (filter, page) =>
      transactions.read(async (db) => {
        const { after, order } = await readPaging(db, 'segments', page)
        const { recoveryMethod, serviceType, enabled } = filter
        const rows = await db
          .selectFrom('segments')
          .selectAll()
          .where('deleted', '=', 0)
          .where(
            matching({
              recovery_method: recoveryMethod,
              enabled,
            }),
          )
          .where(matchingFolded('service_type', serviceType))
          .where(after)
          .orderBy(order)
          .limit(page.limit)
          .execute()
        return rows.map(segmentOf)
      }),
  }
}

/**
 * Deletes its hosts too. A report about one of its hosts comes before or after, because both lock
 * the host's row.
 */
async function deleteSegment(
  trx: Transaction<Database>,
  id: SegmentId,
  deletedAt: number,
): Promise<void> {
  const row = await lockSegment(trx, id)
  if (row === undefined) throw segmentNotFound(id)
  await lockHosts(trx, id)
  if (await isUnderRecovery(trx, id)) throw segmentUnderRecovery(id)
  await trx
    .updateTable('hosts')
    .set((eb) => ({ deleted: eb.ref('id'), deleted_at: deletedAt }))
    .where('failover_segment_id', '=', id)
    .where('deleted', '=', 0)
    .execute()
  await trx.deleteFrom('segment_policies').where('segment_uuid', '=', id).execute()
  await trx
    .updateTable('segments')
    .set({ deleted: row.id, deleted_at: deletedAt })
    .where('uuid', '=', id)
    .execute()
}

/** Fields that must not change during a recovery: all except `enabled`. */
const FROZEN = ['name', 'serviceType', 'description', 'recoveryMethod'] as const

const columnsOf = (fields: SegmentFields) => ({
  name: fields.name,
  name_key: nameKey(fields.name),
  service_type: fields.serviceType,
  description: fields.description,
  recovery_method: fields.recoveryMethod,
  enabled: flag(fields.enabled),
})

/** For everything that needs an existing segment. */
export const segmentNotFound = (id: SegmentId): CodedError =>
  new CodedError('SEGMENT_NOT_FOUND', `No failover segment with id ${id}.`)

const segmentUnderRecovery = (id: SegmentId): CodedError =>
  new CodedError(
    'SEGMENT_UNDER_RECOVERY',
    `Failover segment ${id} can't be changed: a host of it is under recovery.`,
  )

const nameTaken = ({ name }: { readonly name?: string }) => ({
  code: 'SEGMENT_NAME_TAKEN' as const,
  message: `Failover segment with name ${name} already exists.`,
})

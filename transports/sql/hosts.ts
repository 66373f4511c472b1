/** Hosts of segments: create, change, delete. */
import type { HostFields, InventoryStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostId, type HostId, type SegmentId } from '../../schema/ids.ts'
import { closeSpareChanges } from './closed-changes.ts'
import { isUnderRecovery, lockHost, lockSegment } from './locks.ts'
import { flag, hostOf, nameKey, wholeSecond } from './rows.ts'
import { segmentNotFound } from './segments.ts'
import type { StorePorts, Transactions } from './transactions.ts'

type HostStore = Pick<InventoryStore, 'createHost' | 'updateHost' | 'deleteHost'>

/** The hosts' part of the store. */
export function hostStore(transactions: Transactions, ports: StorePorts): HostStore {
  const now = (): number => wholeSecond(ports.clock.wallMs())
  return {
    createHost: (segment, fields) =>
      transactions.writeUnique(nameTaken(fields), async (trx) => {
        if ((await lockSegment(trx, segment)) === undefined) throw segmentNotFound(segment)
        const uuid = hostId(ports.random.uuid())
        const row = {
          ...columnsOf(fields),
          uuid,
          failover_segment_id: segment,
          created_at: now(),
        }
        await trx.insertInto('hosts').values(row).execute()
        const query = trx.selectFrom('hosts').selectAll().where('uuid', '=', uuid)
        return hostOf(await query.executeTakeFirstOrThrow())
      }),

    updateHost: (segment, id, change, frozen = 'all-but-switches') =>
      transactions.writeUnique(nameTaken(change), async (trx) => {
        const row = await lockHost(trx, { uuid: id })
        if (row?.failover_segment_id !== segment) throw hostNotFound(segment, id)
        const before = hostOf(row)
        const after = { ...before, ...change }
        if (frozen === 'all' || FROZEN.some((field) => before[field] !== after[field])) {
          if (await isUnderRecovery(trx, segment)) throw hostUnderRecovery(id)
        }
        const columns = {
          ...columnsOf(after),
          // An operator who sets the maintenance owns it, even when its value stays the same.
          maintenance_by: 'onMaintenance' in change ? null : row.maintenance_by,
          held_reserved: 'reserved' in change ? flag(after.reserved) : row.held_reserved,
          updated_at: now(),
        }
        await trx.updateTable('hosts').set(columns).where('uuid', '=', id).execute()
        if ('reserved' in change) await closeSpareChanges(trx, id, ports.clock.wallMs())
        return hostOf({ ...row, ...columns })
      }),

    deleteHost: (segment, id) =>
      transactions.write(async (trx) => {
        const row = await lockHost(trx, { uuid: id })
        if (row?.failover_segment_id !== segment) throw hostNotFound(segment, id)
        if (await isUnderRecovery(trx, segment)) throw hostUnderRecovery(id)
        await trx
          .updateTable('hosts')
          .set({ deleted: row.id, deleted_at: now() })
          .where('uuid', '=', id)
          .execute()
      }),
  }
}

/** Fields that must not change during a recovery: all except `onMaintenance` and `reserved`. */
const FROZEN = ['name', 'type', 'controlAttributes'] as const

const columnsOf = (fields: HostFields) => ({
  name: fields.name,
  name_key: nameKey(fields.name),
  type: fields.type,
  control_attributes: fields.controlAttributes,
  reserved: flag(fields.reserved),
  on_maintenance: flag(fields.onMaintenance),
})

const hostNotFound = (segment: SegmentId, id: HostId): CodedError =>
  new CodedError(
    'HOST_NOT_FOUND',
    `Host '${id}' under failover_segment '${segment}' could not be found.`,
  )

const hostUnderRecovery = (id: HostId): CodedError =>
  new CodedError(
    'HOST_UNDER_RECOVERY',
    `Host ${id} can't be changed: a host of its segment is under recovery.`,
  )

const nameTaken = ({ name }: { readonly name?: string }) => ({
  code: 'HOST_NAME_TAKEN' as const,
  message: `Host with name ${name} already exists.`,
})

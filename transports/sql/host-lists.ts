/** Lists of hosts. */
import type { Kysely } from 'kysely'
import type { InventoryStore } from '../../actors/ports/store.ts'
import type { HostName, NotificationId } from '../../schema/ids.ts'
import type { HostProtection } from '../../schema/records.ts'
import type { Database } from '../../schema/tables.ts'
import { matching, matchingFolded, readPaging } from './paging.ts'
import { choicesOf, hostOf, nameKey } from './rows.ts'
import { segmentNotFound } from './segments.ts'
import type { Transactions } from './transactions.ts'

/** The reading part of the hosts' store. */
export function hostLists(
  transactions: Transactions,
): Pick<
  InventoryStore,
  'getHost' | 'findHost' | 'listHosts' | 'listAllHosts' | 'listHostProtections'
> {
  return {
    getHost: (segment, id) =>
      transactions.read(async (db) => {
        const query = liveHosts(db).where('uuid', '=', id)
        const row = await query.where('failover_segment_id', '=', segment).executeTakeFirst()
        return row && hostOf(row)
      }),

    findHost: (name) =>
      transactions.read(async (db) => {
        const row = await liveHosts(db).where('name_key', '=', nameKey(name)).executeTakeFirst()
        return row && hostOf(row)
      }),

    listHosts: (filter, page) =>
      transactions.read(async (db) => {
        const { segment, name, type, controlAttributes, reserved, onMaintenance } = filter
        const found = db.selectFrom('segments').select('id').where('uuid', '=', segment)
        if ((await found.where('deleted', '=', 0).executeTakeFirst()) === undefined) {
          throw segmentNotFound(segment)
        }
        const { after, order } = await readPaging(db, 'hosts', page)
        const rows = await liveHosts(db)
          .where(
            matching({
              failover_segment_id: segment,
              name_key: name === undefined ? undefined : nameKey(name.replace(/ +$/, '')),
              control_attributes: controlAttributes,
              reserved,
              on_maintenance: onMaintenance,
            }),
          )
          .where(matchingFolded('type', type))
          .where(after)
          .orderBy(order)
          .limit(page.limit)
          .execute()
        return rows.map(hostOf)
      }),

    listAllHosts: () =>
      transactions.read(async (db) => {
        const rows = await liveHosts(db).orderBy('id').execute()
        return rows.map(hostOf)
      }),

    listHostProtections: () =>
      transactions.read(async (db) => {
        const rows = await db
          .selectFrom('hosts')
          .innerJoin('segments', 'segments.uuid', 'hosts.failover_segment_id')
          .leftJoin('segment_policies', 'segment_policies.segment_uuid', 'segments.uuid')
          .select(['hosts.name', 'hosts.on_maintenance', 'hosts.maintenance_by', 'choices'])
          .select(['segments.name as segment_name', 'segments.enabled'])
          .where('hosts.deleted', '=', 0)
          .orderBy('hosts.id')
          .execute()
        return rows.map(hostProtectionOf)
      }),
  }
}

const liveHosts = (db: Kysely<Database>) =>
  db.selectFrom('hosts').selectAll().where('deleted', '=', 0)

const hostProtectionOf = (row: {
  readonly name: HostName
  readonly on_maintenance: number
  readonly maintenance_by: NotificationId | null
  readonly segment_name: string
  readonly enabled: number
  readonly choices: string | null
}): HostProtection => ({
  name: row.name,
  onMaintenance: row.on_maintenance !== 0,
  maintenanceBy: row.maintenance_by,
  segmentName: row.segment_name,
  segmentEnabled: row.enabled !== 0,
  choices: row.choices === null ? {} : choicesOf({ choices: row.choices }),
})

/** Registered observers, and the names that observations may carry. */
import type { RosterStore } from '../../actors/ports/roster-store.ts'
import type { StorePorts, Transactions } from './transactions.ts'

/** The part of the store that knows the registered hosts and observers. */
export function rosterStore(transactions: Transactions, { clock }: StorePorts): RosterStore {
  return {
    async registerObserver(name, role) {
      const seen = { seen_at: clock.wallMs(), watches_hosts: role === 'host-monitor' ? 1 : 0 }
      const renewed = await transactions.statement((db) =>
        db.updateTable('observers').set(seen).where('name', '=', name).executeTakeFirst(),
      )
      if (renewed !== undefined && renewed.numUpdatedRows > 0n) return
      // When an observer registers twice at the same time, it is registered.
      await transactions.statement((db) =>
        db
          .insertInto('observers')
          .values({ name, ...seen })
          .execute(),
      )
    },

    listMonitors: () =>
      transactions.read((db) =>
        db
          .selectFrom('observers')
          .select(['name', 'seen_at as registeredAt'])
          .where('watches_hosts', '=', 1)
          .execute(),
      ),

    readRoster: () =>
      transactions.read(async (db) => {
        const hosts = await db
          .selectFrom('hosts')
          .select(['uuid as host', 'name as hostName', 'failover_segment_id as segment'])
          .where('deleted', '=', 0)
          .orderBy('id')
          .execute()
        const observers = await db
          .selectFrom('observers')
          .select(['name', 'seen_at as registeredAt', 'watches_hosts as isMonitor'])
          .orderBy('id')
          .execute()
        return {
          hosts,
          observers: observers.map(({ name }) => name),
          monitors: observers
            .filter(({ isMonitor }) => isMonitor === 1)
            .map(({ name, registeredAt }) => ({ name, registeredAt })),
        }
      }),
  }
}

/** The store of one SQL database, put together from its parts. */
import { Migrator } from 'kysely/migration'
import type { StorePort } from '../../actors/ports/store.ts'
import { MIGRATIONS } from '../../schema/migrations/migrations.ts'
import { acceptanceStore } from './acceptance.ts'
import { attemptStore } from './attempts.ts'
import { ledgerStore } from './changes.ts'
import { credentialsStore } from './credentials.ts'
import { epochGuard, leadershipStore } from './epoch-guard.ts'
import { holdingStore } from './held-hosts.ts'
import { hostLists } from './host-lists.ts'
import { hostStore } from './hosts.ts'
import { lateSuccessStore } from './late-successes.ts'
import { leftBehindStore } from './left-behind.ts'
import { moveLists } from './move-lists.ts'
import { moveStore } from './moves.ts'
import { notificationStore } from './notifications.ts'
import { rosterStore } from './observers.ts'
import { policyStore } from './policies.ts'
import { purgeStore } from './purge.ts'
import { recordStore } from './recovery.ts'
import { returningStore } from './returning.ts'
import { segmentStore } from './segments.ts'
import { snapshotStore } from './snapshot.ts'
import { transactions, type SqlConnection, type StorePorts } from './transactions.ts'
import { wordStore } from './words.ts'

/** The same store whatever the database. */
export function buildStore(connection: SqlConnection, ports: StorePorts): StorePort {
  const steps = transactions(connection, ports)
  const guarded = epochGuard(steps)
  const leadership = leadershipStore(steps, ports)
  return {
    ...segmentStore(steps, ports),
    ...hostStore(steps, ports),
    ...hostLists(steps),
    ...acceptanceStore(steps, ports),
    ...notificationStore(steps),
    ...policyStore(steps, ports),
    ...wordStore(steps, ports),
    ...leadership,
    ...snapshotStore(steps, ports),
    ...returningStore(steps),
    ...recordStore(guarded, ports),
    ...holdingStore(guarded, ports),
    ...moveLists(steps),
    ...moveStore(guarded, steps, ports),
    ...attemptStore(steps),
    ...lateSuccessStore(guarded, steps, ports),
    ...leftBehindStore(guarded, steps, ports),
    ...ledgerStore(guarded, steps, ports),
    ...purgeStore(steps),
    ...credentialsStore(steps),
    ...rosterStore(steps, ports),

    migrate: () =>
      steps.read(async (db) => {
        const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) }
        const { error } = await new Migrator({ db, provider }).migrateToLatest()
        if (error !== undefined) throw error
      }),

    // Also proves that the schema is there.
    ping: async () => void (await leadership.currentEpoch()),

    [Symbol.asyncDispose]: () => connection.db.destroy(),
  }
}

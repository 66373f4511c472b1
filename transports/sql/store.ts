/** The store of one SQL database, made of its parts. */
import type { StorePort } from '../../actors/ports/store.ts'
import { acceptanceStore } from './acceptance.ts'
import { attemptStore } from './attempts.ts'
import { awaitedGuestStore } from './awaited-guests.ts'
import { ledgerStore } from './changes.ts'
import { credentialsStore } from './credentials.ts'
import { domainStore } from './domains.ts'
import { epochGuard, leadershipStore } from './epoch-guard.ts'
import { holdingStore } from './held-hosts.ts'
import { hostLists } from './host-lists.ts'
import { hostStore } from './hosts.ts'
import { importStore } from './import.ts'
import { lateCompletionStore } from './late-completions.ts'
import { leftStoppedStore } from './left-stopped.ts'
import { moveLists } from './move-lists.ts'
import { moveStore } from './moves.ts'
import { notificationStore } from './notifications.ts'
import { rosterStore } from './observers.ts'
import { policyStore } from './policies.ts'
import { purgeStore } from './purge.ts'
import { recordStore } from './recovery.ts'
import { returningStore } from './returning.ts'
import { schemaGate } from './schema-gate.ts'
import { segmentStore } from './segments.ts'
import { snapshotStore } from './snapshot.ts'
import { transitionStore } from './transitions.ts'
import { transactions, type SqlConnection, type StorePorts } from './transactions.ts'
import { unfinishedStore } from './unfinished.ts'
import { commandStore } from './commands.ts'
import { writeCheck } from './write-check.ts'

/** The same store for every database. */
export function buildStore(connection: SqlConnection, ports: StorePorts): StorePort {
  const gate = schemaGate(connection)
  const steps = transactions(connection, ports, gate)
  const migrations = transactions(connection, ports, OPEN)
  const checkWrites = writeCheck(steps, ports.clock)
  const guarded = epochGuard(steps)
  const leadership = leadershipStore(steps, ports)
  return {
    ...segmentStore(steps, ports),
    ...hostStore(steps, ports),
    ...hostLists(steps),
    ...acceptanceStore(steps, ports),
    ...notificationStore(steps),
    ...policyStore(steps, ports),
    ...commandStore(steps, ports),
    ...leadership,
    ...unfinishedStore(steps),
    ...snapshotStore(steps, ports),
    ...returningStore(steps),
    ...recordStore(guarded, ports),
    ...transitionStore(guarded, ports),
    ...holdingStore(guarded, ports),
    ...moveLists(steps),
    ...moveStore(guarded, steps, ports),
    ...attemptStore(steps),
    ...lateCompletionStore(guarded, steps, ports),
    ...leftStoppedStore(guarded, steps, ports),
    ...awaitedGuestStore(guarded, steps, ports),
    ...ledgerStore(guarded, steps, ports),
    ...domainStore(guarded, steps),
    ...purgeStore(steps),
    ...credentialsStore(steps),
    ...rosterStore(steps, ports),
    ...importStore(steps, () => migrations.read(() => gate.isUntouched())),

    // The gate is already passed here. Errors get our codes and conflicts are retried, as
    // elsewhere.
    migrate: () => migrations.read(() => gate.migrate()),

    // Also proves that the schema exists.
    ping: async () => {
      await leadership.currentEpoch()
      await checkWrites()
    },

    [Symbol.asyncDispose]: () => connection.db.destroy(),
  }
}

const OPEN = { isOpen: () => true, open: () => Promise.resolve() }

/** The promises of every store: registers the tests for one kind of database. */
import { domainConformance } from './store-domain-conformance.ts'
import { guestConformance } from './store-guest-conformance.ts'
import { housekeepingConformance } from './store-housekeeping-conformance.ts'
import { inventoryConformance } from './store-inventory-conformance.ts'
import { leadershipConformance } from './store-leadership-conformance.ts'
import { listConformance } from './store-list-conformance.ts'
import { moveConformance } from './store-move-conformance.ts'
import { notificationConformance } from './store-notification-conformance.ts'
import { operatorConformance } from './store-operator-conformance.ts'
import { reconcilerConformance } from './store-reconciler-conformance.ts'
import { ledgerConformance } from './store-ledger-conformance.ts'
import { projectConformance } from './store-project-conformance.ts'
import { rosterConformance } from './store-roster-conformance.ts'
import { recoveryConformance } from './store-recovery-conformance.ts'
import { snapshotConformance } from './store-snapshot-conformance.ts'
import { commandConformance } from './store-command-conformance.ts'
import { storeWorld, type OpenWorld, type RegisterTest, type StoreDatabase } from './store-world.ts'

/** Registers the tests; each gets an empty database. */
export function storeConformance(test: RegisterTest, open: () => Promise<StoreDatabase>): void {
  const world: OpenWorld = () => storeWorld(open)
  inventoryConformance(test, world)
  listConformance(test, world)
  notificationConformance(test, world)
  recoveryConformance(test, world)
  moveConformance(test, world)
  ledgerConformance(test, world)
  reconcilerConformance(test, world)
  guestConformance(test, world)
  domainConformance(test, world)
  snapshotConformance(test, world)
  leadershipConformance(test, world)
  operatorConformance(test, world)
  commandConformance(test, world)
  housekeepingConformance(test, world)
  projectConformance(test, world)
  rosterConformance(test, world)
}

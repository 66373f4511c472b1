/** Where the instances of a segment may go, by its recovery method. Pure. */
import type { RecoveryMethod } from '../../schema/records.ts'

/** Hosts of the segment that are in service, and its reserved hosts. */
export type Pool = 'in-service' | 'spares'

/** One plan for every method: an instance goes to a later pool only when no earlier one takes it. */
export const STAGES: Readonly<Record<RecoveryMethod, readonly Pool[]>> = {
  auto: ['in-service'],
  reserved_host: ['spares'],
  auto_priority: ['in-service', 'spares'],
  rh_priority: ['spares', 'in-service'],
}

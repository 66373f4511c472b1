/** The hosts to which the instances of a segment may go, by its recovery method. Pure. */
import type { RecoveryMethod } from '../../schema/records.ts'

/** in-service: hosts of the segment that are in service; spares: its reserved hosts. */
export type Pool = 'in-service' | 'spares'

/**
 * The same rule holds for every method: an instance goes to a later pool only when no earlier pool
 * takes it.
 */
export const STAGES: Readonly<Record<RecoveryMethod, readonly Pool[]>> = {
  auto: ['in-service'],
  reserved_host: ['spares'],
  auto_priority: ['in-service', 'spares'],
  rh_priority: ['spares', 'in-service'],
}

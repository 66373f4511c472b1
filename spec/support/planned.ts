/** Instances with a planned move. */
import type { PlannedMove } from '../../actors/ports/move-store.ts'
import type { InstanceId } from '../../schema/ids.ts'

/** An ordinary running instance. */
export const plannedRow = (
  instance: InstanceId,
  instanceName: string,
  change: Partial<PlannedMove> = {},
): PlannedMove => ({
  instance,
  instanceName,
  origin: { vmState: 'active', taskState: null, powerState: 1, locked: false },
  failedBefore: false,
  held: false,
  status: 'pending',
  message: null,
  ...change,
})

/**
 * Which instances of a dead host had failed before it did: a fault of theirs was accepted, and nobody has
 * started them again. Nova calls them stopped, but nobody wanted that.
 */
import { instanceId, type InstanceId, type NotificationId } from '../../schema/ids.ts'
import { eventPolicy } from '../instance-recovery/instance-events.ts'
import { isStoppedByUser } from '../instance-recovery/ladder.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Instance } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'

/**
 * Returns them with the recovery of their fault. What a user has stopped stays stopped, whatever was
 * reported. Throws the errors of Compute.
 */
export async function readFailedBefore(
  { world, order, signal }: EvacuationContext,
  instances: readonly Instance[],
): Promise<ReadonlyMap<InstanceId, NotificationId>> {
  const stopped = new Set(
    instances.flatMap(({ id, vmState }) => (vmState === 'stopped' ? [id] : [])),
  )
  const failed = new Map<InstanceId, NotificationId>()
  if (stopped.size === 0) return failed
  const faults = await untilStored(world.clock, signal, () =>
    world.store.listOpenGuestFaults(order.host, order.notification),
  )
  for (const { uuid, payload } of faults) {
    const id = instanceId(payload['instance_uuid'] ?? '')
    const policy = eventPolicy({ payload })
    if (policy.kind === 'ignore' || !stopped.has(id) || failed.has(id)) continue
    if (!isStoppedByUser(await world.compute.listActions(id, signal))) failed.set(id, uuid)
  }
  return failed
}

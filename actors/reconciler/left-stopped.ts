/** Whether an instance that was left on a host which is back is to be started again. Pure. */
import type { VmMove } from '../../schema/records.ts'
import { CLOCK_SKEW_MS } from '../evacuator/apply-records.ts'
import { isStoppedByUser, STARTING } from '../instance-recovery/ladder.ts'
import type { Instance, InstanceAction } from '../ports/compute.ts'

/** Where it was left, and stopped: until Nova has looked at its host it still calls it active. */
export const isLeftStopped = (
  { sourceHost }: Pick<VmMove, 'sourceHost'>,
  { host, vmState, taskState }: Instance,
): boolean => host === sourceHost && vmState === 'stopped' && taskState === null

/** Nova stopped it, nobody asked for that, and nobody, we included, has started it since: once is enough. */
export function isNobodys(
  { createdAt }: Pick<VmMove, 'createdAt'>,
  actions: readonly InstanceAction[],
): boolean {
  const since = actions.filter(({ startedAt }) => startedAt >= createdAt - CLOCK_SKEW_MS)
  const stops = since.some(({ action }) => action === 'stop')
  const takenUp = since.some(({ action }) => STARTING.includes(action))
  return stops && !takenUp && !isStoppedByUser(since)
}

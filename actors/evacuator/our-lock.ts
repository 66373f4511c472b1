/** The lock that keeps an owner out while his instance is moved; its reason tells it from his own. */
import type { InstanceId } from '../../schema/ids.ts'
import type { ComputePort } from '../ports/compute.ts'

const REASON = 'instance-ha moves it away from a failed host'

/** Leaves a lock that its owner has made meanwhile: Nova would let ours take its place. */
export async function lockForUs(
  compute: Pick<ComputePort, 'readLock' | 'lock'>,
  id: InstanceId,
  signal: AbortSignal,
): Promise<void> {
  if ((await compute.readLock(id, signal)) === undefined) await compute.lock(id, REASON, signal)
}

/** Undoes our lock, however often it is asked: once it is undone its owner may have locked it himself. */
export async function unlockForUs(
  compute: Pick<ComputePort, 'readLock' | 'unlock'>,
  id: InstanceId,
  signal: AbortSignal,
): Promise<void> {
  if ((await compute.readLock(id, signal)) === REASON) await compute.unlock(id, signal)
}

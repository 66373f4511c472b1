/** Gives back instances that a recovery had locked when it ended: cancelled in the middle, or while Nova was away. */
import { isCoded } from '../../schema/errors.ts'
import type { VmMove } from '../../schema/records.ts'
import { unlockForUs } from '../evacuator/instance-orders.ts'
import type { Looking } from './undoing.ts'

/** Whoever leads next looks again: a lock is on record from before it was made until after it was undone. */
export async function unlockLeft(looking: Looking): Promise<void> {
  const { world } = looking
  for (const move of await world.store.listLeftLocked()) {
    try {
      await unlock(looking, move)
    } catch (error) {
      // Whatever is away now is there at the next look.
      if (!isCoded(error) || isCoded(error, 'STALE_EPOCH')) throw error
    }
  }
}

async function unlock({ world, epoch, signal }: Looking, move: VmMove): Promise<void> {
  const { notification, instance: subject, uuid } = move
  const now = await world.compute.getInstance(subject, signal)
  if (now?.locked === true) {
    const about = { notification, subject, kind: 'intent', step: 'give-back' } as const
    await world.store.appendJournal(epoch, { ...about, detail: DETAIL })
    world.term.assert(epoch)
    await unlockForUs(world.compute, subject, signal)
  }
  await world.store.noteLock(epoch, uuid, 'free')
}

const DETAIL = 'its recovery is over: unlock it, its owner may have it again'

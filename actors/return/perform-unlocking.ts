/** Looks at instances that ended recoveries have left locked, and unlocks them. */
import { isCoded } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import { unlockForUs } from '../evacuator/instance-orders.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { part, type AnyPart } from '../kernel/periodic.ts'
import { isStoreAway } from '../ports/store.ts'
import type { ReturnWorld } from './return-world.ts'
import { decideUnlocking, type LockAnswer, type LockTask } from './unlocking.ts'

/** The part of a round in which instances are unlocked. */
export const unlocking = (world: ReturnWorld, epoch: Epoch): AnyPart =>
  part<null, LockTask, LockAnswer>({
    initial: null,
    first: { type: 'locks.list' },
    decide: decideUnlocking,
    perform: (task, signal) => answerOf(world, epoch, task, signal),
  })

/** Trouble with one instance is an answer; without the list nothing is known at all. */
async function answerOf(
  world: ReturnWorld,
  epoch: Epoch,
  task: LockTask,
  signal: AbortSignal,
): Promise<LockAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    if (task.type === 'locks.list' && isStoreAway(error)) return { type: 'locks.store-away' }
    if (task.type === 'locks.list' || !isCoded(error) || error.code === 'STALE_EPOCH') throw error
    return { type: 'lock.failed' }
  }
}

async function perform(
  world: ReturnWorld,
  epoch: Epoch,
  task: LockTask,
  signal: AbortSignal,
): Promise<LockAnswer> {
  const { store, compute } = world
  switch (task.type) {
    case 'locks.list':
      return { type: 'locks.listed', moves: await store.listLeftLocked() }
    case 'lock.look': {
      const { move } = task
      const instance = await compute.getInstance(move.instance, signal)
      return { type: 'lock.looked', move, isLocked: instance?.locked === true }
    }
    case 'lock.undo':
      await unlock(world, epoch, task.move, signal)
      return { type: 'lock.undone', move: task.move }
    case 'lock.forget':
      await store.noteLock(epoch, task.move.uuid, 'free')
      return { type: 'lock.forgotten' }
    default:
      return assertNever(task)
  }
}

async function unlock(
  { store, term, compute }: ReturnWorld,
  epoch: Epoch,
  { notification, instance: subject }: VmMove,
  signal: AbortSignal,
): Promise<void> {
  const about = { notification, subject, kind: 'intent', step: 'give-back' } as const
  await store.appendJournal(epoch, { ...about, detail: DETAIL })
  term.assert(epoch)
  await unlockForUs(compute, subject, signal)
}

const DETAIL = 'its recovery is over: unlock it, its owner may have it again'

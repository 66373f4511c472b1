/** What follows when Nova, or the way to it, did not take what was asked of an instance. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Instance } from '../ports/compute.ts'
import type { MoveChange, Refusal } from '../ports/move-store.ts'
import { isComputeTrouble, type Evacuating } from './evacuating.ts'
import type { MovingMessage } from './moving-messages.ts'
import { BUSY } from './shared-pace.ts'

interface Asked {
  readonly move: MoveChange['move']
  readonly instance: InstanceId
}

/** The move is pending again; what Nova shows of the instance now decides what is done next. */
export async function refused(
  evacuating: Evacuating,
  effect: Asked,
  error: unknown,
): Promise<MovingMessage> {
  const { world } = evacuating
  const reason = describeError(error)
  const busy = isCoded(error, ...BUSY)
  const doubtful = isCoded(error, 'COMPUTE_NOT_FOUND', 'COMPUTE_REFUSED')
  const now = doubtful ? await reread(evacuating, effect) : null
  const gone = now === undefined
  if (busy) await withdrawAttempt(evacuating, effect, reason)
  else await putBack(evacuating, effect, reason)
  return {
    type: 'move.refused',
    move: effect.move,
    reason: gone ? 'the instance was deleted meanwhile' : reason,
    again: !gone,
    now: now ?? null,
    busy,
    atMs: world.clock.monotonicMs(),
  }
}

/** After a refusal: undefined when it is gone, null when Nova does not tell. */
async function reread(
  { world, signal }: Evacuating,
  { instance }: Asked,
): Promise<Instance | undefined | null> {
  try {
    return await world.compute.getInstance(instance, signal)
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return null
  }
}

/** Nothing was asked for, or nothing came of it: the move waits for its next attempt. */
export async function putBack(
  evacuating: Evacuating,
  { move, instance }: Asked,
  message: string,
): Promise<void> {
  const { world, order, signal } = evacuating
  world.bookings.release(instance)
  const change = { move, from: ['ongoing'], to: 'pending', destHost: null, message } as const
  await untilStored(world.clock, signal, () => world.store.updateMove(order.epoch, change))
}

/** The same when a target turned it down. */
export async function recordRefusal(
  { world, order, signal }: Evacuating,
  { move, instance }: Asked,
  refusal: Refusal,
): Promise<void> {
  world.bookings.release(instance)
  await untilStored(world.clock, signal, () =>
    world.store.recordRefusal(order.epoch, move, refusal),
  )
}

/** The same when Nova did not even look at it: it costs no attempt, whoever leads next. */
export async function withdrawAttempt(
  { world, order, signal }: Evacuating,
  { move, instance }: Asked,
  reason: string,
): Promise<void> {
  world.bookings.release(instance)
  await untilStored(world.clock, signal, () =>
    world.store.withdrawAttempt(order.epoch, move, reason),
  )
}

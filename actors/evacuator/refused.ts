/** What follows when Nova, or the way to it, did not take what was asked of an instance. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch, InstanceId } from '../../schema/ids.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble, type Instance } from '../ports/compute.ts'
import type { MoveChange, MoveStore, Refusal } from '../ports/move-store.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MovingMessage } from './evacuator-messages.ts'
import { BUSY } from './shared-pace.ts'

interface Asked {
  readonly move: MoveChange['move']
  readonly instance: InstanceId
}

/** The move is pending again; what Nova shows of the instance now decides what is done next. */
export async function refused(
  context: EvacuationContext,
  effect: Asked,
  error: unknown,
): Promise<MovingMessage> {
  const { world } = context
  const reason = describeError(error)
  const busy = isCoded(error, ...BUSY)
  const doubtful = isCoded(error, 'COMPUTE_NOT_FOUND', 'COMPUTE_REFUSED')
  const now = doubtful ? await reread(context, effect) : null
  const gone = now === undefined
  if (busy) await withdrawAttempt(context, effect, reason)
  else await putBack(context, effect, reason)
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
  { world, signal }: EvacuationContext,
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
export const putBack = (
  context: EvacuationContext,
  asked: Asked,
  message: string,
): Promise<void> => {
  const { move } = asked
  const change = { move, from: ['ongoing'], to: 'pending', destHost: null, message } as const
  return giveBack(context, asked, (store, epoch) => store.updateMove(epoch, change))
}

/** The same when a target turned it down. */
export const recordRefusal = (
  context: EvacuationContext,
  asked: Asked,
  refusal: Refusal,
): Promise<void> =>
  giveBack(context, asked, (store, epoch) => store.recordRefusal(epoch, asked.move, refusal))

/** The same when Nova did not even look at it: it costs no attempt, whoever leads next. */
export const withdrawAttempt = (
  context: EvacuationContext,
  asked: Asked,
  reason: string,
): Promise<void> =>
  giveBack(context, asked, (store, epoch) => store.withdrawAttempt(epoch, asked.move, reason))

/** Its room is free for others, and the store knows why it waits. */
async function giveBack(
  { world, order, signal }: EvacuationContext,
  { instance }: Asked,
  write: (store: MoveStore, epoch: Epoch) => Promise<unknown>,
): Promise<void> {
  world.bookings.release(instance)
  await untilStored(world.clock, signal, () => write(world.store, order.epoch))
}

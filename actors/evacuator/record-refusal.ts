/**
 * Records that an attempt has failed: the move is pending again with the reason, its booking is
 * released, and its instance is reset where necessary.
 */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch, InstanceId } from '../../schema/ids.ts'
import type { MoveOrigin } from '../../schema/records.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { sleep } from '../ports/clock.ts'
import { isComputeTrouble, type Instance } from '../ports/compute.ts'
import type { MoveChange, MoveStore } from '../ports/move-store.ts'
import { BUSY } from './concurrency-limiter.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MoveAnswer, MoveEffect } from './evacuator-messages.ts'
import { hostOf } from './places.ts'
import { isRebuilding } from './restoration.ts'

interface Asked {
  readonly move: MoveChange['move']
  readonly instance: InstanceId
}

/** Nova refused a request. The state in which Nova now shows the instance decides the next step. */
export async function recordRefusedRequest(
  context: EvacuationContext,
  asked: Asked,
  error: unknown,
): Promise<MoveAnswer> {
  const { world } = context
  const reason = describeError(error)
  const busy = isCoded(error, ...BUSY)
  const doubtful = isCoded(error, 'COMPUTE_NOT_FOUND', 'COMPUTE_REFUSED')
  const now = doubtful ? await reread(context, asked) : null
  const gone = now === undefined
  if (busy) await withdrawAttempt(context, asked, reason)
  else await putBack(context, asked, reason)
  return {
    type: 'move.refused',
    move: asked.move,
    reason: gone ? 'the instance was deleted meanwhile' : reason,
    again: !gone,
    now: now ?? null,
    busy,
    atMs: world.clock.monotonicMs(),
  }
}

/** The instance after a refusal: undefined when it is gone, null when Nova does not answer. */
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

/** Records a failed attempt. The next leader must know which host refused the instance. */
export async function recordFailedAttempt(
  context: EvacuationContext,
  effect: MoveEffect & { readonly type: 'move.put-back' },
): Promise<void> {
  const message = await explained(context, effect)
  const { move, refusedBy, from } = effect
  if (refusedBy === null) return putBack(context, effect, message)
  await resetToActive(context, effect)
  const refusal = { by: hostOf(refusedBy), from, message }
  return giveBack(context, effect, (store, epoch) => store.recordRefusal(epoch, move, refusal))
}

/** Makes the move wait for its next attempt. */
const putBack = (context: EvacuationContext, asked: Asked, message: string): Promise<void> => {
  const { move } = asked
  const change = { move, from: ['ongoing'], to: 'pending', destHost: null, message } as const
  return giveBack(context, asked, (store, epoch) => store.updateMove(epoch, change))
}

/** The same when Nova did not process the request: the attempt is not counted, under any leader. */
export const withdrawAttempt = (
  context: EvacuationContext,
  asked: Asked,
  reason: string,
): Promise<void> =>
  giveBack(context, asked, (store, epoch) => store.withdrawAttempt(epoch, asked.move, reason))

async function giveBack(
  { world, order, signal }: EvacuationContext,
  { instance }: Asked,
  write: (store: MoveStore, epoch: Epoch) => Promise<unknown>,
): Promise<void> {
  world.bookings.release(instance)
  await untilStored(world.clock, signal, () => write(world.store, order.epoch))
}

interface Failed {
  readonly instance: InstanceId
  readonly reason: string
  readonly ask: 'nova' | 'nobody'
}

/** The reason of a failure, with Nova's explanation. */
export async function explained(
  { world, signal }: EvacuationContext,
  { instance, reason, ask }: Failed,
): Promise<string> {
  if (ask === 'nobody') return reason
  try {
    const explanation = await world.compute.explainFailure(instance, signal)
    return explanation === undefined ? reason : `${reason}: ${explanation}`
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return reason // the failure is recorded without an explanation
  }
}

/**
 * How often the instance is read at most, about three minutes: Nova closes the record first and
 * changes the instance a moment later, or does not answer for a while.
 */
const LOOKS_MAX = 20
const PAUSE_MS_MIN = 500
const PAUSE_MS_MAX = 10_000

/**
 * A failed evacuation leaves an instance that was active in error. Resets its state when Nova has
 * ended the evacuation (`ask`) and the instance is still on the dead host. Does nothing when an
 * operator command forbids it.
 */
export async function resetToActive(
  context: EvacuationContext,
  { instance, origin, ask }: Pick<Failed, 'instance' | 'ask'> & { readonly origin: MoveOrigin },
): Promise<void> {
  if (ask !== 'nova' || origin.vmState !== 'active') return
  const { world, signal } = context
  let pauseMs = PAUSE_MS_MIN
  for (let looks = 1; looks <= LOOKS_MAX; looks += 1) {
    if ((await lookAt(context, instance)) === 'as-it-was') return
    await sleep(world.clock, pauseMs)
    signal.throwIfAborted()
    pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
  }
}

type InstanceCondition = 'as-it-was' | 'unclear'

async function lookAt(
  context: EvacuationContext,
  instance: InstanceId,
): Promise<InstanceCondition> {
  try {
    return await reset(context, instance)
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return 'unclear'
  }
}

async function reset(context: EvacuationContext, instance: InstanceId): Promise<InstanceCondition> {
  const { world, order, signal } = context
  const now = await world.compute.getInstance(instance, signal)
  if (now === undefined || now.host !== order.host) return 'as-it-was'
  if (isRebuilding(now.taskState)) return 'unclear'
  if (now.vmState !== 'error' || now.taskState !== null) return 'as-it-was'
  const { notification } = order
  const detail = 'reset its state to active: a refused evacuation has left it in error'
  const entry = { notification, step: 'call-active', subject: instance, detail }
  await untilStored(world.clock, signal, () =>
    withIntent(world, order.epoch, entry, () => world.compute.callActive(instance, signal)),
  )
  return 'as-it-was'
}

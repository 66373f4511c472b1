/** Looks at a moved instance, and gives the orders that make it what it was. */
import { describeError } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble, type ComputePort } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import { unlockForUs } from './our-lock.ts'
import type { MovingEffect, MovingMessage, RestoringOrder } from './evacuator-messages.ts'

type Look = MovingEffect & { readonly type: 'move.look' }
type Restore = MovingEffect & { readonly type: 'move.restore' }

/** What Nova shows of the instance now. */
export async function look(
  { world, signal }: EvacuationContext,
  { move, instance: id }: Look,
): Promise<MovingMessage> {
  try {
    const instance = await world.compute.getInstance(id, signal)
    return { type: 'move.looked', move, instance, atMs: world.clock.monotonicMs() }
  } catch (error) {
    return { ...unanswered(error), move, step: 'look' }
  }
}

type Deed = (compute: ComputePort, id: InstanceId, signal: AbortSignal) => Promise<void>

const ORDERS: Readonly<Record<RestoringOrder, { readonly detail: string; readonly deed: Deed }>> = {
  stop: {
    detail: 'stop it, as it was before',
    deed: (compute, id, signal) => compute.stop(id, signal),
  },
  pause: {
    detail: 'pause it, as it was before',
    deed: (compute, id, signal) => compute.pause(id, signal),
  },
  'call-broken': {
    detail: 'reset its state to error, as it was before',
    deed: (compute, id, signal) => compute.callBroken(id, signal),
  },
  unlock: {
    detail: 'unlock it: its owner may have it again',
    deed: unlockForUs,
  },
}

/** One order, with its intent. */
export async function restore(
  { world, order, signal }: EvacuationContext,
  { move, instance, step }: Restore,
): Promise<MovingMessage> {
  const { detail, deed } = ORDERS[step]
  const entry = { notification: order.notification, step, subject: instance, detail }
  try {
    const done = await untilStored(world.clock, signal, () =>
      withIntent(world, order.epoch, entry, () => deed(world.compute, instance, signal)),
    )
    return done.kind === 'refused'
      ? { type: 'move.restored', move, step, problem: done.reason, allowed: 'no' }
      : { type: 'move.restored', move, step, problem: null, allowed: 'yes' }
  } catch (error) {
    return { ...unanswered(error), move, step }
  }
}

function unanswered(error: unknown): {
  readonly type: 'move.restored'
  readonly problem: string
  readonly allowed: 'yes'
} {
  if (!isComputeTrouble(error)) throw error
  return { type: 'move.restored', problem: describeError(error), allowed: 'yes' }
}

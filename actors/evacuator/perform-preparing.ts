/** Clears the way of an evacuation: the owner is kept out, and what Nova would refuse is called broken. */
import type { InstanceId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MovingEffect, MovingMessage, Preparation } from './evacuator-messages.ts'
import { lockForUs } from './our-lock.ts'
import { refused } from './refused.ts'

type Prepare = MovingEffect & { readonly type: 'move.prepare' }

const DETAILS: Readonly<Record<Preparation, string>> = {
  lock: 'lock it, so that its owner does not interfere',
  'call-broken': 'reset its state to error, so that Nova takes an evacuation',
}

/** Each step has an intent of its own; each may be done twice. */
export async function prepare(context: EvacuationContext, effect: Prepare): Promise<MovingMessage> {
  const { world, order, signal } = context
  const { move, instance: subject, target, steps } = effect
  try {
    for (const step of steps) {
      const entry = { notification: order.notification, step, subject, detail: DETAILS[step] }
      const deed = await untilStored(world.clock, signal, () =>
        withIntent(world, order.epoch, entry, () =>
          world.pace.heed(() => perform(context, effect, step)),
        ),
      )
      if (deed.kind === 'refused') {
        const atMs = world.clock.monotonicMs()
        return { type: 'move.forbidden', move, reason: deed.reason, atMs }
      }
    }
    return { type: 'move.prepared', move, target, done: steps }
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return refused(context, effect, error)
  }
}

async function perform(
  { world, order, signal }: EvacuationContext,
  { move, instance }: { readonly move: Prepare['move']; readonly instance: InstanceId },
  step: Preparation,
): Promise<void> {
  switch (step) {
    case 'lock':
      // Noted first: whoever comes after us must know that the lock may be ours.
      await world.store.noteLock(order.epoch, move, 'held')
      world.tenure.assert(order.epoch)
      return lockForUs(world.compute, instance, signal)
    case 'call-broken':
      return world.compute.callBroken(instance, signal)
    default:
      return assertNever(step)
  }
}

/**
 * Orders to Nova about one instance before and after its evacuation: lock, reset, stop, pause,
 * unlock. Each may be given twice.
 */
import { describeError } from '../../schema/errors.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble, type ComputePort, type Instance } from '../ports/compute.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MoveAnswer, MoveEffect } from './evacuator-messages.ts'
import { recordRefusedRequest } from './record-refusal.ts'
import type { Preparation, RestoringOrder, SeenSuccessor } from './restoration.ts'

type Prepare = MoveEffect & { readonly type: 'move.prepare' }
type LookEffect = MoveEffect & { readonly type: 'move.look' }
type Restore = MoveEffect & { readonly type: 'move.restore' }

const PREPARATIONS: Readonly<Record<Preparation, string>> = {
  lock: 'lock it, so that its owner does not interfere',
  'call-broken': 'reset its state to error, so that Nova takes an evacuation',
}

/** Prepares an instance for its evacuation. Each step has an intent of its own in the journal. */
export async function prepare(context: EvacuationContext, effect: Prepare): Promise<MoveAnswer> {
  const { world, order, signal } = context
  const { move, instance: subject, target, steps } = effect
  try {
    for (const step of steps) {
      const detail = PREPARATIONS[step]
      const entry = { notification: order.notification, step, subject, detail }
      const result = await untilStored(world.clock, signal, () =>
        withIntent(world, order.epoch, entry, () =>
          world.limiter.watch(() => perform(context, effect, step)),
        ),
      )
      if (result.kind === 'refused') {
        const atMs = world.clock.monotonicMs()
        return { type: 'move.forbidden', move, reason: result.reason, atMs }
      }
    }
    return { type: 'move.prepared', move, target, done: steps }
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return recordRefusedRequest(context, effect, error)
  }
}

async function perform(
  { world, order, signal }: EvacuationContext,
  { move, instance }: Prepare,
  step: Preparation,
): Promise<void> {
  switch (step) {
    case 'lock':
      // The lock is recorded first: the next leader must know that the lock may be ours.
      await world.store.noteLock(order.epoch, move, 'held')
      world.term.assert(order.epoch)
      return lockForUs(world.compute, instance, signal)
    case 'call-broken':
      return world.compute.callBroken(instance, signal)
    default:
      return assertNever(step)
  }
}

/** Reads how Nova shows the instance now, and whether the host that it is on has failed, too. */
export async function look(
  context: EvacuationContext,
  { move, instance: id }: LookEffect,
): Promise<MoveAnswer> {
  const { world, signal } = context
  try {
    const instance = await world.compute.getInstance(id, signal)
    const successor = await successorOf(context, instance)
    return { type: 'move.looked', move, instance, successor, atMs: world.clock.monotonicMs() }
  } catch (error) {
    return { ...unanswered(error), move, step: 'look' }
  }
}

async function successorOf(
  { world, order, signal }: EvacuationContext,
  instance: Instance | undefined,
): Promise<SeenSuccessor | null> {
  const target = instance?.host ?? order.host
  if (instance === undefined || target === order.host) return null
  const found = await untilStored(world.clock, signal, () =>
    world.store.findSuccessor(instance.id, target),
  )
  if (found === undefined) return null
  const { notification, host, planned } = found
  return { notification, isCertain: planned || world.observations.doubted(host) }
}

type Act = (compute: ComputePort, id: InstanceId, signal: AbortSignal) => Promise<void>

const ORDERS: Readonly<Record<RestoringOrder, { readonly detail: string; readonly act: Act }>> = {
  stop: {
    detail: 'stop it, as it was before',
    act: (compute, id, signal) => compute.stop(id, signal),
  },
  pause: {
    detail: 'pause it, as it was before',
    act: (compute, id, signal) => compute.pause(id, signal),
  },
  'call-broken': {
    detail: 'reset its state to error, as it was before',
    act: (compute, id, signal) => compute.callBroken(id, signal),
  },
  unlock: {
    detail: 'unlock it: its owner may have it again',
    act: unlockForUs,
  },
}

/**
 * Gives one order that brings the instance back to its earlier state, with an intent in the
 * journal.
 */
export async function restore(
  { world, order, signal }: EvacuationContext,
  { move, instance, step }: Restore,
): Promise<MoveAnswer> {
  const { detail, act } = ORDERS[step]
  const entry = { notification: order.notification, step, subject: instance, detail }
  try {
    const done = await untilStored(world.clock, signal, () =>
      withIntent(world, order.epoch, entry, () => act(world.compute, instance, signal)),
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

/** We recognise our own lock by this reason. */
const LOCK_REASON = 'instance-ha moves it away from a failed host'

/**
 * Does not lock an instance that is already locked: Nova would replace the owner's lock by ours.
 */
async function lockForUs(
  compute: Pick<ComputePort, 'readLock' | 'lock'>,
  id: InstanceId,
  signal: AbortSignal,
): Promise<void> {
  if ((await compute.readLock(id, signal)) === undefined) {
    await compute.lock(id, LOCK_REASON, signal)
  }
}

/**
 * Removes the lock only when it is ours: after it was removed once, the owner may have locked the
 * instance again.
 */
export async function unlockForUs(
  compute: Pick<ComputePort, 'readLock' | 'unlock'>,
  id: InstanceId,
  signal: AbortSignal,
): Promise<void> {
  if ((await compute.readLock(id, signal)) === LOCK_REASON) await compute.unlock(id, signal)
}

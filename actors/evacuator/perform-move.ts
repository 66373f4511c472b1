/** Performs the effects of one move: requests its evacuation of Nova, and writes the outcome. */
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { MoveId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import type { MoveChange } from '../ports/move-store.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MoveAnswer, MoveEffect, Progress } from './evacuator-messages.ts'
import { look, prepare, restore } from './instance-orders.ts'
import { noteWait } from './journal.ts'
import { checkForLife } from './life-check.ts'
import { hostOf } from './places.ts'
import {
  explained,
  recordFailedAttempt,
  recordRefusedRequest,
  resetToActive,
  withdrawAttempt,
} from './record-refusal.ts'

type Request = MoveEffect & { readonly type: 'move.request' }
type Settle = MoveEffect & { readonly type: 'move.settle' }

/** Performs one effect, and answers with its outcome. */
export async function performMove(
  context: EvacuationContext,
  effect: MoveEffect,
): Promise<MoveAnswer> {
  switch (effect.type) {
    case 'move.prepare':
      return unlessAlive(context, effect, prepare)
    case 'move.request':
      return unlessAlive(context, effect, request)
    case 'move.put-back':
      await recordFailedAttempt(context, effect)
      return {
        type: 'move.was-put-back',
        move: effect.move,
        atMs: context.world.clock.monotonicMs(),
      }
    case 'move.look':
      return look(context, effect)
    case 'move.restore':
      return restore(context, effect)
    case 'move.settle':
      return settle(context, effect)
    default:
      return assertNever(effect)
  }
}

/** Begins nothing when the host may be alive again. */
async function unlessAlive<Effect extends { readonly move: MoveId }>(
  context: EvacuationContext,
  effect: Effect,
  begin: (context: EvacuationContext, effect: Effect) => Promise<MoveAnswer>,
): Promise<MoveAnswer> {
  const objection = await checkForLife(context)
  if (objection === undefined) return begin(context, effect)
  const { answer, reason, isNews } = objection
  if (isNews) await noteWait(context, reason)
  const atMs = context.world.clock.monotonicMs()
  return { type: ANSWERS[answer], move: effect.move, reason, atMs }
}

const ANSWERS = { wait: 'move.blocked', forbid: 'move.forbidden' } as const

/** Thrown when the row is no longer `pending`. Nothing was requested then. */
class NotPending extends Error {}

async function request(context: EvacuationContext, effect: Request): Promise<MoveAnswer> {
  const { world, order, signal } = context
  const { move, instance, target, needs } = effect
  const host = hostOf(target)
  if (host !== null) world.bookings.book(instance, order, { host, needs })
  const startedAt = world.clock.wallMs()
  const entry = {
    notification: order.notification,
    step: 'evacuate',
    subject: instance,
    detail: `evacuate from ${order.host} to ${target}`,
  }
  try {
    const result = await untilStored(world.clock, signal, () =>
      withIntent(world, order.epoch, entry, () => send(context, effect)),
    )
    const atMs = world.clock.monotonicMs()
    if (result.kind === 'refused') world.bookings.release(instance)
    return result.kind === 'refused'
      ? { type: 'move.forbidden', move, reason: result.reason, atMs }
      : { type: 'move.requested', move, startedAt, atMs }
  } catch (error) {
    const atMs = world.clock.monotonicMs()
    if (error instanceof NotPending) {
      const reason = 'the move was not pending'
      // We may have begun this attempt ourselves without an answer from the store. Nothing was
      // requested.
      await withdrawAttempt(context, effect, reason)
      return { type: 'move.blocked', move, reason, atMs }
    }
    if (isCoded(error, 'COMPUTE_OUTCOME_UNKNOWN')) {
      return { type: 'move.unknown', move, startedAt, atMs }
    }
    if (!isComputeTrouble(error)) throw error
    return recordRefusedRequest(context, effect, error)
  }
}

/**
 * Writes the row before the request: when a row is `ongoing`, the next leader looks for a record in
 * Nova.
 */
async function send(context: EvacuationContext, effect: Request): Promise<void> {
  const { world, order, signal } = context
  const { move, instance, target } = effect
  const change = {
    move,
    from: ['pending'],
    to: 'ongoing',
    destHost: hostOf(target),
    message: null,
  } as const
  const ours = await world.store.updateMove(order.epoch, change)
  if (!ours) throw new NotPending()
  announceMove(context, {
    ...effect,
    status: 'ongoing',
    dest: hostOf(target),
    reason: 'requested',
  })
  world.term.assert(order.epoch)
  const retryAfterMs = world.limiter.retryAfterMs()
  if (retryAfterMs > 0) {
    throw new CodedError('COMPUTE_BUSY', 'Compute is busy and has asked us to wait', {
      retryAfterSeconds: retryAfterMs / 1000,
    })
  }
  await world.limiter.measure(() =>
    world.compute.evacuate(instance, hostOf(target) ?? undefined, signal),
  )
}

async function settle(context: EvacuationContext, effect: Settle): Promise<MoveAnswer> {
  const { world, order, signal } = context
  const { move, instance, outcome, dest, lock, remark, successor } = effect
  if (outcome === 'succeeded') world.bookings.show(instance)
  else world.bookings.release(instance)
  const reason = await explained(context, effect)
  if (outcome === 'failed') await resetToActive(context, effect)
  const change: MoveChange = {
    move,
    // failed: the move was given up and has succeeded late
    from: ['pending', 'ongoing', 'failed'],
    to: outcome,
    destHost: dest,
    message: outcome === 'succeeded' ? remark : reason,
  }
  await untilStored(world.clock, signal, async () => {
    if (successor !== null) await world.store.handOver(order.epoch, move, successor)
    await world.store.updateMove(order.epoch, change)
    if (lock === 'ours' && successor === null) await world.store.noteLock(order.epoch, move, 'free')
  })
  announceMove(context, { ...effect, reason, status: outcome })
  return { type: 'move.settled', move, outcome }
}

function announceMove(
  { world, order }: EvacuationContext,
  moved: {
    readonly status: string
    readonly dest: string | null
    readonly reason: string
    readonly instance: string
    readonly instanceName: string
    readonly progress: Progress
  },
): void {
  const { status, dest, reason, instance, instanceName, progress } = moved
  const { notification } = order
  world.announcer.announce('move.stepped', {
    notification,
    instance,
    instanceName,
    status,
    dest,
    reason,
    ...progress,
  })
}

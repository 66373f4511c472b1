/** Asks Nova for one evacuation, writes what came of it, and reads the evacuation records of the host. */
import { CodedError, isCoded } from '../../schema/errors.ts'
import type { MoveId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { MoveChange } from '../ports/move-store.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import { noteWait } from './journal.ts'
import { checkForLife } from './life-check.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { Bid } from './fair-share.ts'
import type { MovingEffect, MovingMessage } from './evacuator-messages.ts'
import { isClaimed } from './instance-move.ts'
import { callActiveAgain } from './calling-active.ts'
import { explained } from './explained.ts'
import { prepare } from './perform-preparing.ts'
import { look, restore } from './perform-restoring.ts'
import { putBack, recordRefusal, refused, withdrawAttempt } from './refused.ts'
import { openSpare } from './open-spare.ts'
import { hostOf } from './places.ts'
import type { Sharer } from './shared-pace.ts'

type Request = MovingEffect & { readonly type: 'move.request' }

export async function performMove(
  context: EvacuationContext,
  effect: MovingEffect,
): Promise<MovingMessage | undefined> {
  switch (effect.type) {
    case 'pace.ask':
      return askPace(context, effect.bids)
    case 'pace.note':
      context.world.pace.note(sharerOf(context), effect.underWay, effect.over)
      return undefined
    case 'news.await':
      return awaitNews(context, effect.instances)
    case 'move.request':
      return unlessAlive(context, effect, request)
    case 'move.settle':
      return settle(context, effect)
    case 'move.put-back':
      await giveBack(context, effect)
      return {
        type: 'move.was-put-back',
        move: effect.move,
        atMs: context.world.clock.monotonicMs(),
      }
    case 'spare.open':
      return openSpare(context, effect.host)
    case 'moves.wait':
      await noteWaiting(context, effect.moves, effect.reason)
      return undefined
    case 'move.prepare':
      return unlessAlive(context, effect, prepare)
    case 'move.look':
      return look(context, effect)
    case 'move.restore':
      return restore(context, effect)
    case 'move.poll':
      return poll(context, effect)
    default:
      return assertNever(effect)
  }
}

/** Nothing is begun on a host that may run again. */
async function unlessAlive<Effect extends { readonly move: MoveId }>(
  context: EvacuationContext,
  effect: Effect,
  begin: (context: EvacuationContext, effect: Effect) => Promise<MovingMessage>,
): Promise<MovingMessage> {
  const objection = await checkForLife(context)
  if (objection === undefined) return begin(context, effect)
  const { answer, reason, isNews } = objection
  if (isNews) await noteWait(context, reason)
  const atMs = context.world.clock.monotonicMs()
  return { type: ANSWERS[answer], move: effect.move, reason, atMs }
}

const ANSWERS = { wait: 'move.hindered', forbid: 'move.forbidden' } as const

const sharerOf = ({ order: { segment }, signal }: EvacuationContext): Sharer => ({
  segment,
  signal,
})

async function askPace(
  context: EvacuationContext,
  bids: readonly Bid[],
): Promise<MovingMessage | undefined> {
  const { pace, clock } = context.world
  const allowed = await pace.ask(sharerOf(context), bids)
  if (allowed.length === 0) return undefined
  return { type: 'pace.allowed', bids: allowed, atMs: clock.monotonicMs() }
}

async function awaitNews(
  { world, signal }: EvacuationContext,
  instances: readonly string[],
): Promise<MovingMessage | undefined> {
  const what = await world.news.await(new Set(instances), signal)
  if (what === 'nothing') return undefined
  return { type: 'move.news', atMs: world.clock.monotonicMs() }
}

/** Thrown inside the deed when the row is no longer `pending`; nothing was asked for then. */
class NotPending extends Error {}

async function request(context: EvacuationContext, effect: Request): Promise<MovingMessage> {
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
    const deed = await untilStored(world.clock, signal, () =>
      withIntent(world, order.epoch, entry, () => ask(context, effect)),
    )
    const atMs = world.clock.monotonicMs()
    if (deed.kind === 'refused') world.bookings.release(instance)
    return deed.kind === 'refused'
      ? { type: 'move.forbidden', move, reason: deed.reason, atMs }
      : { type: 'move.requested', move, startedAt, atMs }
  } catch (error) {
    const atMs = world.clock.monotonicMs()
    if (error instanceof NotPending) {
      const reason = 'the move was not pending'
      // It may be that we have begun this very attempt, and the store did not tell: nothing was asked.
      await withdrawAttempt(context, effect, reason)
      return { type: 'move.hindered', move, reason, atMs }
    }
    if (isCoded(error, 'COMPUTE_OUTCOME_UNKNOWN')) {
      return { type: 'move.unknown', move, startedAt, atMs }
    }
    if (!isComputeTrouble(error)) throw error
    return refused(context, effect, error)
  }
}

/** The row first, then the request: whoever reads `ongoing` must look for a record in Nova. */
async function ask(context: EvacuationContext, effect: Request): Promise<void> {
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
    reason: 'asked for',
  })
  world.tenure.assert(order.epoch)
  const patienceMs = world.pace.patienceMs()
  if (patienceMs > 0) {
    throw new CodedError('COMPUTE_BUSY', 'Compute has asked others of us to wait', {
      retryAfterSeconds: patienceMs / 1000,
    })
  }
  await world.pace.measure(() =>
    world.compute.evacuate(instance, hostOf(target) ?? undefined, signal),
  )
}

/** Nova has ended its evacuation. What nobody can explain may be under way still, or for ever. */
async function unlessItMoves(
  context: EvacuationContext,
  {
    instance,
    origin,
    ask: source,
  }: MovingEffect & { readonly type: 'move.put-back' | 'move.settle' },
): Promise<void> {
  if (source === 'nova') await callActiveAgain(context, instance, origin)
}

/** What turned it down is on record for the next leader, too. */
async function giveBack(
  context: EvacuationContext,
  effect: MovingEffect & { readonly type: 'move.put-back' },
): Promise<void> {
  const message = await explained(context, effect)
  const { refusedBy, from } = effect
  if (refusedBy === null) return putBack(context, effect, message)
  await unlessItMoves(context, effect)
  return recordRefusal(context, effect, { by: hostOf(refusedBy), from, message })
}

/** Said once for all of them; each one's row tells it too. */
async function noteWaiting(
  context: EvacuationContext,
  moves: readonly MoveChange['move'][],
  reason: string,
): Promise<void> {
  const { world, order, signal } = context
  const detail = `${moves.length} instances wait: ${reason}`
  await noteWait(context, detail)
  for (const move of moves) {
    const change = {
      move,
      from: ['pending'],
      to: 'pending',
      destHost: null,
      message: reason,
    } as const
    await untilStored(world.clock, signal, () => world.store.updateMove(order.epoch, change))
  }
}

async function settle(
  context: EvacuationContext,
  effect: MovingEffect & { readonly type: 'move.settle' },
): Promise<MovingMessage> {
  const { world, order, signal } = context
  const { move, instance, outcome, dest, lock, remark } = effect
  if (outcome === 'succeeded') world.bookings.show(instance)
  else world.bookings.release(instance)
  const reason = await explained(context, effect)
  if (outcome === 'failed') await unlessItMoves(context, effect)
  const change: MoveChange = {
    move,
    // failed: it was given up and has succeeded late
    from: ['pending', 'ongoing', 'failed'],
    to: outcome,
    destHost: dest,
    message: outcome === 'succeeded' ? remark : reason,
  }
  await untilStored(world.clock, signal, async () => {
    await world.store.updateMove(order.epoch, change)
    if (lock === 'ours') await world.store.noteLock(order.epoch, move, 'free')
  })
  announceMove(context, { ...effect, reason, status: outcome })
  return { type: 'move.settled', move, outcome }
}

type Poll = MovingEffect & { readonly type: 'move.poll' }

async function poll(context: EvacuationContext, effect: Poll): Promise<MovingMessage> {
  const { world } = context
  try {
    return await world.pace.heed(() => read(context, effect))
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return { type: 'move.poll-failed', atMs: world.clock.monotonicMs() }
  }
}

async function read(
  { world, order, signal }: EvacuationContext,
  { targets, lookAtHost }: Poll,
): Promise<MovingMessage> {
  const services = targets.length === 0 ? [] : await world.compute.listServices(signal)
  const lost = services.filter(({ host, forcedDown }) => forcedDown && targets.includes(host))
  const lostTargets = lost.map(({ host }) => host)
  const since = world.clock.wallMs() - POLL_SINCE_MS
  // Read after the targets: what arrived before its target was lost shows as done.
  const records = await world.compute.listEvacuations(order.host, since, signal)
  for (const { instance, status } of records) {
    if (isClaimed(status)) world.bookings.show(instance)
  }
  const polled = { type: 'move.polled', records, lostTargets } as const
  if (lookAtHost === 'no') return { ...polled, atMs: world.clock.monotonicMs() }
  // After the records: what has left the host since then is seen at the next look.
  const instances = await world.compute.listInstances(order.host, signal)
  const onHost = new Set(instances.map(({ id }) => id))
  return { ...polled, onHost, atMs: world.clock.monotonicMs() }
}

/** Records are asked for by their creation, and a leader may take up what was asked for long ago. */
const POLL_SINCE_MS = 24 * 3600 * 1000

function announceMove(
  { world, order }: EvacuationContext,
  moved: {
    readonly move: MoveChange['move']
    readonly status: string
    readonly dest: string | null
    readonly reason: string
    readonly instance: string
    readonly instanceName: string
    readonly progress: { readonly done: number; readonly total: number }
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

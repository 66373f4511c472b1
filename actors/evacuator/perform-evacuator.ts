/** Performs the evacuator's effects on the Compute API and the store. */
import { describeError } from '../../schema/errors.ts'
import type { InstanceId, MoveId } from '../../schema/ids.ts'
import type { RecordedMove } from '../../schema/records.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import { activateSpare } from './activate-spare.ts'
import { isClaimed, lostTargetsOf, RECORDS_SINCE_MS } from './apply-records.ts'
import type { Client } from './concurrency-limiter.ts'
import type { EvacuationContext, EvacuatorWorld } from './evacuation-context.ts'
import { evacuator } from './evacuator.ts'
import type {
  EvacuationOrder,
  EvacuatorEffect,
  EvacuatorMessage,
  EvacuatorState,
  ScheduleEffect,
} from './evacuator-messages.ts'
import type { EvacuationRequest } from './fair-share.ts'
import { announceStep, note, noteWait } from './journal.ts'
import { checkForLife } from './life-check.ts'
import { performMove } from './perform-move.ts'
import { contradictions, dueAgain } from './selection.ts'
import { survey, surveyEmptied } from './survey.ts'

type Answered = Promise<EvacuatorMessage | undefined>

/** The actor that moves the instances of one dead host. */
export function defineEvacuator(
  world: EvacuatorWorld,
  order: EvacuationOrder,
): Definition<EvacuatorMessage> {
  return define<EvacuatorState, EvacuatorMessage, EvacuatorEffect>({
    initial: { kind: 'isolating' },
    behaviour: evacuator(order, world.rules),
    first: { type: 'evacuator.begin' },
    policy: SUPERVISION.evacuator,
    perform: (effect, signal) => performEvacuator({ world, order, signal }, effect),
  })
}

async function performEvacuator(context: EvacuationContext, effect: EvacuatorEffect): Answered {
  switch (effect.type) {
    case 'compute.isolate':
      return unlessAway(context, () => isolate(context), blocked)
    case 'compute.survey':
      return unlessAway(context, () => surveyed(context, effect.isEmptied), blocked)
    case 'compute.survey-again':
      return surveyAgain(context, effect.begunAtMs)
    case 'moves.plan':
      return { type: 'evacuator.planned', moves: await plan(context, effect.moves) }
    case 'note.blocked':
      await noteWait(context, effect.reason)
      return undefined
    case 'note.unsuitable':
      for (const detail of effect.lines) {
        await note(context, { kind: 'decision', step: 'placement', detail })
      }
      return undefined
    case 'bookings.watch':
      return watchBookings(context)
    case 'limiter.ask':
      return askLimiter(context, effect.requests)
    case 'limiter.note':
      context.world.limiter.note(clientOf(context), effect.inFlight, effect.over)
      return undefined
    case 'news.await':
      return awaitNews(context, effect.instances)
    case 'spare.activate':
      return activateSpare(context, effect.host)
    case 'moves.wait':
      await noteWaiting(context, effect.moves, effect.reason)
      return undefined
    case 'records.poll':
      return poll(context, effect)
    default:
      return performMove(context, effect)
  }
}

const clientOf = ({ order: { segment }, signal }: EvacuationContext): Client => ({
  segment,
  signal,
})

async function askLimiter(
  context: EvacuationContext,
  asked: readonly EvacuationRequest[],
): Answered {
  const { limiter, clock } = context.world
  const requests = await limiter.ask(clientOf(context), asked)
  if (requests.length === 0) return undefined
  return { type: 'limiter.allowed', requests, atMs: clock.monotonicMs() }
}

async function awaitNews(
  { world, signal }: EvacuationContext,
  instances: readonly InstanceId[],
): Answered {
  const what = await world.news.await(new Set(instances), signal)
  if (what === 'nothing') return undefined
  return { type: 'records.news', atMs: world.clock.monotonicMs() }
}

/** Writes one line for all these moves, and the reason into each move's row. */
async function noteWaiting(
  context: EvacuationContext,
  moves: readonly MoveId[],
  message: string,
): Promise<void> {
  const { world, order, signal } = context
  await noteWait(context, `${moves.length} instances wait: ${message}`)
  for (const move of moves) {
    const change = { move, from: ['pending'], to: 'pending', destHost: null, message } as const
    await untilStored(world.clock, signal, () => world.store.updateMove(order.epoch, change))
  }
}

type PollEffect = ScheduleEffect & { readonly type: 'records.poll' }

async function poll(context: EvacuationContext, effect: PollEffect): Promise<EvacuatorMessage> {
  const { world } = context
  try {
    return await world.limiter.watch(() => readRecords(context, effect))
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return { type: 'records.poll-failed', atMs: world.clock.monotonicMs() }
  }
}

async function readRecords(
  { world, order, signal }: EvacuationContext,
  { targets, listHost }: PollEffect,
): Promise<EvacuatorMessage> {
  const services = targets.length === 0 ? [] : await world.compute.listServices(signal)
  const lostTargets = lostTargetsOf(services, targets)
  const since = world.clock.wallMs() - RECORDS_SINCE_MS
  // Read after the targets: an instance that arrived before its target was lost then has a finished
  // record.
  const records = await world.compute.listEvacuations(order.host, since, signal)
  for (const { instance, status } of records) {
    if (isClaimed(status)) world.bookings.show(instance)
  }
  const polled = { type: 'records.polled', records, lostTargets } as const
  if (listHost === 'no') return { ...polled, atMs: world.clock.monotonicMs() }
  // Read after the records: an instance that has left the host since then is found by the next
  // poll.
  const instances = await world.compute.listInstances(order.host, signal)
  const onHost = new Set(instances.map(({ id }) => id))
  return { ...polled, onHost, atMs: world.clock.monotonicMs() }
}

async function watchBookings({ world, order }: EvacuationContext): Answered {
  if ((await world.bookings.change(order)) === 'ended') return undefined
  const takenByOthers = world.bookings.takenByOthers(order)
  return {
    type: 'evacuator.others-booked',
    takenByOthers,
    atMs: world.clock.monotonicMs(),
  }
}

/** Turns the errors of Compute and Identity into waiting. Any other error crashes the actor. */
async function unlessAway(
  { world }: EvacuationContext,
  call: () => Promise<EvacuatorMessage>,
  away: (reason: string) => EvacuatorMessage,
): Promise<EvacuatorMessage> {
  try {
    return await world.limiter.watch(call)
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return away(describeError(error))
  }
}

const blocked = (reason: string): EvacuatorMessage => ({ type: 'evacuator.blocked', reason })

async function surveyed(context: EvacuationContext, isEmptied: boolean): Promise<EvacuatorMessage> {
  const found = (isEmptied ? await surveyEmptied(context) : undefined) ?? (await survey(context))
  for (const { id, name } of found.instances) {
    const by = found.failedBefore.get(id)
    if (by === undefined) continue
    const detail = `${name} had failed before its host did (recovery ${by}): it is to run again`
    await note(context, { kind: 'decision', step: 'plan', detail })
  }
  return { type: 'evacuator.surveyed', survey: found }
}

/**
 * While instances wait for capacity, the host is checked again: if it is back, they can run there.
 */
function surveyAgain(context: EvacuationContext, begunAtMs: number): Promise<EvacuatorMessage> {
  const call = async (): Promise<EvacuatorMessage> => {
    const objection = await checkForLife(context)
    if (objection?.answer === 'forbid') {
      return { type: 'evacuator.forbid', reason: objection.reason }
    }
    if (objection?.isNews === true) await noteWait(context, objection.reason)
    return { type: 'evacuator.surveyed-again', begunAtMs, survey: await survey(context) }
  }
  return unlessAway(context, call, (reason) => {
    return { type: 'evacuator.not-surveyed-again', begunAtMs, reason }
  })
}

/**
 * Disables the compute service and forces it down, so that Nova need not wait until it misses a
 * heartbeat.
 */
async function isolate(context: EvacuationContext): Promise<EvacuatorMessage> {
  const { world, order, signal } = context
  const service = await world.compute.findService(order.host, signal)
  const objection = await checkForLife(context)
  if (objection !== undefined) return { type: ANSWERS[objection.answer], reason: objection.reason }
  if (service === undefined) {
    return { type: 'evacuator.blocked', reason: `Nova has no compute service on ${order.host}` }
  }
  if (service.disabled && service.forcedDown) {
    await note(context, {
      kind: 'outcome',
      step: 'isolate',
      detail: 'already disabled and forced down',
    })
    return { type: 'evacuator.isolated' }
  }
  const { notification, epoch } = order
  const what = service.disabled
    ? 'force the compute service down; it is disabled already'
    : 'disable the compute service and force it down'
  const entry = { notification, step: 'isolate', subject: order.host, detail: what }
  const result = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, async () => {
      if (!service.disabled) await recordDisabling(context)
      await world.compute.isolate(service.id, service.disabled ? null : world.disableReason, signal)
    }),
  )
  if (result.kind === 'refused') return { type: 'evacuator.forbid', reason: result.reason }
  await note(context, { kind: 'outcome', step: 'isolate', detail: 'disabled and forced down' })
  announceStep(context, 'isolated', 'the compute service is disabled and forced down')
  return { type: 'evacuator.isolated' }
}

const ANSWERS = { wait: 'evacuator.blocked', forbid: 'evacuator.forbid' } as const

/** The ledger decides whether the service is enabled when the host returns. */
async function recordDisabling({ world, order }: EvacuationContext): Promise<void> {
  const { notification, epoch } = order
  const host = await world.store.findHost(order.host)
  if (host === undefined) return
  const change = { notification, kind: 'service', host: host.uuid } as const
  await world.store.recordChange(epoch, { ...change, subject: world.disableReason })
}

async function plan(
  context: EvacuationContext,
  moves: readonly PlannedMove[],
): Promise<readonly RecordedMove[]> {
  const { world, order, signal } = context
  const { notification, epoch, host } = order
  const stored = (): Promise<readonly RecordedMove[]> =>
    untilStored(world.clock, signal, () => world.store.planMoves(epoch, notification, host, moves))
  const rows = await stored()
  await note(context, { kind: 'outcome', step: 'plan', detail: `${rows.length} instances` })
  for (const detail of contradictions(moves, rows)) {
    await note(context, { kind: 'decision', step: 'plan', detail })
  }
  // A later survey that finds no instance left is not announced.
  if (moves.length > 0 || rows.length === 0) {
    announceStep(context, 'planned', `${rows.length} instances`)
  }
  const failed = dueAgain(rows, order.run)
  if (failed.length === 0) return rows
  for (const { uuid: move, message } of failed) {
    const change = { move, from: ['failed'], to: 'pending', destHost: null, message } as const
    await untilStored(world.clock, signal, () => world.store.updateMove(epoch, change))
  }
  return stored()
}

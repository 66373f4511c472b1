/** Carries out the evacuator's effects on the Compute API and the store. */
import { describeError } from '../../schema/errors.ts'
import type { RecordedMove } from '../../schema/records.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import { LEAF } from '../kernel/supervision.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import { evacuator } from './evacuator.ts'
import type {
  EvacuationOrder,
  EvacuatorEffect,
  EvacuatorMessage,
  EvacuatorState,
} from './evacuator-messages.ts'
import { announceStep, note, noteWait } from './journal.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import { checkForLife } from './life-check.ts'
import type { EvacuationContext, EvacuatorWorld } from './evacuation-context.ts'
import { performMove } from './perform-move.ts'
import { contradictions } from './plan.ts'
import { dueAgain } from './plan.ts'
import { survey } from './survey.ts'

/** The actor that moves the instances of one dead host. */
export function defineEvacuator(world: EvacuatorWorld, order: EvacuationOrder): AnyDefinition {
  return define<EvacuatorState, EvacuatorMessage, EvacuatorEffect>({
    initial: { kind: 'isolating' },
    behaviour: evacuator(order, world.rules),
    first: { type: 'evacuator.begin' },
    policy: LEAF,
    perform: (effect, signal) => performEvacuator({ world, order, signal }, effect),
  })
}

async function performEvacuator(
  context: EvacuationContext,
  effect: EvacuatorEffect,
): Promise<EvacuatorMessage | undefined> {
  switch (effect.type) {
    case 'compute.isolate':
      return hinderable(context, isolate)
    case 'compute.survey':
      return hinderable(context, survey)
    case 'compute.survey-again':
      return hinderable(context, surveyAgain)
    case 'moves.plan':
      return { type: 'evacuator.planned', moves: await plan(context, effect.moves) }
    case 'note.hindered':
      await noteWait(context, effect.reason)
      return undefined
    case 'note.unsuitable':
      for (const detail of effect.lines) {
        await note(context, { kind: 'decision', step: 'placement', detail })
      }
      return undefined
    case 'bookings.watch':
      return watchBookings(context)
    default:
      return performMove(context, effect)
  }
}

async function watchBookings({
  world,
  order,
}: EvacuationContext): Promise<EvacuatorMessage | undefined> {
  if ((await world.bookings.change(order)) === 'ended') return undefined
  const takenByOthers = world.bookings.takenByOthers(order)
  return {
    type: 'evacuator.others-booked',
    takenByOthers,
    atMs: world.clock.monotonicMs(),
  }
}

/** Turns what Compute and Identity may throw into waiting; everything else crashes. */
async function hinderable(
  context: EvacuationContext,
  call: (context: EvacuationContext) => Promise<EvacuatorMessage>,
): Promise<EvacuatorMessage> {
  try {
    return await context.world.pace.heed(() => call(context))
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return { type: 'evacuator.hindered', reason: describeError(error) }
  }
}

/** Who waits for room waits in vain once the host is back: there is none that is nearer. */
async function surveyAgain(context: EvacuationContext): Promise<EvacuatorMessage> {
  const objection = await checkForLife(context)
  if (objection?.answer === 'forbid') return { type: 'evacuator.forbid', reason: objection.reason }
  if (objection?.isNews === true) await noteWait(context, objection.reason)
  return survey(context)
}

/** Disabled, forced down: Nova need not wait for a heartbeat to be missed. Done once, whoever asks. */
async function isolate(context: EvacuationContext): Promise<EvacuatorMessage> {
  const { world, order, signal } = context
  const service = await world.compute.findService(order.host, signal)
  const objection = await checkForLife(context)
  if (objection !== undefined) return { type: ANSWERS[objection.answer], reason: objection.reason }
  if (service === undefined) {
    return { type: 'evacuator.hindered', reason: `Nova has no compute service on ${order.host}` }
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
  const deed = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, async () => {
      if (!service.disabled) await recordDisabling(context)
      await world.compute.isolate(service.id, service.disabled ? null : world.disableReason, signal)
    }),
  )
  if (deed.kind === 'refused') return { type: 'evacuator.forbid', reason: deed.reason }
  await note(context, { kind: 'outcome', step: 'isolate', detail: 'disabled and forced down' })
  announceStep(context, 'isolated', 'the compute service is disabled and forced down')
  return { type: 'evacuator.isolated' }
}

const ANSWERS = { wait: 'evacuator.hindered', forbid: 'evacuator.forbid' } as const

/** The ledger decides whether the service is enabled when the host comes back. */
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
  // That nothing is left when it looks again is no news.
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

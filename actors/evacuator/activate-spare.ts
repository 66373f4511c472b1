/**
 * Activates a reserved host: first its row, then its aggregates, then its compute service. Each
 * change is recorded before it is made.
 */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { withIntent } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { isComputeTrouble, type Aggregate } from '../ports/compute.ts'
import { announceStep, note } from './journal.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { MovingMessage } from './evacuator-messages.ts'

/**
 * The next leader may start this again at any point: a change that is already made is not made
 * twice.
 */
export async function activateSpare(
  context: EvacuationContext,
  host: HostName,
): Promise<MovingMessage> {
  const { world } = context
  const objection = await objectionTo(() => activate(context, host))
  const atMs = world.clock.monotonicMs()
  if (objection === undefined) {
    const detail = `the reserved host ${host} is in service`
    await note(context, { kind: 'outcome', step: 'take-spare', detail })
    announceStep(context, 'spare-taken', detail)
    return { type: 'spare.activated', host, atMs }
  }
  const detail = `the reserved host ${host} is not used: ${objection}`
  await note(context, { kind: 'decision', step: 'take-spare', detail })
  return { type: 'spare.refused', host, atMs }
}

async function objectionTo(call: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await call()
  } catch (error) {
    if (!isComputeTrouble(error)) throw error
    return describeError(error)
  }
}

/** Why the spare could not be activated; undefined when it is active. */
async function activate(context: EvacuationContext, host: HostName): Promise<string | undefined> {
  const { world, order, signal } = context
  const { notification, epoch } = order
  const grant = await untilStored(world.clock, signal, () =>
    world.store.takeSpare(epoch, notification, host),
  )
  if (grant.kind === 'refused') return grant.reason
  if (world.rules.joinAggregates) {
    const objection = await joinAll(context, host)
    if (objection !== undefined) return objection
  }
  const service = await world.compute.findService(host, signal)
  if (service === undefined) return 'Nova has no compute service on it'
  if (!service.disabled) return undefined
  const entry = { notification, step: 'enable', subject: host, detail: 'instances are sent to it' }
  const result = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, () => world.compute.enable(service.id, signal)),
  )
  return result.kind === 'refused' ? result.reason : undefined
}

/**
 * The spare joins the aggregates of the dead host, so that Nova can place instances on it that are
 * bound to such an aggregate.
 */
async function joinAll(context: EvacuationContext, host: HostName): Promise<string | undefined> {
  const { world, order, signal } = context
  const aggregates = await world.compute.listAggregates(signal)
  const wanted = aggregates.filter(({ hosts }) => hosts.includes(order.host))
  for (const aggregate of wanted) {
    if (aggregate.hosts.includes(host)) {
      await stay(context, host, aggregate)
      continue
    }
    try {
      const objection = await join(context, host, aggregate)
      if (objection !== undefined) return objection
    } catch (error) {
      if (!isCoded(error, 'COMPUTE_REFUSED', 'COMPUTE_NOT_FOUND')) throw error
      // The spare stays in use: it can still take instances that are not bound to this aggregate,
      // for example to its zone.
      const detail = `${host} does not join ${aggregate.name}: ${describeError(error)}`
      await note(context, { kind: 'outcome', step: 'join-aggregate', detail })
    }
  }
  return undefined
}

/**
 * Records that this recovery also needs an aggregate that another recovery made the spare join. If
 * the spare was in the aggregate before, nothing is recorded, because nothing has to be undone.
 */
async function stay(
  { world, order, signal }: EvacuationContext,
  host: HostName,
  { id }: Aggregate,
): Promise<void> {
  await untilStored(world.clock, signal, async () => {
    const changes = await world.store.listChanges()
    const joined = changes.find(
      (change) => change.kind === 'aggregate' && change.subject === id && change.host.name === host,
    )
    if (joined === undefined) return
    const { notification, epoch } = order
    const change = { notification, kind: 'aggregate', host: joined.host.uuid, subject: id } as const
    await world.store.recordChange(epoch, change)
  })
}

async function join(
  { world, order, signal }: EvacuationContext,
  host: HostName,
  { id, name }: Aggregate,
): Promise<string | undefined> {
  const { notification, epoch } = order
  const spare = await untilStored(world.clock, signal, () => world.store.findHost(host))
  if (spare === undefined) return 'it is not registered any more'
  const change = { notification, kind: 'aggregate', host: spare.uuid, subject: id } as const
  const detail = `join the aggregate ${name} of ${order.host}`
  const entry = { notification, step: 'join-aggregate', subject: host, detail }
  const result = await untilStored(world.clock, signal, () =>
    withIntent(world, epoch, entry, async () => {
      await world.store.recordChange(epoch, change)
      await world.compute.joinAggregate(id, host, signal)
    }),
  )
  return result.kind === 'refused' ? result.reason : undefined
}

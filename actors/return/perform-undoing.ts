/** Looks at what recoveries changed, and undoes it. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { part, type AnyPart } from '../kernel/periodic.ts'
import { isStoreAway } from '../ports/store.ts'
import { nothingRemembered, type Remembered } from './remembered.ts'
import { writeAndAnnounce } from './return-entry.ts'
import type { ReturnWorld } from './return-world.ts'
import { decideUndoing, type ChangeAnswer, type ChangeTask } from './undoing.ts'

type ChangeLook = ChangeTask & { readonly type: 'change.look' }
type Take = ChangeTask & { readonly type: 'change.take' }

/** The part of a round in which changes are undone. */
export const undoing = (world: ReturnWorld, epoch: Epoch): AnyPart =>
  part<Remembered<number>, ChangeTask, ChangeAnswer>({
    initial: nothingRemembered(),
    first: { type: 'changes.list' },
    decide: decideUndoing,
    perform: (task, signal) => answerOf(world, epoch, task, signal),
  })

/** Trouble with Nova or the store is an answer. Without the ledger nothing is known at all. */
async function answerOf(
  world: ReturnWorld,
  epoch: Epoch,
  task: ChangeTask,
  signal: AbortSignal,
): Promise<ChangeAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    if (task.type === 'changes.list' && isStoreAway(error)) return { type: 'changes.store-away' }
    if (task.type === 'changes.list' || !isCoded(error) || error.code === 'STALE_EPOCH') throw error
    return task.type === 'change.take' && isCoded(error, 'COMPUTE_REFUSED')
      ? { type: 'change.refused', change: task.change, problem: describeError(error) }
      : { type: 'changes.away' }
  }
}

async function perform(
  world: ReturnWorld,
  epoch: Epoch,
  task: ChangeTask,
  signal: AbortSignal,
): Promise<ChangeAnswer> {
  const { store, compute } = world
  switch (task.type) {
    case 'changes.list':
      return { type: 'changes.listed', changes: await store.listChanges() }
    case 'aggregates.list': {
      const aggregates = await compute.listAggregates(signal)
      return { type: 'aggregates.listed', changes: task.changes, aggregates }
    }
    case 'change.look':
      return lookAt(world, task, signal)
    case 'change.close':
      await store.closeChange(epoch, task.change.id, task.outcome)
      return { type: 'change.done' }
    case 'change.ask-stop': {
      const { change, step } = task
      return { type: 'change.stop-asked', change, step, commands: await store.listSiteCommands() }
    }
    case 'change.say': {
      const { change, kind, detail } = task
      const { notification, host } = change
      const about = { notification, subject: host.name, step: 'give-back' } as const
      await writeAndAnnounce(world, epoch, { ...about, kind, detail })
      return { type: 'change.said', change, detail }
    }
    case 'change.take':
      world.term.assert(epoch)
      await take(world, epoch, task, signal)
      return { type: 'change.done' }
    default:
      return assertNever(task)
  }
}

async function lookAt(
  { compute }: ReturnWorld,
  { change, ledger }: ChangeLook,
  signal: AbortSignal,
): Promise<ChangeAnswer> {
  const { name } = change.host
  const [service, instances] = await Promise.all([
    compute.findService(name, signal),
    compute.listInstances(name, signal),
  ])
  return { type: 'change.looked', change, ledger, service, instances: instances.length }
}

async function take(
  { store, compute }: ReturnWorld,
  epoch: Epoch,
  { change, step }: Take,
  signal: AbortSignal,
): Promise<void> {
  switch (step.kind) {
    case 'reserve':
      await store.returnSpare(epoch, change.id)
      return undefined
    case 'enable':
      return compute.enable(step.service, signal)
    case 'disable':
      return compute.disable(step.service, REASON, signal)
    case 'leave-aggregate':
      return compute.leaveAggregate(change.subject, change.host.name, signal)
    default:
      return assertNever(step)
  }
}

/** Shown in Nova at a spare that was given back. */
const REASON = 'reserved host'

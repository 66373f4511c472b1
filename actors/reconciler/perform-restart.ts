/** Looks at instances that were left on hosts which are back, and starts them. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { Epoch } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { part, type AnyPart } from '../kernel/periodic.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import { isStoreAway } from '../ports/store.ts'
import type { ReconcilerWorld } from './reconciler-world.ts'
import {
  decideRestart,
  type Refused,
  type RestartAnswer,
  type RestartTask,
} from './restart-on-return.ts'

/** Twice as long as Nova takes at most to see what does not run on a host (`sync_power_state_interval`, 10 min). */
const PATIENCE_MS = 20 * 60_000

type Start = RestartTask & { readonly type: 'left.start' }

/** The part of a round in which instances are started. */
export const restartOnReturn = (world: ReconcilerWorld, epoch: Epoch): AnyPart =>
  part<Refused, RestartTask, RestartAnswer>({
    initial: new Set(),
    first: { type: 'left.list' },
    decide: decideRestart,
    perform: (task, signal) => answerOf(world, epoch, task, signal),
  })

async function answerOf(
  world: ReconcilerWorld,
  epoch: Epoch,
  task: RestartTask,
  signal: AbortSignal,
): Promise<RestartAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    const isOfOne = task.type === 'left.read-history' || task.type === 'left.start'
    if (isOfOne && isCoded(error, 'COMPUTE_REFUSED', 'COMPUTE_NOT_FOUND')) {
      return { type: 'left.refused', move: task.move, problem: describeError(error) }
    }
    const isAway = isStoreAway(error)
    if (!isAway && !isComputeTrouble(error)) throw error
    return { type: 'restart.away' }
  }
}

/** One request for each host, one more for each instance that is stopped. */
async function perform(
  world: ReconcilerWorld,
  epoch: Epoch,
  task: RestartTask,
  signal: AbortSignal,
): Promise<RestartAnswer> {
  const { store, clock, compute, announcer } = world
  switch (task.type) {
    case 'left.list': {
      const moves = await store.listLeftStopped(clock.wallMs() - PATIENCE_MS)
      return { type: 'left.listed', moves }
    }
    case 'left.look': {
      const { host, moves } = task
      return { type: 'left.looked', moves, instances: await compute.listInstances(host, signal) }
    }
    case 'left.read-history': {
      const { move } = task
      const actions = await compute.listActions(move.instance, signal)
      return { type: 'left.history-read', move, actions }
    }
    case 'left.start':
      return start(world, epoch, task, signal)
    case 'left.announce':
      announcer.announce('recovery.stepped', task.recovery)
      return { type: 'left.said' }
    case 'left.explain': {
      const { notification, instance: subject } = task.move
      const entry = { notification, subject, kind: 'decision', step: 'start' } as const
      await store.appendJournal(epoch, { ...entry, detail: task.problem })
      return { type: 'left.said' }
    }
    default:
      return assertNever(task)
  }
}

/** The store allows it, or does not, in the transaction that records it. */
async function start(
  { store, term, compute }: ReconcilerWorld,
  epoch: Epoch,
  { move, reason }: Start,
  signal: AbortSignal,
): Promise<RestartAnswer> {
  const grant = await store.recordStart(epoch, move.uuid, reason)
  if (grant.kind === 'refused') return { type: 'left.forbidden' }
  term.assert(epoch)
  await compute.start(move.instance, signal)
  return { type: 'left.started', move, reason }
}

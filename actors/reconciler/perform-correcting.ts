/** Looks for what Nova has brought to an end after its recovery, and corrects the record. */
import type { Epoch } from '../../schema/ids.ts'
import { RECORDS_SINCE_MS } from '../evacuator/apply-records.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { part, type AnyPart } from '../kernel/periodic.ts'
import { isComputeTrouble } from '../ports/compute.ts'
import { isStoreAway } from '../ports/store.ts'
import { decideCorrecting, type CorrectingAnswer, type CorrectingTask } from './correcting.ts'
import type { ReconcilerWorld } from './reconciler-world.ts'

/** Longer than Nova takes to give anything up itself. */
const PATIENCE_MS = 3_600_000

/** The part of a round in which the record is corrected. */
export const correcting = (world: ReconcilerWorld, epoch: Epoch): AnyPart =>
  part<null, CorrectingTask, CorrectingAnswer>({
    initial: null,
    first: { type: 'given-up.list' },
    decide: decideCorrecting,
    perform: (task, signal) => answerOf(world, epoch, task, signal),
  })

async function answerOf(
  world: ReconcilerWorld,
  epoch: Epoch,
  task: CorrectingTask,
  signal: AbortSignal,
): Promise<CorrectingAnswer> {
  try {
    return await perform(world, epoch, task, signal)
  } catch (error) {
    const isAway = isStoreAway(error)
    if (!isAway && !isComputeTrouble(error)) throw error
    return { type: 'correcting.away' }
  }
}

/** One request for each host, and one for each instance that a record calls moved. */
async function perform(
  { store, clock, compute, term, announcer }: ReconcilerWorld,
  epoch: Epoch,
  task: CorrectingTask,
  signal: AbortSignal,
): Promise<CorrectingAnswer> {
  switch (task.type) {
    case 'given-up.list': {
      const moves = await store.listGivenUp(clock.wallMs() - PATIENCE_MS)
      return { type: 'given-up.listed', moves }
    }
    case 'records.list': {
      const { host, moves } = task
      const since = clock.wallMs() - RECORDS_SINCE_MS
      const records = await compute.listEvacuations(host, since, signal)
      return { type: 'records.listed', moves, records }
    }
    case 'late.look': {
      const { move, dest } = task
      const instance = await compute.getInstance(move.instance, signal)
      return { type: 'late.looked', move, dest, instance }
    }
    case 'late.record': {
      const { move, dest } = task
      term.assert(epoch)
      const correction = await store.recordLateCompletion(epoch, move.uuid, dest)
      return { type: 'late.recorded', move, dest, correction }
    }
    case 'late.announce':
      announcer.announce('move.stepped', task.move)
      announcer.announce('recovery.stepped', task.recovery)
      return { type: 'late.announced' }
    default:
      return assertNever(task)
  }
}

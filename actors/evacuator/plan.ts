/** What is written of an instance before it is touched: what it was before the fault, and why it is left, if it is. */
import type { MoveOrigin, RecordedMove, TouchedMove } from '../../schema/records.ts'
import type { Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import { isRebuilding } from './restoration.ts'
import type { Selected } from './selection.ts'

/** `touched`: what earlier recoveries of the host began and could not bring to an end. */
export function planOf(
  { instance, verdict }: Selected,
  touched: readonly TouchedMove[],
): PlannedMove {
  const earlier = touched.find((move) => move.instance === instance.id)
  const about = {
    instance: instance.id,
    instanceName: instance.name,
    origin: originOf(instance, earlier),
    held: earlier?.held === true && instance.locked,
  }
  return verdict.kind === 'leave'
    ? { ...about, status: 'ignored', message: verdict.reason }
    : { ...about, status: 'pending', message: verdict.note }
}

/** An earlier attempt, half done, leaves an instance in error, in the middle of a rebuild, or locked: that is no state of its own. */
function originOf(now: Instance, earlier: TouchedMove | undefined): MoveOrigin {
  const { vmState, taskState, powerState, locked } = now
  if (earlier === undefined) return { vmState, taskState, powerState, locked }
  const isOurs = vmState === 'error' || isRebuilding(taskState)
  const before = isOurs ? earlier.origin : { vmState, taskState, powerState }
  return { ...before, locked: earlier.held ? earlier.origin.locked : locked }
}

/** What failed in an earlier run is asked for once more; what has failed in this one is left to the next, whoever leads by now. */
export const dueAgain = (moves: readonly RecordedMove[], run: number): readonly RecordedMove[] =>
  run === 1 ? [] : moves.filter(({ status, askedInRun }) => status === 'failed' && askedInRun < run)

/** Instances that Nova lists on the dead host although it has recorded their move as done: one sentence each. */
export function contradictions(
  moves: readonly PlannedMove[],
  rows: readonly RecordedMove[],
): readonly string[] {
  const here = new Set(moves.map(({ instance }) => instance))
  return rows
    .filter(({ instance, status }) => status === 'succeeded' && here.has(instance))
    .map(({ instanceName, destHost }) => {
      const place = destHost === null ? '' : ` to ${destHost}`
      return `${instanceName} is listed here, and its move${place} is done: not asked for again, for it may run there`
    })
}

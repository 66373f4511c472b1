/**
 * The last part of a move: an instance on its new host is driven to what it was before the fault, and its owner let in
 * again. Nothing is remembered of the way: whoever looks goes on from what Nova shows.
 */
import { assertNever } from '../kernel/assert-never.ts'
import type { Instance } from '../ports/compute.ts'
import type { MoveTrack, Phase } from './instance-move.ts'
import type { MovingMessage, RestoringOrder } from './evacuator-messages.ts'
import { close, withTrack, type Moving, type MovingRules, type MovingStep } from './moving-state.ts'
import { nextStep, restorationOf } from './restoration.ts'

type Restoring = Phase & { readonly kind: 'restoring' }
type Looked = MovingMessage & { readonly type: 'move.looked' }
type Restored = MovingMessage & { readonly type: 'move.restored' }

/** With every look at the records, unless an answer is still awaited. */
export function lookAgain(state: Moving, track: MoveTrack): MovingStep {
  const { move, instance, phase } = track
  if (phase.kind !== 'restoring' || phase.step === 'open') return [state, []]
  const next = withTrack(state, { ...track, phase: { ...phase, step: 'open' } })
  return [next, [{ type: 'move.look', move, instance }]]
}

/** Nova shows the instance as it is now. */
export function onLooked(rules: MovingRules, state: Moving, looked: Looked): MovingStep {
  const track = state.tracks.get(looked.move)
  if (track?.phase.kind !== 'restoring') return [state, []]
  const { instance, atMs } = looked
  const phase: Restoring = { ...track.phase, sinceMs: track.phase.sinceMs ?? atMs }
  if (instance === undefined) {
    return close(state, track, { ...phase.end, ...GONE })
  }
  const isLate = atMs - (phase.sinceMs ?? atMs) >= rules.restoreMs
  return drive(state, track, { phase, instance, isLate })
}

const GONE = { outcome: 'ignored', reason: 'the instance was deleted meanwhile' } as const

interface View {
  readonly phase: Restoring
  readonly instance: Instance
  readonly isLate: boolean
}

function drive(state: Moving, track: MoveTrack, { phase, instance, isLate }: View): MovingStep {
  const { end } = phase
  const restoration = restorationOf(track.origin)
  if (end.outcome !== 'succeeded' || restoration.kind === 'leave') {
    return release(state, track, phase, instance)
  }
  const next = nextStep(restoration.wanted, instance)
  switch (next.kind) {
    case 'reached':
      return release(state, track, phase, instance)
    case 'impossible':
      // An administrator has the last word; that it is not as before is written with the move.
      return release(state, { ...track, remark: next.reason }, phase, instance)
    case 'step':
    case 'wait': {
      if (isLate) {
        const reason = lateness(end.dest, restoration.wanted, { phase, instance })
        const failed = { ...end, outcome: 'failed', reason } as const
        return release(state, track, { ...phase, end: failed }, instance)
      }
      return next.kind === 'step'
        ? order(state, track, phase, next.step)
        : [withTrack(state, { ...track, phase: { ...phase, step: 'none' } }), []]
    }
    default:
      return assertNever(next)
  }
}

function lateness(
  dest: string | null,
  wanted: string,
  { phase: { problem }, instance: { vmState, taskState } }: Pick<View, 'phase' | 'instance'>,
): string {
  const task = taskState === null ? '' : ` (${taskState})`
  const why = problem === null ? '' : `: ${problem}`
  return `moved to ${dest}, where it is ${vmState}${task} and was to be ${wanted}${why}`
}

/** The last step: its owner may have it again. */
function release(
  state: Moving,
  track: MoveTrack,
  phase: Restoring,
  { locked }: Instance,
): MovingStep {
  return track.lock === 'ours' && locked
    ? order(state, track, phase, 'unlock')
    : close(state, track, phase.end)
}

function order(
  state: Moving,
  track: MoveTrack,
  phase: Restoring,
  step: RestoringOrder,
): MovingStep {
  const next = withTrack(state, { ...track, phase: { ...phase, step: 'open' } })
  const { move, instance } = track
  return [next, [{ type: 'move.restore', move, instance, step }]]
}

/** Nova took an order, or did not: the next look tells what came of it. */
export function onRestored(state: Moving, restored: Restored): MovingStep {
  const track = state.tracks.get(restored.move)
  if (track?.phase.kind !== 'restoring') return [state, []]
  const { step, problem, allowed } = restored
  if (step === 'unlock' && problem === null) return close(state, track, track.phase.end)
  // While an operator forbids it, no time runs.
  const sinceMs = allowed === 'yes' ? track.phase.sinceMs : null
  const phase: Restoring = { ...track.phase, sinceMs, step: 'none', problem }
  return [withTrack(state, { ...track, phase }), []]
}

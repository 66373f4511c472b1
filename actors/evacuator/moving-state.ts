/** State of the moving part of an evacuation, and how a move is put back or ended. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { Bid } from './fair-share.ts'
import type { End, MoveTrack, Phase } from './instance-move.ts'
import type { Look } from './looks.ts'
import type { MovingEffect, MovingMessage, Progress } from './evacuator-messages.ts'
import type { Places } from './places.ts'
import { isUsual, restorationOf } from './restoration.ts'

export interface MovingRules {
  /** Pause before an instance, or a step, is tried again, ms. */
  readonly retryIntervalMs: number
  /** Evacuate requests an instance may cost in one run. */
  readonly attemptsMax: number
  /** How long an unanswered request may take to show a record, ms. */
  readonly graceMs: number
  /** An evacuation that is under way for so long has its target looked at, ms. */
  readonly overdueMs: number
  /** One that is under way for so long is given up: Nova will not end it, ms. */
  readonly deadlineMs: number
  /** How long a moved instance may take to become what it was, ms. */
  readonly restoreMs: number
}

export interface Moving {
  readonly kind: 'moving'
  /** In the order of the plan. */
  readonly tracks: ReadonlyMap<MoveId, MoveTrack>
  /** Wall ms of each move's latest request, 0 before the first. */
  readonly startedAt: ReadonlyMap<MoveId, number>
  /** Instances on the dead host, as Nova showed them last. */
  readonly here: ReadonlyMap<InstanceId, Instance>
  readonly places: Places
  /** The evacuation records as last read. */
  readonly records: readonly Evacuation[]
  /** What the shared pace was told that we would ask for next. */
  readonly bids: readonly Bid[]
  /** Targets of moves that take long: looked at with the records. */
  readonly overdueTargets: readonly HostName[]
  /** Whether the next look is also at what Nova has on the dead host: records do not say who has left it. */
  readonly lookAtHost: 'yes' | 'no'
  readonly polls: number
  readonly look: Look
  /** Why nothing new may be asked for; null: it may. */
  readonly forbidden: string | null
  /** Whether a look at the whole host is already due, for instances that nobody has room for. */
  readonly lookPending: boolean
  /** awaited: nothing can be done before there is some, and the segment knows. */
  readonly room: 'there' | 'awaited'
}

export type MovingStep = Step<Moving, MovingEffect | KernelEffect<MovingMessage>>

/** The state with this move in another phase. */
export function withPhase(state: Moving, move: MoveId, phase: Phase): Moving {
  const track = state.tracks.get(move)
  return track === undefined ? state : withTrack(state, { ...track, phase })
}

/** The state with this track. */
export function withTrack(state: Moving, track: MoveTrack): Moving {
  return { ...state, tracks: new Map(state.tracks).set(track.move, track) }
}

/** Puts an instance back into the queue, not before a moment. */
export function waiting(
  state: Moving,
  track: MoveTrack,
  notBeforeMs: number,
  reason: string,
): Moving {
  const phase: Phase = { kind: 'pending', notBeforeMs, reason }
  return withTrack(state, { ...track, phase, target: null })
}

/** Ends a move: at once, or when the instance is as it was and its owner may have it again. */
export function settle(
  state: Moving,
  track: MoveTrack,
  end: End,
  source: 'nova' | 'nobody' = 'nobody',
): MovingStep {
  const arrived: MoveTrack =
    end.outcome === 'succeeded' ? { ...track, whereabouts: 'arrived' } : track
  if (!isToRestore(arrived, end)) return close(state, arrived, end, source)
  const { move, instance } = track
  const phase: Phase = { kind: 'restoring', end, sinceMs: null, step: 'open', problem: null }
  return [withTrack(state, { ...arrived, phase }), [{ type: 'move.look', move, instance }]]
}

/** Has the end of a move written; it counts as ended once that is done. */
export function close(
  state: Moving,
  track: MoveTrack,
  end: End,
  source: 'nova' | 'nobody' = 'nobody',
): MovingStep {
  const next = withTrack(state, { ...track, phase: { kind: 'settling' } })
  const { move, instance, instanceName, origin, lock, remark } = track
  const progress = progressOf(next)
  const about = { move, instance, instanceName, origin, lock, remark, progress }
  return [next, [{ type: 'move.settle', ...about, ...end, ask: source }]]
}

/** An ordinary instance needs no look: Nova starts what ran, and stops what was stopped, by itself. */
function isToRestore({ origin, lock, askedAs }: MoveTrack, { outcome }: End): boolean {
  if (lock === 'ours') return true
  const restoration = restorationOf(origin)
  if (outcome !== 'succeeded' || restoration.kind === 'leave') return false
  return restoration.wanted !== 'active' && !(isUsual(origin) && askedAs === 'as-before')
}

/** Ended moves of all moves. */
export function progressOf(state: Moving): Progress {
  let done = 0
  for (const { phase } of state.tracks.values()) {
    if (phase.kind === 'settling' || phase.kind === 'ended') done += 1
  }
  return { done, total: state.tracks.size }
}

/** The records of an instance that are known by now. */
export const recordIdsOf = (state: Moving, track: MoveTrack): readonly string[] =>
  state.records.filter(({ instance }) => instance === track.instance).map(({ id }) => id)

/** The state with an instance as Nova shows it now. */
export const seen = (state: Moving, instance: Instance): Moving => ({
  ...state,
  here: new Map(state.here).set(instance.id, instance),
})

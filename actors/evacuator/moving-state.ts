/** State, messages and effects of the moving part of an evacuation, and the step that asks for more. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { Evacuation } from '../ports/compute.ts'
import { chooseTarget } from '../segment/placement.ts'
import { judgeRecords, type MoveTrack, type Phase } from './instance-move.ts'
import type { Pace } from './pacing.ts'

export interface MovingRules {
  readonly retryIntervalMs: number
  readonly attemptsMax: number
  readonly graceMs: number
  readonly overdueMs: number
  readonly deadlineMs: number
}

export interface Moving {
  readonly kind: 'moving'
  /** In the order of the plan. */
  readonly tracks: ReadonlyMap<MoveId, MoveTrack>
  /** Wall ms of each move's latest request, 0 before the first. */
  readonly startedAt: ReadonlyMap<MoveId, number>
  /** Instances that Nova listed on the dead host. */
  readonly here: ReadonlySet<InstanceId>
  readonly targets: readonly HostName[]
  /** The evacuation records as last read. */
  readonly records: readonly Evacuation[]
  readonly pace: Pace
  /** Targets of moves that take long: looked at with the records. */
  readonly overdueTargets: readonly HostName[]
  readonly polls: number
  /** Whether a look at the records is already due. */
  readonly pollPending: boolean
  /** Why nothing new may be asked for; null: it may. */
  readonly forbidden: string | null
}

type About = { readonly move: MoveId }
export type MovingMessage =
  | (About & { readonly type: 'move.requested'; readonly atMs: number; readonly startedAt: number })
  | (About & {
      readonly type: 'move.refused'
      readonly reason: string
      /** False when the instance is gone, so that asking again is pointless. */
      readonly again: boolean
      /** True when Nova asked for patience: costs no attempt. */
      readonly busy: boolean
      readonly pauseMs: number
      readonly atMs: number
    })
  | (About & { readonly type: 'move.unknown'; readonly atMs: number; readonly startedAt: number })
  | (About & { readonly type: 'move.hindered'; readonly reason: string; readonly atMs: number })
  | (About & { readonly type: 'move.forbidden'; readonly reason: string; readonly atMs: number })
  | (About & {
      readonly type: 'move.settled'
      readonly outcome: 'succeeded' | 'failed' | 'ignored'
    })
  | { readonly type: 'move.poll-due' }
  | {
      readonly type: 'move.polled'
      readonly records: readonly Evacuation[]
      /** Of the overdue moves' targets those that are out of service for good: forced down after a fence. */
      readonly lostTargets: readonly HostName[]
      readonly atMs: number
    }
  | { readonly type: 'move.poll-failed'; readonly atMs: number }

/** Ended moves of all moves, for progress bars. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export type MovingEffect =
  | {
      readonly type: 'move.request'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly target: HostName
      readonly progress: Progress
    }
  | {
      readonly type: 'move.settle'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly outcome: 'succeeded' | 'failed' | 'ignored'
      readonly dest: HostName | null
      readonly reason: string
      readonly progress: Progress
    }
  | { readonly type: 'move.put-back'; readonly move: MoveId; readonly reason: string }
  /** Reads the records, and whether these targets of overdue moves are still in service. */
  | { readonly type: 'move.poll'; readonly targets: readonly HostName[] }

export type MovingStep = Step<Moving, MovingEffect | KernelEffect<MovingMessage>>

export interface End {
  readonly outcome: 'succeeded' | 'failed' | 'ignored'
  readonly dest: HostName | null
  readonly reason: string
}

/** The state with this move in another phase. */
export function withPhase(state: Moving, move: MoveId, phase: Phase): Moving {
  const track = state.tracks.get(move)
  return track === undefined ? state : withTrack(state, { ...track, phase })
}

function withTrack(state: Moving, track: MoveTrack): Moving {
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

/** Has the end of a move written; it counts as ended once that is done. */
export function settle(state: Moving, track: MoveTrack, end: End): MovingStep {
  const next = withPhase(state, track.move, { kind: 'settling' })
  const { move, instance, instanceName } = track
  const progress = progressOf(next)
  return [next, [{ type: 'move.settle', move, instance, instanceName, ...end, progress }]]
}

function progressOf(state: Moving): Progress {
  let done = 0
  for (const { phase } of state.tracks.values()) {
    if (phase.kind === 'settling' || phase.kind === 'ended') done += 1
  }
  return { done, total: state.tracks.size }
}

/** Asks for as many instances as the pace allows, in the order of the plan, and looks at the records again later. */
export function proceed(state: Moving, nowMs: number): MovingStep {
  if (state.forbidden !== null) return schedulePoll(state, [])
  let next = state
  const effects: (MovingEffect | KernelEffect<MovingMessage>)[] = []
  const assigned = loadOf(state)
  let underWay = countUnderWay(state)
  for (const track of state.tracks.values()) {
    if (underWay >= state.pace.limit) break
    if (track.phase.kind !== 'pending' || track.phase.notBeforeMs > nowMs) continue
    if (!state.here.has(track.instance)) {
      const [after, more] = settle(next, track, absence(state, track))
      next = after
      effects.push(...more)
      continue
    }
    const target = chooseTarget(state.targets, track.refusedBy, assigned)
    if (target === undefined) continue
    assigned.set(target, (assigned.get(target) ?? 0) + 1)
    underWay += 1
    next = requesting(next, track, target)
    const { move, instance, instanceName } = track
    const progress = progressOf(next)
    effects.push({ type: 'move.request', move, instance, instanceName, target, progress })
  }
  return schedulePoll(next, effects)
}

const isUnderWay = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

const countUnderWay = (state: Moving): number =>
  [...state.tracks.values()].filter(isUnderWay).length

/** Moves that each target was given in this recovery and has not refused. */
function loadOf(state: Moving): Map<HostName, number> {
  const load = new Map<HostName, number>()
  for (const { target } of state.tracks.values()) {
    if (target !== null) load.set(target, (load.get(target) ?? 0) + 1)
  }
  return load
}

/** Why an instance that is to be moved is no longer on the host: our own late success, or somebody else's deed. */
function absence(state: Moving, track: MoveTrack): End {
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (track.attempts > 0 && verdict.kind === 'moved') {
    return { outcome: 'succeeded', dest: verdict.dest, reason: 'Nova recorded it as done, late' }
  }
  return { outcome: 'ignored', dest: null, reason: 'the instance is not on the host any more' }
}

function requesting(state: Moving, track: MoveTrack, target: HostName): Moving {
  const olderRecords = recordIdsOf(state, track)
  const attempts = track.attempts + 1
  return withTrack(state, {
    ...track,
    phase: { kind: 'requesting' },
    target,
    olderRecords,
    attempts,
  })
}

/** The records of an instance that are known by now. */
export const recordIdsOf = (state: Moving, track: MoveTrack): readonly string[] =>
  state.records.filter(({ instance }) => instance === track.instance).map(({ id }) => id)

/** Looks come quickly at first and then every five seconds: Nova pays for each of them. */
const POLL_MS_MIN = 500
const POLL_MS_MAX = 5000

function schedulePoll(
  state: Moving,
  effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[],
): MovingStep {
  if (state.pollPending) return [state, effects]
  const afterMs = Math.round(Math.min(POLL_MS_MAX, POLL_MS_MIN * 1.4 ** state.polls))
  const timer: KernelEffect<MovingMessage> = {
    type: 'timer.start',
    name: 'poll',
    afterMs,
    message: { type: 'move.poll-due' },
  }
  return [{ ...state, pollPending: true }, [...effects, timer]]
}

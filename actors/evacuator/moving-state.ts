/** State, messages and effects of the moving part of an evacuation, and the step that asks for more. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { Evacuation } from '../ports/compute.ts'
import type { Choice } from '../placement/choose-target.ts'
import type { Target, TargetName } from '../placement/targets.ts'
import { judgeRecords, type MoveTrack, type Phase } from './instance-move.ts'
import type { Pace } from './pacing.ts'
import { Assignment, hostOf, withDoor, type Places } from './places.ts'

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
  readonly places: Places
  /** The evacuation records as last read. */
  readonly records: readonly Evacuation[]
  readonly pace: Pace
  /** Targets of moves that take long: looked at with the records. */
  readonly overdueTargets: readonly HostName[]
  readonly polls: number
  /** Whether a look at the records is already due. */
  readonly pollPending: boolean
  /** Whether a look at the whole host is already due, for instances that nobody has room for. */
  readonly lookPending: boolean
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
  | { readonly type: 'spare.opened'; readonly host: HostName; readonly atMs: number }
  /** It cannot be had just now: somebody else has it, or an operator or Compute is in the way. */
  | { readonly type: 'spare.refused'; readonly host: HostName; readonly atMs: number }

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
      readonly target: TargetName
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
  /** Takes a reserved host into service. */
  | { readonly type: 'spare.open'; readonly host: HostName }
  /** Writes why these instances go nowhere for the moment. */
  | { readonly type: 'moves.wait'; readonly moves: readonly MoveId[]; readonly reason: string }
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
  let next = state
  const effects: (MovingEffect | KernelEffect<MovingMessage>)[] = []
  const assignment = new Assignment(state.places, state.tracks.values())
  let underWay = countUnderWay(state)
  for (const track of state.tracks.values()) {
    if (underWay >= state.pace.limit) break
    if (!isDue(track, nowMs)) continue
    const [after, more] = state.here.has(track.instance)
      ? follow(next, track, assignment.choose(track))
      : settle(next, track, absence(state, track))
    if (isUnderWay(after.tracks.get(track.move) ?? track)) underWay += 1
    next = after
    effects.push(...more)
  }
  return schedulePoll(next, [...effects, ...newlyUnplaced(state, next)])
}

const isDue = ({ phase }: MoveTrack, nowMs: number): boolean =>
  phase.kind === 'unplaced' || (phase.kind === 'pending' && phase.notBeforeMs <= nowMs)

const isUnderWay = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

const countUnderWay = (state: Moving): number =>
  [...state.tracks.values()].filter(isUnderWay).length

/** What is done with an instance, now that a target was looked for. */
function follow(state: Moving, track: MoveTrack, choice: Choice): MovingStep {
  switch (choice.kind) {
    case 'target':
      return choice.target.door === 'open'
        ? request(state, track, choice.target.name)
        : knock(state, choice.target)
    case 'wait':
      return [
        withTrack(state, { ...track, phase: { kind: 'unplaced', reason: choice.reason } }),
        [],
      ]
    case 'refused':
      return settle(state, track, { outcome: 'failed', dest: null, reason: choice.reason })
    default:
      return assertNever(choice)
  }
}

/** Who is to go to a spare waits until it is open; the first one has it opened. */
function knock(state: Moving, { name, door }: Target): MovingStep {
  const host = hostOf(name)
  if (host === null || door === 'opening') return [state, []]
  const asked = state.places.targets.find((target) => target.name === name)?.door === 'opening'
  const places = withDoor(state.places, name, 'opening')
  return [{ ...state, places }, asked ? [] : [{ type: 'spare.open', host }]]
}

/** One effect for all that wait for the same reason, and did not before. */
function newlyUnplaced(before: Moving, after: Moving): readonly MovingEffect[] {
  const reasonOf = (state: Moving, move: MoveId): string | undefined => {
    const phase = state.tracks.get(move)?.phase
    return phase?.kind === 'unplaced' ? phase.reason : undefined
  }
  const changed = [...after.tracks.keys()].filter((move) => {
    return reasonOf(after, move) !== reasonOf(before, move)
  })
  return [...Map.groupBy(changed, (move) => reasonOf(after, move))].flatMap(([reason, moves]) =>
    reason === undefined ? [] : [{ type: 'moves.wait', moves, reason }],
  )
}

/** Why an instance that is to be moved is no longer on the host: our own late success, or somebody else's deed. */
function absence(state: Moving, track: MoveTrack): End {
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (track.attempts > 0 && verdict.kind === 'moved') {
    return { outcome: 'succeeded', dest: verdict.dest, reason: 'Nova recorded it as done, late' }
  }
  return { outcome: 'ignored', dest: null, reason: 'the instance is not on the host any more' }
}

function request(state: Moving, track: MoveTrack, target: TargetName): MovingStep {
  const { move, instance, instanceName } = track
  const asked = withTrack(state, {
    ...track,
    phase: { kind: 'requesting' },
    target,
    olderRecords: recordIdsOf(state, track),
    attempts: track.attempts + 1,
  })
  const uncounted = new Set(state.places.uncounted).add(move)
  const next = { ...asked, places: { ...state.places, uncounted } }
  const progress = progressOf(next)
  return [next, [{ type: 'move.request', move, instance, instanceName, target, progress }]]
}

/** The records of an instance that are known by now. */
export const recordIdsOf = (state: Moving, track: MoveTrack): readonly string[] =>
  state.records.filter(({ instance }) => instance === track.instance).map(({ id }) => id)

/** Looks come quickly at first and then every five seconds: Nova pays for each of them. */
const POLL_MS_MIN = 500
const POLL_MS_MAX = 5000

/** Whether its records, or its moment, may change anything. */
const isAwaited = ({ phase }: MoveTrack): boolean =>
  phase.kind !== 'unplaced' && phase.kind !== 'ended'

function schedulePoll(
  state: Moving,
  effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[],
): MovingStep {
  if (state.pollPending || ![...state.tracks.values()].some(isAwaited)) return [state, effects]
  const afterMs = Math.round(Math.min(POLL_MS_MAX, POLL_MS_MIN * 1.4 ** state.polls))
  const timer: KernelEffect<MovingMessage> = {
    type: 'timer.start',
    name: 'poll',
    afterMs,
    message: { type: 'move.poll-due' },
  }
  return [{ ...state, pollPending: true }, [...effects, timer]]
}

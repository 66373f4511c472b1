/** State of the moving part of an evacuation, and the step that asks for more. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { Choice } from '../placement/choose-target.ts'
import type { Target, TargetName } from '../placement/targets.ts'
import { judgeRecords, type End, type MoveTrack, type Phase } from './instance-move.ts'
import type { MovingEffect, MovingMessage, Preparation, Progress } from './moving-messages.ts'
import type { Pace } from './pacing.ts'
import { Assignment, hostOf, withDoor, type Places } from './places.ts'
import { isUsual, mustReset, restorationOf } from './restoration.ts'

export interface MovingRules {
  readonly retryIntervalMs: number
  readonly attemptsMax: number
  readonly graceMs: number
  readonly overdueMs: number
  readonly deadlineMs: number
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
  readonly pace: Pace
  /** Targets of moves that take long: looked at with the records. */
  readonly overdueTargets: readonly HostName[]
  readonly polls: number
  /** Whether a look at the records is already due. */
  readonly pollPending: boolean
  /** Whether a look at the whole host is already due, for instances that nobody has room for. */
  readonly lookPending: boolean
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
  const { move, instance, instanceName } = track
  const progress = progressOf(next)
  const about = { move, instance, instanceName, lock: track.lock, progress }
  return [next, [{ type: 'move.settle', ...about, ...end, ask: source }]]
}

/** An ordinary instance needs no look: Nova starts what ran, and stops what was stopped, by itself. */
function isToRestore({ origin, lock, askedAs }: MoveTrack, { outcome }: End): boolean {
  if (lock === 'ours') return true
  const restoration = restorationOf(origin)
  if (outcome !== 'succeeded' || restoration.kind === 'leave') return false
  return restoration.wanted !== 'active' && !(isUsual(origin) && askedAs === 'as-before')
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
    const objection = objectionTo(state, track)
    const [after, more] =
      objection === undefined
        ? follow(next, track, assignment.choose(track))
        : settle(next, track, objection)
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

/** Why an instance that was to be moved is not any more. */
function objectionTo(state: Moving, track: MoveTrack): End | undefined {
  const now = state.here.get(track.instance)
  if (now === undefined) return absence(state, track)
  const restoration = restorationOf(now)
  if (restoration.kind === 'move') return undefined
  return { outcome: 'ignored', dest: null, reason: restoration.reason }
}

/** What must come before the evacuation, for Nova to take it and for nobody to interfere with what follows. */
function preparationsOf(now: Instance | undefined, track: MoveTrack): readonly Preparation[] {
  if (now === undefined) return []
  const reset = mustReset(now)
  const restoration = restorationOf(track.origin)
  const isPlain = restoration.kind === 'move' && restoration.wanted === 'active'
  const isOpen = !isUsual(track.origin) || (isOtherwise(now, track) && !isPlain)
  return [
    ...(isOpen && !now.locked ? (['lock'] as const) : []),
    ...(reset ? (['call-broken'] as const) : []),
  ]
}

/** A failed attempt leaves an instance in error, and what is in error when it is asked for is started. */
const isOtherwise = (now: Instance, { origin }: MoveTrack): boolean =>
  mustReset(now) || now.vmState !== origin.vmState

/** Why an instance that is to be moved is no longer on the host: our own late success, or somebody else's deed. */
function absence(state: Moving, track: MoveTrack): End {
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (track.attempts > 0 && verdict.kind === 'moved') {
    return { outcome: 'succeeded', dest: verdict.dest, reason: 'Nova recorded it as done, late' }
  }
  return { outcome: 'ignored', dest: null, reason: 'the instance is not on the host any more' }
}

function request(state: Moving, track: MoveTrack, target: TargetName): MovingStep {
  const { move, instance } = track
  const now = state.here.get(instance)
  const steps = preparationsOf(now, track)
  const asked = withTrack(state, {
    ...track,
    phase: { kind: 'requesting' },
    target,
    askedAs: now === undefined || isOtherwise(now, track) ? 'otherwise' : 'as-before',
    lock: steps.includes('lock') ? 'ours' : track.lock,
    olderRecords: recordIdsOf(state, track),
    attempts: track.attempts + 1,
  })
  const uncounted = new Set(state.places.uncounted).add(move)
  const next = { ...asked, places: { ...state.places, uncounted } }
  return steps.length === 0
    ? ask(next, track, target)
    : [next, [{ type: 'move.prepare', move, instance, target, steps }]]
}

/** Asks Nova for the evacuation of an instance that may be asked for. */
export function ask(
  state: Moving,
  { move, instance, instanceName }: MoveTrack,
  target: TargetName,
): MovingStep {
  const progress = progressOf(state)
  return [state, [{ type: 'move.request', move, instance, instanceName, target, progress }]]
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

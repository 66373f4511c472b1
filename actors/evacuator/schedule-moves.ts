/** Chooses the next moves and their targets, and tells the concurrency limiter about them. Pure. */
import type { MoveId } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { Target } from '../placement/targets.ts'
import { judgeRecords } from './apply-records.ts'
import type {
  MoveEffect,
  MoveRules,
  Moving,
  MovingEffect,
  MovingMessage,
  MovingStep,
  Progress,
} from './evacuator-messages.ts'
import type { EvacuationRequest, InFlightEvacuation } from './fair-share.ts'
import { step, type MoveContext, type MoveEvent } from './move.ts'
import type { End } from './move-phase.ts'
import { isInFlight, type MoveTrack } from './move-track.ts'
import { Assignment, hostOf, withSpare } from './places.ts'
import { schedulePoll } from './poll-schedule.ts'
import { restorationOf } from './restoration.ts'

/**
 * The most requests that are asked for at once: the limiter never allows more. Later moves are
 * considered afterwards.
 */
const REQUESTS_MAX = 32

/**
 * Asks the limiter for the next moves, in the order of the plan, and schedules the next poll of the
 * records.
 */
export function scheduleMoves(rules: MoveRules, state: Moving, nowMs: number): MovingStep {
  if (state.forbidden !== null) return schedulePoll(...withdraw(state), nowMs)
  let next = state
  const effects: MovingEffect[] = []
  const requests: EvacuationRequest[] = []
  const assignment = new Assignment(state.places, state.tracks.values(), nowMs)
  for (const track of state.tracks.values()) {
    if (requests.length === REQUESTS_MAX) break
    if (!isDue(track, nowMs)) continue
    const [after, more] = consider(rules, next, { track, assignment, requests })
    next = after
    effects.push(...more)
  }
  const [last, asked] = askLimiter(next, requests)
  return schedulePoll(last, [...effects, ...newlyUnplaced(state, next), ...asked], nowMs)
}

/** The state after a step of one move, and its effects. */
export function moveOn(
  rules: MoveRules,
  state: Moving,
  track: MoveTrack,
  event: MoveEvent,
): readonly [Moving, readonly MoveEffect[]] {
  const context: MoveContext = {
    rules,
    records: state.records,
    others: () => progressOf(state, track.move),
  }
  const [next, effects] = step(context, track, event)
  return [next === track ? state : withTrack(state, next), effects]
}

const withTrack = (state: Moving, track: MoveTrack): Moving => ({
  ...state,
  tracks: new Map(state.tracks).set(track.move, track),
})

function progressOf({ tracks }: Moving, except: MoveId): Progress {
  let done = 0
  for (const { move, phase } of tracks.values()) {
    if (move !== except && (phase.kind === 'settling' || phase.kind === 'ended')) done += 1
  }
  return { done, total: tracks.size }
}

const isDue = ({ phase }: MoveTrack, nowMs: number): boolean =>
  phase.kind === 'unplaced' || (phase.kind === 'pending' && phase.notBeforeMs <= nowMs)

type Scheduled = readonly [Moving, readonly MovingEffect[]]

/** Asks the limiter for the next requests, unless it has exactly these already. */
function askLimiter(state: Moving, requests: readonly EvacuationRequest[]): Scheduled {
  const isKnown =
    requests.length === state.requests.length &&
    requests.every(({ move, target }, at) => {
      const known = state.requests[at]
      return move === known?.move && target === known.target
    })
  return isKnown ? [state, []] : [{ ...state, requests }, [{ type: 'limiter.ask', requests }]]
}

/** Withdraws all requests. */
export const withdraw = (state: Moving): Scheduled => askLimiter(state, [])

interface Considered {
  readonly track: MoveTrack
  readonly assignment: Assignment
  /** The next requests. This move is added when it has an active target. */
  readonly requests: EvacuationRequest[]
}

/** Decides about a move that is due. */
function consider(
  rules: MoveRules,
  state: Moving,
  { track, assignment, requests }: Considered,
): Scheduled {
  const objection = objectionTo(state, track)
  if (objection !== undefined)
    return endMove(rules, state, track, { end: objection, ask: 'nobody' })
  const choice = assignment.choose(track)
  switch (choice.kind) {
    case 'target':
      if (choice.target.state !== 'active') return activate(state, choice.target)
      requests.push({ move: track.move, target: choice.target.name })
      return moveOn(rules, state, track, { type: 'schedule.placed' })
    case 'wait':
      return moveOn(rules, state, track, { type: 'schedule.unplaced', reason: choice.reason })
    case 'refused': {
      // No target is left. Nova can explain the failure of the last request.
      const end: End = { outcome: 'failed', dest: null, reason: choice.reason }
      return endMove(rules, state, track, { end, ask: track.attempts === 0 ? 'nobody' : 'nova' })
    }
    default:
      return assertNever(choice)
  }
}

const endMove = (
  rules: MoveRules,
  state: Moving,
  track: MoveTrack,
  how: { readonly end: End; readonly ask: 'nova' | 'nobody' },
): Scheduled => moveOn(rules, state, track, { type: 'schedule.end', ...how })

/**
 * Instances that are to go to a spare wait until it is active. The first of them has the spare
 * activated.
 */
function activate(state: Moving, { name, state: spare }: Target): Scheduled {
  const host = hostOf(name)
  if (host === null || spare === 'activating') return [state, []]
  const known = state.places.targets.find((target) => target.name === name)
  const places = withSpare(state.places, name, 'activating')
  return [
    { ...state, places },
    known?.state === 'activating' ? [] : [{ type: 'spare.activate', host }],
  ]
}

/** One effect for all moves that wait for the same reason and did not wait for it before. */
function newlyUnplaced(before: Moving, after: Moving): readonly MovingEffect[] {
  const changed = [...after.tracks.keys()].filter(
    (move) => reasonOf(after, move) !== reasonOf(before, move),
  )
  return [...Map.groupBy(changed, (move) => reasonOf(after, move))].flatMap(([reason, moves]) =>
    reason === undefined ? [] : [{ type: 'moves.wait', moves, reason }],
  )
}

/** Why no host has capacity for the move; undefined when the move does not wait for capacity. */
function reasonOf(state: Moving, move: MoveId): string | undefined {
  const phase = state.tracks.get(move)?.phase
  return phase?.kind === 'unplaced' ? phase.reason : undefined
}

/** Why an instance that was to be moved is no longer moved. */
function objectionTo({ records }: Moving, track: MoveTrack): End | undefined {
  if (track.shown === undefined) {
    const verdict = judgeRecords(track, records)
    return track.attempts > 0 && verdict.kind === 'moved'
      ? { outcome: 'succeeded', dest: verdict.dest, reason: 'Nova recorded it as done, late' }
      : { outcome: 'ignored', dest: null, reason: 'the instance is not on the host any more' }
  }
  const restoration = restorationOf(track.shown)
  if (restoration.kind === 'move') return undefined
  return { outcome: 'ignored', dest: null, reason: restoration.reason }
}

/** The limiter allows these requests. Each is sent if it is still wanted. */
export function onAllowed(
  rules: MoveRules,
  state: Moving,
  { requests, atMs }: MovingMessage & { readonly type: 'limiter.allowed' },
): MovingStep {
  let next: Moving = { ...state, requests: [] }
  const effects: MovingEffect[] = []
  const over: MoveId[] = []
  const assignment = new Assignment(state.places, state.tracks.values(), atMs)
  for (const { move, target } of requests) {
    const track = next.tracks.get(move)
    if (track !== undefined && isInFlight(track)) continue
    const isWanted =
      track !== undefined &&
      next.forbidden === null &&
      isDue(track, atMs) &&
      objectionTo(next, track) === undefined
    if (!isWanted || !assignment.takes(track, target)) {
      over.push(move)
      continue
    }
    const [after, more] = moveOn(rules, next, track, { type: 'schedule.request', target })
    const uncounted = new Set(after.places.uncounted).add(move)
    next = { ...after, places: { ...after.places, uncounted } }
    effects.push(...more)
  }
  const [last, rest] = scheduleMoves(rules, next, atMs)
  return [last, [...unused(over), ...effects, ...rest]]
}

/** Returns permissions to the limiter that are not used. */
export const unused = (over: readonly MoveId[]): readonly MovingEffect[] =>
  over.length > 0 ? [{ type: 'limiter.note', inFlight: [], over }] : []

/** null when the evacuation does not count. */
function inFlightOf(track: MoveTrack | undefined): InFlightEvacuation | null {
  if (track === undefined || track.target === null || !isInFlight(track)) return null
  const { move, target, phase } = track
  return { move, target, begun: phase.kind === 'ongoing' && phase.nova === 'begun' }
}

/**
 * Adds to the step what the limiter must know, also about evacuations that were found in flight.
 */
export function noteInFlight(before: Moving | undefined, [state, effects]: MovingStep): MovingStep {
  if (before?.tracks === state.tracks) return [state, effects]
  const changes = [...state.tracks].map(([move, track]) =>
    changeOf(before?.tracks.get(move), track),
  )
  const inFlight = changes.flatMap((change) => change.inFlight)
  const over = changes.flatMap((change) => change.over)
  if (inFlight.length === 0 && over.length === 0) return [state, effects]
  return [state, [{ type: 'limiter.note', inFlight, over }, ...effects]]
}

interface Change {
  readonly inFlight: readonly InFlightEvacuation[]
  readonly over: readonly MoveId[]
}

function changeOf(before: MoveTrack | undefined, track: MoveTrack): Change {
  const [earlier, now] = [inFlightOf(before), inFlightOf(track)]
  if (now !== null) {
    const isKnown = now.target === earlier?.target && now.begun === earlier.begun
    return { inFlight: isKnown ? [] : [now], over: [] }
  }
  if (earlier === null) return { inFlight: [], over: [] }
  // An evacuation that arrived was begun by Nova, even if no poll showed that.
  const arrived = track.whereabouts === 'arrived' ? [{ ...earlier, begun: true }] : []
  return { inFlight: arrived, over: [track.move] }
}

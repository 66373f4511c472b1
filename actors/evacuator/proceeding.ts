/** Who of a dead host is next, where he is to go, and what must come before Nova is asked. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { Target, TargetName } from '../placement/targets.ts'
import type { Instance } from '../ports/compute.ts'
import type { MoveId } from '../../schema/ids.ts'
import { judgeRecords, type End, type MoveTrack, type Phase } from './instance-move.ts'
import type { Bid } from './fair-share.ts'
import { scheduleLook } from './looks.ts'
import type { MovingEffect, MovingMessage, Preparation } from './evacuator-messages.ts'
import {
  progressOf,
  recordIdsOf,
  settle,
  withTrack,
  type Moving,
  type MovingStep,
} from './moving-state.ts'
import { Assignment, hostOf, withDoor } from './places.ts'
import { isUsual, mustReset, restorationOf } from './restoration.ts'
import { isUnderWay } from './under-way.ts'

/** Nobody may send so many at once; what stands behind them is looked at later. */
const BIDS_MAX = 32

/** Tells the shared pace who is next, in the order of the plan, and looks at the records again later. */
export function proceed(state: Moving, nowMs: number): MovingStep {
  if (state.forbidden !== null) return scheduleLook(...withdraw(state), nowMs)
  let next = state
  const effects: (MovingEffect | KernelEffect<MovingMessage>)[] = []
  const bids: Bid[] = []
  const assignment = new Assignment(state.places, state.tracks.values(), nowMs)
  for (const track of state.tracks.values()) {
    if (bids.length === BIDS_MAX) break
    if (!isDue(track, nowMs)) continue
    const [after, more] = consider(next, track, assignment, bids)
    next = after
    effects.push(...more)
  }
  const [last, asked] = bid(next, bids)
  return scheduleLook(last, [...effects, ...newlyUnplaced(state, next), ...asked], nowMs)
}

const isDue = ({ phase }: MoveTrack, nowMs: number): boolean =>
  phase.kind === 'unplaced' || (phase.kind === 'pending' && phase.notBeforeMs <= nowMs)

/** Says what it would ask for next, unless it has said so already. */
function bid(state: Moving, bids: readonly Bid[]): MovingStep {
  const isKnown =
    bids.length === state.bids.length &&
    bids.every(({ move, target }, at) => {
      const known = state.bids[at]
      return move === known?.move && target === known.target
    })
  return isKnown ? [state, []] : [{ ...state, bids }, [{ type: 'pace.ask', bids }]]
}

/** Asks for nothing any more. */
export const withdraw = (state: Moving): MovingStep => bid(state, [])

/** What is done with an instance whose moment has come. */
function consider(
  state: Moving,
  track: MoveTrack,
  assignment: Assignment,
  bids: Bid[],
): MovingStep {
  const objection = objectionTo(state, track)
  if (objection !== undefined) return settle(state, track, objection)
  const choice = assignment.choose(track)
  switch (choice.kind) {
    case 'target':
      if (choice.target.door !== 'open') return knock(state, choice.target)
      bids.push({ move: track.move, target: choice.target.name })
      return track.phase.kind === 'unplaced'
        ? [withTrack(state, { ...track, phase: ROOM_FOUND }), []]
        : [state, []]
    case 'wait':
      return [
        withTrack(state, { ...track, phase: { kind: 'unplaced', reason: choice.reason } }),
        [],
      ]
    case 'refused':
      return giveUp(state, track, choice.reason)
    default:
      return assertNever(choice)
  }
}

const ROOM_FOUND: Phase = { kind: 'pending', notBeforeMs: 0, reason: null }

/** The shared pace allows these: each is asked for if nothing has changed meanwhile. */
export function onAllowed(
  state: Moving,
  { bids, atMs }: MovingMessage & { readonly type: 'pace.allowed' },
): MovingStep {
  let next: Moving = { ...state, bids: [] }
  const effects: (MovingEffect | KernelEffect<MovingMessage>)[] = []
  const over: MoveId[] = []
  const assignment = new Assignment(state.places, state.tracks.values(), atMs)
  for (const { move, target } of bids) {
    const track = next.tracks.get(move)
    if (track !== undefined && isUnderWay(track)) continue
    const isWanted =
      track !== undefined &&
      next.forbidden === null &&
      isDue(track, atMs) &&
      objectionTo(next, track) === undefined
    if (!isWanted || !assignment.takes(track, target)) {
      over.push(move)
      continue
    }
    const [after, more] = request(next, track, target)
    next = after
    effects.push(...more)
  }
  const [last, rest] = proceed(next, atMs)
  const unused: MovingEffect[] = over.length > 0 ? [{ type: 'pace.note', underWay: [], over }] : []
  return [last, [...unused, ...effects, ...rest]]
}

/** Nobody is left to be asked: Nova tells what came of the last request. */
const giveUp = (state: Moving, track: MoveTrack, reason: string): MovingStep =>
  settle(
    state,
    track,
    { outcome: 'failed', dest: null, reason },
    track.attempts === 0 ? 'nobody' : 'nova',
  )

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
  const changed = [...after.tracks.keys()].filter((move) => {
    return reasonOf(after, move) !== reasonOf(before, move)
  })
  return [...Map.groupBy(changed, (move) => reasonOf(after, move))].flatMap(([reason, moves]) =>
    reason === undefined ? [] : [{ type: 'moves.wait', moves, reason }],
  )
}

/** Why nobody has room for it; undefined when it does not wait for any. */
function reasonOf(state: Moving, move: MoveId): string | undefined {
  const phase = state.tracks.get(move)?.phase
  return phase?.kind === 'unplaced' ? phase.reason : undefined
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

/** A failed attempt leaves an instance in error, whatever was seen of it before, and what is in error then is started. */
const isOtherwise = (now: Instance, { origin, attempts }: MoveTrack): boolean =>
  attempts > 0 || mustReset(now) || now.vmState !== origin.vmState

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
  { move, instance, instanceName, needs }: MoveTrack,
  target: TargetName,
): MovingStep {
  const progress = progressOf(state)
  const about = { move, instance, instanceName, needs, target, progress }
  return [state, [{ type: 'move.request', ...about }]]
}

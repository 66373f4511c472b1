/**
 * The part of an evacuation that moves instances: finds the moves that a message concerns, and
 * schedules the next ones. Pure.
 */
import type { HostName } from '../../schema/ids.ts'
import type {
  MoveAnswer,
  MoveEffect,
  MoveRules,
  Moving,
  MovingEffect,
  MovingMessage,
  MovingStep,
  RecordsPolled,
} from './evacuator-messages.ts'
import { isInFlight, type MoveTrack } from './move-track.ts'
import { hostOf, withoutTarget, withSpare } from './places.ts'
import { expedite, pollBegun, pollEnded } from './poll-schedule.ts'
import { moveOn, onAllowed, scheduleMoves } from './schedule-moves.ts'

/** One step while moves are open. */
export function onMovingMessage(
  rules: MoveRules,
  state: Moving,
  message: MovingMessage,
): MovingStep {
  switch (message.type) {
    case 'limiter.allowed':
      return onAllowed(rules, state, message)
    case 'records.poll-due':
      return [
        pollBegun(state),
        [{ type: 'records.poll', targets: state.overdueTargets, listHost: state.listHost }],
      ]
    case 'records.polled':
      return onPolled(rules, pollEnded(state), message)
    case 'records.poll-failed':
      return scheduleMoves(rules, pollEnded(state), message.atMs)
    case 'records.news': {
      const [next, effects] = expedite(state, message.atMs)
      return [next, [...effects, awaitNews(state)]]
    }
    case 'spare.activated': {
      const places = withSpare(state.places, message.host, 'active')
      return scheduleMoves(rules, { ...state, places }, message.atMs)
    }
    case 'spare.refused': {
      const places = withoutTarget(state.places, message.host)
      return scheduleMoves(rules, { ...state, places }, message.atMs)
    }
    case 'move.blocked':
      return onAnswer(rules, withoutItsTarget(state, message), message)
    case 'move.forbidden':
      return onAnswer(rules, { ...state, forbidden: message.reason }, message)
    default:
      return onAnswer(rules, state, message)
  }
}

/** Waits for news about the instances from Compute's bus. */
export const awaitNews = (state: Moving): MovingEffect => ({
  type: 'news.await',
  instances: [...state.tracks.values()].map(({ instance }) => instance),
})

/**
 * Handles an answer about one move. When the move is in the queue again, or Nova has the request,
 * the next moves are scheduled.
 */
function onAnswer(rules: MoveRules, state: Moving, answer: MoveAnswer): MovingStep {
  const track = state.tracks.get(answer.move)
  if (track === undefined) return [state, []]
  const [next, effects] = moveOn(rules, state, track, answer)
  const phase = next.tracks.get(answer.move)?.phase
  const isTurn = phase !== track.phase && (phase?.kind === 'pending' || phase?.kind === 'ongoing')
  if (!isTurn || !('atMs' in answer)) return [next, effects]
  const [last, more] = scheduleMoves(rules, next, answer.atMs)
  return [last, [...effects, ...more]]
}

/** The store refused a target that was reserved again. It is no target until the next survey. */
function withoutItsTarget(state: Moving, { move }: Pick<MoveAnswer, 'move'>): Moving {
  const track = state.tracks.get(move)
  const host = hostOf(track?.target ?? null)
  if (track?.phase.kind !== 'requesting' || host === null) return state
  return { ...state, places: withoutTarget(state.places, host) }
}

/** One poll serves all moves of the host. */
function onPolled(rules: MoveRules, before: Moving, polled: RecordsPolled): MovingStep {
  const { records, atMs } = polled
  let state: Moving = { ...before, records }
  const effects: MoveEffect[] = []
  for (const track of before.tracks.values()) {
    const [next, more] = moveOn(rules, state, track, polled)
    state = next
    effects.push(...more)
  }
  const tracks = [...state.tracks.values()]
  const hasEnded = tracks.some((track) => !isInFlight(track) && wasInFlight(before, track))
  const isUnproven = tracks.some(({ whereabouts }) => whereabouts === 'unproven')
  const next: Moving = {
    ...state,
    fruitlessPolls: hasEnded ? 0 : state.fruitlessPolls,
    listHost: isUnproven ? 'yes' : 'no',
    overdueTargets: overdueTargets(rules, tracks, atMs),
  }
  const [last, rest] = scheduleMoves(rules, next, atMs)
  return [last, [...effects, ...rest]]
}

const wasInFlight = ({ tracks }: Moving, { move }: MoveTrack): boolean => {
  const before = tracks.get(move)
  return before !== undefined && isInFlight(before)
}

/** Targets of moves that have been in flight for long. */
function overdueTargets(
  { overdueMs }: MoveRules,
  tracks: readonly MoveTrack[],
  atMs: number,
): readonly HostName[] {
  const targets = tracks.flatMap(({ phase, target }) =>
    phase.kind === 'ongoing' && atMs - phase.requestedAtMs >= overdueMs ? [hostOf(target)] : [],
  )
  return [...new Set(targets)].filter((target) => target !== null)
}

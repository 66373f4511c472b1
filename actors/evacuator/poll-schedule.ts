/**
 * When Nova's records of a dead host are polled: one poll at a time for all its moves, and sooner
 * after news. Pure.
 */
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { Moving, MovingEffect, MovingMessage, MovingStep } from './evacuator-messages.ts'
import { isInFlight, type MoveTrack } from './move-track.ts'

export type Poll =
  /** news: some news came after the last poll. */
  | { readonly kind: 'none'; readonly news: boolean }
  /**
   * The poll comes `afterMs` after `sinceMs` (monotonic). expedited: news have already made it come
   * sooner.
   */
  | {
      readonly kind: 'due'
      readonly sinceMs: number
      readonly afterMs: number
      readonly expedited: boolean
    }
  /** Nova was asked. News that come before its answer may be newer than the answer. */
  | { readonly kind: 'open'; readonly news: boolean }

/**
 * The pause before a poll, ms, for each evacuation that is in flight. Each poll is work for Nova, and while many are in flight, a poll
 * finds several that have ended. When few are left, nothing else is waited for, and the end is noticed soon.
 */
const PAUSE_MS_EACH = 100
const PAUSE_MS_MIN = 1000
const PAUSE_MS_MAX = 3000
/** The pause grows by this factor with each poll in a row after which nothing has ended. */
const GROWTH = 1.3
/**
 * After news, the pause is halved, ms. Polls therefore never come more than twice as often,
 * whatever the number of news.
 */
const EXPEDITED = 0.5
/**
 * A poll waits so long after news, ms, so that evacuations that end at about the same time are
 * found together.
 */
const GATHER_MS = 200

/** The pause without news, ms. */
function pauseOf({ tracks, fruitlessPolls }: Moving): number {
  const inFlight = [...tracks.values()].filter(isInFlight).length
  const leastMs = Math.max(PAUSE_MS_MIN, inFlight * PAUSE_MS_EACH)
  return Math.min(PAUSE_MS_MAX, leastMs * GROWTH ** fruitlessPolls)
}

/** Whether the records, or a reading of the instance, may change this move. */
const isAwaited = ({ phase }: MoveTrack): boolean =>
  phase.kind !== 'unplaced' && phase.kind !== 'ended'

/** Schedules the next poll, unless one is due or open already. */
export function schedulePoll(
  state: Moving,
  effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[],
  nowMs: number,
): MovingStep {
  const { poll } = state
  if (poll.kind !== 'none' || ![...state.tracks.values()].some(isAwaited)) return [state, effects]
  const { news: expedited } = poll
  const pauseMs = pauseOf(state) * (expedited ? EXPEDITED : 1)
  const due: Poll = { kind: 'due', sinceMs: nowMs, afterMs: Math.round(pauseMs), expedited }
  return [{ ...state, poll: due }, [...effects, timer(due.afterMs)]]
}

/**
 * Compute's bus reported that an evacuation has ended. The report decides nothing: it makes the
 * next poll come sooner, and the records decide.
 */
export function expedite(state: Moving, nowMs: number): MovingStep {
  const { poll } = state
  if (poll.kind !== 'due') return [{ ...state, poll: { ...poll, news: true } }, []]
  const { sinceMs, afterMs } = poll
  const atMs = Math.round(Math.max(nowMs + GATHER_MS, sinceMs + afterMs * EXPEDITED))
  if (poll.expedited || atMs >= sinceMs + afterMs) return [state, []]
  const due: Poll = { kind: 'due', sinceMs, afterMs: atMs - sinceMs, expedited: true }
  return [{ ...state, poll: due }, [timer(atMs - nowMs)]]
}

/** Nova is asked now. Until the answer shows that an evacuation has ended, the poll counts as one without result. */
export const pollBegun = (state: Moving): Moving => ({
  ...state,
  polls: state.polls + 1,
  fruitlessPolls: state.fruitlessPolls + 1,
  poll: { kind: 'open', news: false },
})

/** No poll is open any more. News that came during the poll make the next one come sooner. */
export const pollEnded = (state: Moving): Moving => ({
  ...state,
  poll: { kind: 'none', news: state.poll.kind === 'open' && state.poll.news },
})

const timer = (afterMs: number): KernelEffect<MovingMessage> => ({
  type: 'timer.start',
  name: 'poll',
  afterMs,
  message: { type: 'records.poll-due' },
})

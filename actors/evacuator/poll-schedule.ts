/** When Nova's records of a dead host are polled: one poll at a time, for all its moves, sooner after news. Pure. */
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { Moving, MovingEffect, MovingMessage, MovingStep } from './evacuator-messages.ts'
import type { MoveTrack } from './move-track.ts'

export type Poll =
  /** news: some came that no poll has looked into. */
  | { readonly kind: 'none'; readonly news: boolean }
  /** The poll comes `afterMs` after `sinceMs` (monotonic). expedited: news have brought it forward already. */
  | {
      readonly kind: 'due'
      readonly sinceMs: number
      readonly afterMs: number
      readonly expedited: boolean
    }
  /** Nova was asked. News that come meanwhile may be newer than its answer. */
  | { readonly kind: 'open'; readonly news: boolean }

/** The first polls find that a small host has moved; the later ones free places for others. Each one costs Nova something. */
const POLL_MS_MIN = 1000
const POLL_MS_MAX = 3000
const POLL_GROWTH = 1.3
/** After news, half of the pause is enough. However many news come, polls are at most twice as many. */
const EXPEDITED = 0.5
/** Evacuations that end at about the same time are seen in one poll. */
const GATHER_MS = 200

/** Whether the records, or an instance that is looked at with them, may change this move. */
const isAwaited = ({ phase }: MoveTrack): boolean =>
  phase.kind !== 'unplaced' && phase.kind !== 'ended'

/** Schedules the next poll, unless one is due or open already. */
export function schedulePoll(
  state: Moving,
  effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[],
  nowMs: number,
): MovingStep {
  const { poll, polls } = state
  if (poll.kind !== 'none' || ![...state.tracks.values()].some(isAwaited)) return [state, effects]
  const { news: expedited } = poll
  const pauseMs =
    Math.min(POLL_MS_MAX, POLL_MS_MIN * POLL_GROWTH ** polls) * (expedited ? EXPEDITED : 1)
  const due: Poll = { kind: 'due', sinceMs: nowMs, afterMs: Math.round(pauseMs), expedited }
  return [{ ...state, poll: due }, [...effects, timer(due.afterMs)]]
}

/** Compute's bus told that an evacuation has ended. That decides nothing, the records do; but they are polled soon. */
export function expedite(state: Moving, nowMs: number): MovingStep {
  const { poll } = state
  if (poll.kind !== 'due') return [{ ...state, poll: { ...poll, news: true } }, []]
  const { sinceMs, afterMs } = poll
  const atMs = Math.round(Math.max(nowMs + GATHER_MS, sinceMs + afterMs * EXPEDITED))
  if (poll.expedited || atMs >= sinceMs + afterMs) return [state, []]
  const due: Poll = { kind: 'due', sinceMs, afterMs: atMs - sinceMs, expedited: true }
  return [{ ...state, poll: due }, [timer(atMs - nowMs)]]
}

/** No poll is open any more. News that came during it expedite the next one. */
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

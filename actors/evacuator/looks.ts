/** When Nova's records of a dead host are looked at: one look at a time, for all its instances, sooner after news. Pure. */
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { MoveTrack } from './instance-move.ts'
import type { MovingEffect, MovingMessage } from './evacuator-messages.ts'
import type { Moving, MovingStep } from './moving-state.ts'

export type Look =
  | { readonly kind: 'none'; readonly news: boolean }
  /** From `sinceMs` on (monotonic), `afterMs` are let pass; hasty: there were news already. */
  | {
      readonly kind: 'due'
      readonly sinceMs: number
      readonly afterMs: number
      readonly hasty: boolean
    }
  /** Nova was asked; news that come meanwhile may be newer than its answer. */
  | { readonly kind: 'open'; readonly news: boolean }

/** The first looks find a small host moved, the later ones free places for those who wait: Nova pays for each of them. */
const POLL_MS_MIN = 1000
const POLL_MS_MAX = 3000
const POLL_GROWTH = 1.3
/** After news half of the pause is enough, so that however many come, looks are at most twice as many. */
const HASTE = 0.5
/** What ends at about the same time is seen in one look. */
const GATHER_MS = 200

/** Whether its records, or its moment, may change anything. */
const isAwaited = ({ phase }: MoveTrack): boolean =>
  phase.kind !== 'unplaced' && phase.kind !== 'ended'

/** Has the next look come, unless one is due already. */
export function scheduleLook(
  state: Moving,
  effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[],
  nowMs: number,
): MovingStep {
  const { look, polls } = state
  if (look.kind !== 'none' || ![...state.tracks.values()].some(isAwaited)) return [state, effects]
  const pauseMs =
    Math.min(POLL_MS_MAX, POLL_MS_MIN * POLL_GROWTH ** polls) * (look.news ? HASTE : 1)
  const due: Look = { kind: 'due', sinceMs: nowMs, afterMs: Math.round(pauseMs), hasty: look.news }
  return [{ ...state, look: due }, [...effects, timer(due.afterMs)]]
}

/** Compute told its bus that it has ended something: that decides nothing, the records do; but they are looked at soon. */
export function hasten(state: Moving, nowMs: number): MovingStep {
  const { look } = state
  if (look.kind !== 'due') return [{ ...state, look: { ...look, news: true } }, []]
  const { sinceMs, afterMs } = look
  const atMs = Math.round(Math.max(nowMs + GATHER_MS, sinceMs + afterMs * HASTE))
  if (look.hasty || atMs >= sinceMs + afterMs) return [state, []]
  const due: Look = { kind: 'due', sinceMs, afterMs: atMs - sinceMs, hasty: true }
  return [{ ...state, look: due }, [timer(atMs - nowMs)]]
}

const timer = (afterMs: number): KernelEffect<MovingMessage> => ({
  type: 'timer.start',
  name: 'poll',
  afterMs,
  message: { type: 'move.poll-due' },
})

/** When Nova's records of a dead host are looked at: one look at a time, for all its instances. Pure. */
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { MoveTrack } from './instance-move.ts'
import type { MovingEffect, MovingMessage } from './moving-messages.ts'
import type { Moving, MovingStep } from './moving-state.ts'

/** Looks come quickly at first and then every five seconds: Nova pays for each of them. */
const POLL_MS_MIN = 500
const POLL_MS_MAX = 5000

/** Whether its records, or its moment, may change anything. */
const isAwaited = ({ phase }: MoveTrack): boolean =>
  phase.kind !== 'unplaced' && phase.kind !== 'ended'

/** Has the next look come, unless one is due already. */
export function scheduleLook(
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

/** Moves in every phase, and the events that may reach them. */
import { NEVER_ASKED, type MoveTrack } from '../../../actors/evacuator/move-track.ts'
import type { MoveContext } from '../../../actors/evacuator/move.ts'
import type { Phase } from '../../../actors/evacuator/move-phase.ts'
import type {
  Moving,
  MovingEffect,
  MovingMessage,
  MovingStep,
} from '../../../actors/evacuator/evacuator-messages.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import { scheduleMoves } from '../../../actors/evacuator/schedule-moves.ts'
import type { Places } from '../../../actors/evacuator/places.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { NO_DEMANDS } from '../../../actors/placement/suitability.ts'
import type { Target } from '../../../actors/placement/targets.ts'
import type { Evacuation } from '../../../actors/ports/compute.ts'
import type { HostName } from '../../../schema/ids.ts'
import { I1, M1, RUNNING, SMALL, THREE, TWO, instanceRow, targetRow } from '../records.ts'

export const RULES = {
  refusedRetryMs: 32_000,
  unaskedRetryMs: 31_000,
  firstRefusalPauseMs: 30_000,
  attemptsMax: 3,
  graceMs: 10_000,
  overdueMs: 60_000,
  deadlineMs: 600_000,
  restoreMs: 180_000,
}

/** The context of a step when there is only one move. */
export const CONTEXT: MoveContext = {
  rules: RULES,
  records: [],
  others: () => ({ done: 0, total: 1 }),
}

export const PENDING: Phase = { kind: 'pending', notBeforeMs: 0, reason: null }
export const REQUESTING: Phase = { kind: 'requesting' }
export const ongoing = (accepted: boolean, requestedAtMs = 0): Phase => ({
  kind: 'ongoing',
  requestedAtMs,
  knownSinceMs: requestedAtMs,
  nova: accepted ? 'accepted' : 'silent',
})

export const placesOf = (...targets: readonly Target[]): Places => ({
  stages: ['in-service'],
  targets,
  uncounted: new Set(),
  takenByOthers: new Map(),
  demands: NO_DEMANDS,
})

export const trackRow = (change: Partial<MoveTrack> = {}): MoveTrack => ({
  move: M1,
  instance: I1,
  instanceName: 'web',
  shown: instanceRow({ id: change.instance ?? I1 }),
  startedAt: 0,
  needs: SMALL,
  origin: RUNNING,
  askedAs: 'as-before',
  whereabouts: 'on-the-way',
  lock: 'none',
  remark: null,
  phase: PENDING,
  target: null,
  attempts: 0,
  refusedBy: [],
  refusals: new Map(),
  scheduler: NEVER_ASKED,
  inherited: null,
  olderRecords: [],
  ...change,
})
export const asked = (phase: Phase = REQUESTING, change: Partial<MoveTrack> = {}): MoveTrack =>
  trackRow({ phase, target: TWO, attempts: 1, ...change })

export function movingOf(tracks: readonly MoveTrack[], change: Partial<Moving> = {}): Moving {
  return {
    kind: 'moving',
    begunAtMs: 0,
    tracks: new Map(tracks.map((track) => [track.move, track])),
    places: placesOf(targetRow(TWO), targetRow(THREE)),
    records: [],
    requests: [],
    overdueTargets: [],
    listHost: 'no',
    polls: 0,
    fruitlessPolls: 0,
    poll: { kind: 'open', news: false },
    forbidden: null,
    surveyPending: false,
    room: 'there',
    ...change,
  }
}

export const polled = (
  atMs: number,
  records: readonly Evacuation[],
  lostTargets: readonly HostName[] = [],
): MovingMessage & { readonly type: 'records.polled' } => ({
  type: 'records.polled',
  records,
  lostTargets,
  atMs,
})
export const refused = (change: Partial<MovingMessage & { readonly type: 'move.refused' }> = {}) =>
  ({
    type: 'move.refused',
    move: M1,
    reason: 'no room',
    again: true,
    now: null,
    busy: false,
    atMs: 100,
    ...change,
  }) as const

/** Schedules the moves, with permission for so many evacuations; without a number, for all. */
export const asking = (state: Moving, nowMs: number, leave = Infinity): MovingStep =>
  withLeave(scheduleMoves(RULES, state, nowMs), nowMs, leave)

/** Adds to the step what follows when the concurrency limiter allows the requests. */
export function withLeave(
  [state, effects]: MovingStep,
  atMs: number,
  leave = Infinity,
): MovingStep {
  const requests = effects.flatMap((effect) =>
    effect.type === 'limiter.ask' ? effect.requests : [],
  )
  if (requests.length === 0) return [state, effects]
  const allowed = { type: 'limiter.allowed', requests: requests.slice(0, leave), atMs } as const
  const [next, more] = onMovingMessage(RULES, state, allowed)
  return [next, [...effects, ...more].filter(({ type }) => type !== 'limiter.ask')]
}

/** The evacuations that the limiter is asked for. */
export const requests = (effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[]) =>
  effects.flatMap((effect) => (effect.type === 'move.request' ? [effect] : []))

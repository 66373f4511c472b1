/** Moves at every point of their way, and what may be told about them. */
import { NEVER_ASKED, type MoveTrack, type Phase } from '../../../actors/evacuator/instance-move.ts'
import type { MovingEffect, MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import type { Moving, MovingStep } from '../../../actors/evacuator/moving-state.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import { proceed } from '../../../actors/evacuator/proceeding.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { Places } from '../../../actors/evacuator/places.ts'
import { NO_DEMANDS } from '../../../actors/placement/suitability.ts'
import type { Target } from '../../../actors/placement/targets.ts'
import type { Evacuation } from '../../../actors/ports/compute.ts'
import type { HostName } from '../../../schema/ids.ts'
import { I1, M1, RUNNING, SMALL, THREE, TWO, instanceRow, targetRow } from '../records.ts'

export const RULES = {
  retryIntervalMs: 30_000,
  attemptsMax: 3,
  graceMs: 10_000,
  overdueMs: 60_000,
  deadlineMs: 600_000,
  restoreMs: 180_000,
}

export const PENDING: Phase = { kind: 'pending', notBeforeMs: 0, reason: null }
export const REQUESTING: Phase = { kind: 'requesting' }
export const ongoing = (accepted: boolean, requestedAtMs = 0): Phase => ({
  kind: 'ongoing',
  requestedAtMs,
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
  olderRecords: [],
  ...change,
})
export const asked = (phase: Phase = REQUESTING, change: Partial<MoveTrack> = {}): MoveTrack =>
  trackRow({ phase, target: TWO, attempts: 1, ...change })

export function movingOf(tracks: readonly MoveTrack[], change: Partial<Moving> = {}): Moving {
  return {
    kind: 'moving',
    tracks: new Map(tracks.map((track) => [track.move, track])),
    startedAt: new Map(),
    here: new Map(tracks.map(({ instance: id }) => [id, instanceRow({ id })])),
    places: placesOf(targetRow(TWO), targetRow(THREE)),
    records: [],
    bids: [],
    overdueTargets: [],
    lookAtHost: 'no',
    polls: 0,
    look: { kind: 'open', news: false },
    forbidden: null,
    lookPending: false,
    room: 'there',
    ...change,
  }
}

export const polled = (
  atMs: number,
  records: readonly Evacuation[],
  lostTargets: readonly HostName[] = [],
): MovingMessage & { readonly type: 'move.polled' } => ({
  type: 'move.polled',
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

/** Goes on, with leave for as many evacuations as are named: all, when none is. */
export const asking = (state: Moving, nowMs: number, leave = Infinity): MovingStep =>
  withLeave(proceed(state, nowMs), nowMs, leave)

/** The step, and what follows when the shared pace allows what it asks for. */
export function withLeave(
  [state, effects]: MovingStep,
  atMs: number,
  leave = Infinity,
): MovingStep {
  const bids = effects.flatMap((effect) => (effect.type === 'pace.ask' ? effect.bids : []))
  if (bids.length === 0) return [state, effects]
  const allowed = { type: 'pace.allowed', bids: bids.slice(0, leave), atMs } as const
  const [next, more] = onMovingMessage(RULES, state, allowed)
  return [next, [...effects, ...more].filter(({ type }) => type !== 'pace.ask')]
}

/** The evacuations that are asked for. */
export const requests = (effects: readonly (MovingEffect | KernelEffect<MovingMessage>)[]) =>
  effects.flatMap((effect) => (effect.type === 'move.request' ? [effect] : []))

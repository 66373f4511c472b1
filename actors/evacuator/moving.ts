/** The moving part of an evacuation: what Nova's answers mean for each instance. */
import { assertNever } from '../kernel/assert-never.ts'
import { spentOf, type Phase } from './instance-move.ts'
import { hasten } from './looks.ts'
import type { MovingEffect, MovingMessage } from './evacuator-messages.ts'
import {
  seen,
  settle,
  waiting,
  withPhase,
  type Moving,
  type MovingRules,
  type MovingStep,
} from './moving-state.ts'
import { hostOf, withDoor, withoutTarget } from './places.ts'
import { onPolled } from './polled.ts'
import { ask, onAllowed, proceed } from './proceeding.ts'
import { mustReset } from './restoration.ts'
import { onLooked, onRestored } from './restoring.ts'

/** One step of the moving part. */
export function onMovingMessage(
  rules: MovingRules,
  state: Moving,
  message: MovingMessage,
): MovingStep {
  switch (message.type) {
    case 'move.requested':
    case 'move.unknown':
      return onAnswered(state, message)
    case 'pace.allowed':
      return onAllowed(state, message)
    case 'move.refused':
      return onRefused(rules, state, message)
    case 'move.hindered':
      return onHindered(rules, state, message)
    case 'move.forbidden':
      return onHindered(rules, { ...state, forbidden: message.reason }, message)
    case 'move.prepared':
      return onPrepared(state, message)
    case 'move.looked':
      return onLooked(rules, state, message)
    case 'move.restored':
      return onRestored(state, message)
    case 'move.settled':
      return [
        withPhase(state, message.move, { kind: 'ended', outcome: message.outcome }),
        [], // the poll timer goes on
      ]
    case 'move.was-put-back':
      return onPutBack(state, message)
    case 'move.poll-due':
      return [
        { ...state, polls: state.polls + 1, look: { kind: 'open', news: false } },
        [{ type: 'move.poll', targets: state.overdueTargets, lookAtHost: state.lookAtHost }],
      ]
    case 'move.polled':
      return onPolled(rules, looked(state), message)
    case 'move.poll-failed':
      return proceed(looked(state), message.atMs)
    case 'move.news':
      return onNews(state, message.atMs)
    case 'spare.opened':
      return proceed(
        { ...state, places: withDoor(state.places, message.host, 'open') },
        message.atMs,
      )
    case 'spare.refused':
      return proceed({ ...state, places: withoutTarget(state.places, message.host) }, message.atMs)
    default:
      return assertNever(message)
  }
}

/** Listens to what Compute's bus tells of them. */
export const awaitNews = (state: Moving): MovingEffect => ({
  type: 'news.await',
  instances: [...state.tracks.values()].map(({ instance }) => instance),
})

function onNews(state: Moving, nowMs: number): MovingStep {
  const [next, effects] = hasten(state, nowMs)
  return [next, [...effects, awaitNews(state)]]
}

/** No look is open any more; of news that came during it the next one is told. */
const looked = (state: Moving): Moving => ({
  ...state,
  look: { kind: 'none', news: state.look.kind === 'open' && state.look.news },
})

/** Nova said yes, or nothing: from now on its records tell. */
function onAnswered(
  state: Moving,
  answer: MovingMessage & { readonly type: 'move.requested' | 'move.unknown' },
): MovingStep {
  const track = state.tracks.get(answer.move)
  if (track?.phase.kind !== 'requesting') return [state, []]
  const phase: Phase = {
    kind: 'ongoing',
    requestedAtMs: answer.atMs,
    nova: answer.type === 'move.requested' ? 'accepted' : 'silent',
  }
  const startedAt = new Map(state.startedAt).set(answer.move, answer.startedAt)
  return proceed({ ...withPhase(state, answer.move, phase), startedAt }, answer.atMs)
}

/** It is pending again, for whoever reads the store, too. */
function onPutBack(
  state: Moving,
  { move, atMs }: MovingMessage & { readonly type: 'move.was-put-back' },
): MovingStep {
  const phase = state.tracks.get(move)?.phase
  if (phase?.kind !== 'putting-back') return [state, []]
  return proceed(withPhase(state, move, phase.next), atMs)
}

/** Nothing is in the way of the evacuation any more. */
function onPrepared(
  before: Moving,
  { move, target, done }: MovingMessage & { readonly type: 'move.prepared' },
): MovingStep {
  const track = before.tracks.get(move)
  if (track?.phase.kind !== 'requesting') return [before, []]
  const now = before.here.get(track.instance)
  const broken = { vmState: 'error', taskState: null }
  const state =
    now === undefined || !done.includes('call-broken')
      ? before
      : seen(before, { ...now, ...broken })
  return ask(state, track, target)
}

function onRefused(
  rules: MovingRules,
  before: Moving,
  refusal: MovingMessage & { readonly type: 'move.refused' },
): MovingStep {
  const track = before.tracks.get(refusal.move)
  if (track?.phase.kind !== 'requesting') return [before, []]
  const { now } = refusal
  const state = now === null ? before : seen(before, now)
  if (!refusal.again) {
    return settle(state, track, { outcome: 'ignored', dest: null, reason: refusal.reason })
  }
  if (refusal.busy) {
    // The shared pace knows when Nova may be asked again.
    const back = { ...track, attempts: track.attempts - 1 }
    return proceed(waiting(state, back, refusal.atMs, refusal.reason), refusal.atMs)
  }
  if (spentOf(track) >= rules.attemptsMax) {
    return settle(state, track, { outcome: 'failed', dest: null, reason: refusal.reason })
  }
  // What stood in the way of an instance in a state of its own is cleared by the next attempt.
  const soon = now !== null && mustReset(now)
  const until = refusal.atMs + (soon ? 1000 : rules.retryIntervalMs)
  return proceed(waiting(state, track, until, refusal.reason), refusal.atMs)
}

/** The row was not as we knew it, or there was no grant: an operator's word. Nothing was asked for. */
function onHindered(
  rules: MovingRules,
  state: Moving,
  message: MovingMessage & { readonly type: 'move.hindered' | 'move.forbidden' },
): MovingStep {
  const track = state.tracks.get(message.move)
  if (track?.phase.kind !== 'requesting') return [state, []]
  const until = message.atMs + rules.retryIntervalMs
  const back = { ...track, attempts: track.attempts - 1 }
  const next = waiting(state, back, until, message.reason)
  const host = hostOf(track.target)
  // The row refuses a target that was reserved again: until the next survey it is none.
  return message.type === 'move.hindered' && host !== null
    ? proceed({ ...next, places: withoutTarget(next.places, host) }, message.atMs)
    : proceed(next, message.atMs)
}

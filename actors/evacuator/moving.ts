/** The moving part of an evacuation: what Nova's answers and its records mean for each instance. */
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect } from '../kernel/behaviour.ts'
import type { HostName } from '../../schema/ids.ts'
import type { Instance } from '../ports/compute.ts'
import { judgeRecords, type MoveTrack, type Phase } from './instance-move.ts'
import {
  ask,
  proceed,
  recordIdsOf,
  settle,
  waiting,
  withPhase,
  withTrack,
  type Moving,
  type MovingRules,
  type MovingStep,
} from './moving-state.ts'
import { adopt } from './adopting.ts'
import type { MovingEffect, MovingMessage } from './moving-messages.ts'
import { hostOf, withDoor, withoutTarget } from './places.ts'
import { slowDown, speedUp, type Pace } from './pacing.ts'
import { mustReset } from './restoration.ts'
import { lookAgain, onLooked, onRestored } from './restoring.ts'

/** One step of the moving part. */
export function onMovingMessage(
  rules: MovingRules,
  state: Moving,
  message: MovingMessage,
): MovingStep {
  switch (message.type) {
    case 'move.requested':
      return onAnswered(state, message, speedUp(state.pace))
    case 'move.unknown':
      return onAnswered(state, message, slowDown(state.pace))
    case 'move.refused':
      return onRefused(rules, state, message)
    case 'move.hindered':
      return onHindered(rules, state, message)
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
    case 'move.poll-due':
      return [
        { ...state, polls: state.polls + 1 },
        [{ type: 'move.poll', targets: state.overdueTargets }],
      ]
    case 'move.polled':
      return onPolled(rules, { ...state, pollPending: false }, message)
    case 'move.poll-failed':
      return proceed({ ...state, pollPending: false, pace: slowDown(state.pace) }, message.atMs)
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

/** Nova said yes, or nothing: from now on its records tell. */
function onAnswered(
  state: Moving,
  answer: MovingMessage & { readonly type: 'move.requested' | 'move.unknown' },
  pace: Pace,
): MovingStep {
  const track = state.tracks.get(answer.move)
  if (track?.phase.kind !== 'requesting') return [state, []]
  const phase: Phase = {
    kind: 'ongoing',
    requestedAtMs: answer.atMs,
    accepted: answer.type === 'move.requested',
  }
  const startedAt = new Map(state.startedAt).set(answer.move, answer.startedAt)
  return proceed({ ...withPhase(state, answer.move, phase), startedAt, pace }, answer.atMs)
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
  const slower = refusal.busy ? { ...state, pace: slowDown(state.pace) } : state
  if (!refusal.again) {
    return settle(slower, track, { outcome: 'ignored', dest: null, reason: refusal.reason })
  }
  if (!refusal.busy && track.attempts >= rules.attemptsMax) {
    return settle(slower, track, { outcome: 'failed', dest: null, reason: refusal.reason })
  }
  // What stood in the way of an instance that is busy, or in a state of its own, is cleared by the next attempt.
  const soon = refusal.busy || (now !== null && mustReset(now))
  const until = refusal.atMs + Math.max(refusal.pauseMs, soon ? 1000 : rules.retryIntervalMs)
  const back = refusal.busy ? { ...track, attempts: track.attempts - 1 } : track
  return proceed(waiting(slower, back, until, refusal.reason), refusal.atMs)
}

/** The state with an instance as Nova shows it now. */
const seen = (state: Moving, instance: Instance): Moving => ({
  ...state,
  here: new Map(state.here).set(instance.id, instance),
})

/** No grant just now: the segment was disabled, or the host taken into maintenance. Nothing was asked for. */
function onHindered(
  rules: MovingRules,
  state: Moving,
  message: MovingMessage & { readonly type: 'move.hindered' },
): MovingStep {
  const track = state.tracks.get(message.move)
  if (track?.phase.kind !== 'requesting') return [state, []]
  const until = message.atMs + rules.retryIntervalMs
  const back = { ...track, attempts: track.attempts - 1 }
  return proceed(waiting(state, back, until, message.reason), message.atMs)
}

function onPolled(
  rules: MovingRules,
  state: Moving,
  polled: MovingMessage & { readonly type: 'move.polled' },
): MovingStep {
  const { records, atMs } = polled
  let next: Moving = { ...state, records }
  const effects: (MovingEffect | KernelEffect<MovingMessage>)[] = []
  for (const track of state.tracks.values()) {
    const [after, more] = judge(rules, next, adopt(next, track, atMs), polled)
    next = after
    effects.push(...more)
  }
  const [last, rest] = proceed({ ...next, overdueTargets: overdue(rules, next, atMs) }, atMs)
  return [last, [...effects, ...rest]]
}

/** Targets that have kept us waiting. */
function overdue(rules: MovingRules, state: Moving, atMs: number): readonly HostName[] {
  const targets = [...state.tracks.values()].flatMap(({ phase, target }) =>
    phase.kind === 'ongoing' && atMs - phase.requestedAtMs >= rules.overdueMs
      ? [hostOf(target)]
      : [],
  )
  return [...new Set(targets)].filter((target) => target !== null)
}

function judge(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  polled: MovingMessage & { readonly type: 'move.polled' },
): MovingStep {
  const { atMs } = polled
  if (track.phase.kind === 'restoring') return lookAgain(state, track)
  if (track.phase.kind === 'ended') return correct(state, track)
  if (track.phase.kind !== 'ongoing') return [state, []]
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  const graceOver = atMs - track.phase.requestedAtMs >= rules.graceMs
  switch (verdict.kind) {
    case 'moved': {
      const dest = verdict.dest ?? hostOf(track.target)
      return settle(state, track, {
        outcome: 'succeeded',
        dest,
        reason: 'Nova recorded it as done',
      })
    }
    case 'under-way':
      // Nova has chosen, or had chosen otherwise.
      return onUnderWay(rules, state, { ...track, target: verdict.dest ?? track.target }, polled)
    case 'refused':
      // Without Nova's yes to *this* request the record may be an earlier attempt's: wait for a newer one.
      if (!track.phase.accepted && !graceOver) return [state, []]
      return again(rules, state, turnedDown(track), {
        reason: `Nova recorded the evacuation as ${verdict.status}`,
        ask: 'nova',
        atMs,
      })
    case 'no-record':
      if (!graceOver) return [state, []]
      // Nobody was asked: the target has refused nothing.
      return again(rules, state, track, {
        reason: 'no record of the request appeared in Nova',
        ask: 'nobody',
        atMs,
      })
    default:
      return assertNever(verdict)
  }
}

/** Nova never ends an evacuation whose target died under it: a lost target frees the instance, and so does time. */
function onUnderWay(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  { lostTargets, atMs }: MovingMessage & { readonly type: 'move.polled' },
): MovingStep {
  const { phase, target } = track
  if (phase.kind !== 'ongoing') return [state, []]
  const host = hostOf(target)
  if (host !== null && lostTargets.includes(host)) {
    // Nova leaves it in the middle of its task.
    const now = state.here.get(track.instance)
    const stuck = now === undefined ? state : seen(state, { ...now, taskState: 'rebuilding' })
    return again(rules, stuck, turnedDown(track), {
      reason: `${host} died as well`,
      ask: 'nobody',
      atMs,
    })
  }
  if (atMs - phase.requestedAtMs >= rules.deadlineMs) {
    const minutes = Math.round(rules.deadlineMs / 60_000)
    const reason = `Nova shows it under way to ${target} and does not end it within ${minutes} min`
    return settle(state, track, { outcome: 'failed', dest: null, reason })
  }
  return [withTrack(state, { ...track, phase: { ...phase, accepted: true } }), []]
}

/** What was given up may have succeeded late: for as long as the recovery goes on, its record is believed. */
function correct(state: Moving, track: MoveTrack): MovingStep {
  if (track.phase.kind !== 'ended' || track.phase.outcome !== 'failed') return [state, []]
  if (track.whereabouts === 'arrived' || track.attempts === 0) return [state, []]
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (verdict.kind !== 'moved') return [state, []]
  const { dest } = verdict
  return settle(state, track, {
    outcome: 'succeeded',
    dest,
    reason: 'Nova recorded it as done, late',
  })
}

interface Failure {
  readonly reason: string
  /** Whether Nova can tell more about it. */
  readonly ask: 'nova' | 'nobody'
  readonly atMs: number
}

/** Its target is not asked again. */
const turnedDown = (track: MoveTrack): MoveTrack =>
  track.target === null ? track : { ...track, refusedBy: [...track.refusedBy, track.target] }

/** An attempt is over without success: another one elsewhere, or the end. */
function again(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  { reason, ask: source, atMs }: Failure,
): MovingStep {
  if (track.phase.kind !== 'ongoing') return [state, []]
  if (track.attempts >= rules.attemptsMax) {
    return settle(state, track, { outcome: 'failed', dest: null, reason }, source)
  }
  // What is on record now has been judged: it is not taken up a second time.
  const olderRecords = recordIdsOf(state, track)
  const next = waiting(state, { ...track, olderRecords }, atMs + 1000, reason)
  const { move, instance } = track
  return [next, [{ type: 'move.put-back', move, instance, reason, ask: source }]]
}

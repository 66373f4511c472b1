/** What Nova's records mean for each instance of a dead host. */
import type { HostName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect } from '../kernel/behaviour.ts'
import { adopt } from './adopting.ts'
import {
  judgeRecords,
  pairPauseMs,
  spentOf,
  type MoveTrack,
  type RecordVerdict,
} from './instance-move.ts'
import type { MovingEffect, MovingMessage } from './evacuator-messages.ts'
import {
  recordIdsOf,
  seen,
  settle,
  withTrack,
  type Moving,
  type MovingRules,
  type MovingStep,
} from './moving-state.ts'
import { NEVER_REFUSED } from '../placement/choose-target.ts'
import { ANYWHERE, type TargetName } from '../placement/targets.ts'
import type { Refuser } from '../ports/move-store.ts'
import { hostOf } from './places.ts'
import { proceed } from './proceeding.ts'
import { lookAgain } from './restoring.ts'

type Polled = MovingMessage & { readonly type: 'move.polled' }

/** One look is for all instances of the host. */
export function onPolled(rules: MovingRules, state: Moving, polled: Polled): MovingStep {
  const { records, atMs } = polled
  let next: Moving = { ...state, records, lookAtHost: 'no' }
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

function judge(rules: MovingRules, state: Moving, track: MoveTrack, polled: Polled): MovingStep {
  const { atMs } = polled
  if (track.phase.kind === 'restoring') return lookAgain(state, track)
  if (track.phase.kind === 'ended') return correct(state, track, polled)
  if (track.phase.kind !== 'ongoing') return [state, []]
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  const graceOver = atMs - track.phase.requestedAtMs >= rules.graceMs
  switch (verdict.kind) {
    case 'moved': {
      if (!hasLeft(verdict, track, polled)) {
        const looking: Moving = { ...state, lookAtHost: 'yes' }
        const phase = { ...track.phase, nova: 'begun' } as const
        return onUnderWay(rules, looking, { ...track, phase }, polled)
      }
      const dest = verdict.dest ?? hostOf(track.target)
      return settle(state, track, {
        outcome: 'succeeded',
        dest,
        reason: 'Nova recorded it as done',
      })
    }
    case 'under-way': {
      const phase = { ...track.phase, nova: verdict.nova }
      // Nova has chosen, or had chosen otherwise.
      const target = verdict.dest ?? track.target
      return onUnderWay(rules, state, { ...track, target, phase }, polled)
    }
    case 'refused':
      // Without Nova's yes to *this* request the record may be an earlier attempt's: wait for a newer one.
      if (track.phase.nova === 'silent' && !graceOver) return [state, []]
      return again(rules, state, track, {
        reason: `Nova recorded the evacuation as ${verdict.status}`,
        ...refuserOf(track, verdict),
        ask: 'nova',
        atMs,
      })
    case 'no-record':
      return onNoRecord(rules, state, track, polled)
    default:
      return assertNever(verdict)
  }
}

/** A record that was seen is hidden, as while its cell is down; without one that was ever seen, nobody was asked. */
function onNoRecord(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  polled: Polled,
): MovingStep {
  if (track.phase.kind !== 'ongoing') return [state, []]
  if (track.phase.nova === 'begun') return onUnderWay(rules, state, track, polled)
  const { atMs } = polled
  if (atMs - track.phase.requestedAtMs < rules.graceMs) return [state, []]
  return again(rules, state, track, {
    reason: 'no record of the request appeared in Nova',
    ...NOBODY,
    ask: 'nobody',
    atMs,
  })
}

/**
 * A nova-compute that starts closes every evacuation from its host as completed, also those under way: only what Nova has not on
 * the host any more was moved then. Until that was looked at, nothing is believed.
 */
const hasLeft = (
  { by }: RecordVerdict & { readonly kind: 'moved' },
  { instance }: MoveTrack,
  { onHost }: Polled,
): boolean => by === 'done' || (onHost !== undefined && !onHost.has(instance))

/** Nova never ends an evacuation whose target died under it: a lost target frees the instance, and so does time. */
function onUnderWay(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  { lostTargets, atMs }: Polled,
): MovingStep {
  const { phase, target } = track
  if (phase.kind !== 'ongoing') return [state, []]
  const host = hostOf(target)
  if (host !== null && lostTargets.includes(host)) {
    // Nova leaves it in the middle of its task.
    const now = state.here.get(track.instance)
    const stuck = now === undefined ? state : seen(state, { ...now, taskState: 'rebuilding' })
    return again(rules, stuck, track, {
      reason: `${host} died as well`,
      refusedBy: host,
      from: 'target',
      ask: 'nobody',
      atMs,
    })
  }
  if (atMs - phase.requestedAtMs >= rules.deadlineMs) {
    const minutes = Math.round(rules.deadlineMs / 60_000)
    const reason = `Nova shows it under way to ${target} and does not end it within ${minutes} min`
    return settle(state, track, { outcome: 'failed', dest: null, reason })
  }
  return [withTrack(state, track), []]
}

type Refused = Pick<Failure, 'refusedBy' | 'from'>

const NOBODY: Refused = { refusedBy: null, from: 'target' }

/** Nova's conductor writes `error` when its scheduler accepts no host, or not the one that was named; a target writes `failed`. */
function refuserOf(
  track: MoveTrack,
  { dest, status }: RecordVerdict & { readonly kind: 'refused' },
): Refused {
  const target = dest ?? track.target
  if (status === 'error') return { refusedBy: target, from: 'scheduler' }
  return target === ANYWHERE ? NOBODY : { refusedBy: target, from: 'target' }
}

/** What was given up may have succeeded late: for as long as the recovery goes on, its record is believed. */
function correct(state: Moving, track: MoveTrack, polled: Polled): MovingStep {
  if (track.phase.kind !== 'ended' || track.phase.outcome !== 'failed') return [state, []]
  if (track.whereabouts === 'arrived' || track.attempts === 0) return [state, []]
  const verdict = judgeRecords(track, state.records, state.startedAt.get(track.move) ?? 0)
  if (verdict.kind !== 'moved') return [state, []]
  if (!hasLeft(verdict, track, polled)) return [{ ...state, lookAtHost: 'yes' }, []]
  const { dest } = verdict
  return settle(state, track, {
    outcome: 'succeeded',
    dest,
    reason: 'Nova recorded it as done, late',
  })
}

interface Failure {
  readonly reason: string
  /** The target that turned it down, if one did. */
  readonly refusedBy: TargetName | null
  readonly from: Refuser
  /** Whether Nova can tell more about it. */
  readonly ask: 'nova' | 'nobody'
  readonly atMs: number
}

/** An attempt is over without success: another one elsewhere, or the end. */
function again(
  rules: MovingRules,
  state: Moving,
  track: MoveTrack,
  { reason, refusedBy, from, ask: source, atMs }: Failure,
): MovingStep {
  if (track.phase.kind !== 'ongoing') return [state, []]
  if (from === 'target' && spentOf(track) >= rules.attemptsMax) {
    return settle(state, track, { outcome: 'failed', dest: null, reason }, source)
  }
  // What is on record now has been judged: it is not taken up a second time.
  const olderRecords = recordIdsOf(state, track)
  const judged = { ...refused(rules, track, { refusedBy, from }, atMs), olderRecords }
  const { move, instance, origin } = track
  const next = { kind: 'pending', notBeforeMs: atMs + 1000, reason } as const
  return [
    withTrack(state, { ...judged, phase: { kind: 'putting-back', next }, target: null }),
    [{ type: 'move.put-back', move, instance, origin, reason, refusedBy, from, ask: source }],
  ]
}

/**
 * A host on which it failed is passed over in this run. One that Nova's scheduler did not accept, like the scheduler where the
 * choice is its own, may be asked again after twice the pause each time, and such a request costs no attempt.
 */
function refused(
  { retryIntervalMs }: MovingRules,
  track: MoveTrack,
  { refusedBy: by, from }: Refused,
  atMs: number,
): MoveTrack {
  if (by === null) return track
  const hadNoHost = track.scheduler.hadNoHost + (from === 'scheduler' ? 1 : 0)
  if (by === ANYWHERE) {
    const askAgainAtMs = atMs + pairPauseMs(retryIntervalMs, hadNoHost)
    return { ...track, scheduler: { hadNoHost, askAgainAtMs } }
  }
  const before = track.refusals.get(by) ?? NEVER_REFUSED
  const times = before.times + 1
  const byScheduler = before.byScheduler + (from === 'scheduler' ? 1 : 0)
  const askAgainAtMs = atMs + pairPauseMs(retryIntervalMs, times)
  const refusals = new Map(track.refusals).set(by, { times, byScheduler, askAgainAtMs })
  const scheduler = { ...track.scheduler, hadNoHost }
  const refusedBy = from === 'target' ? [...track.refusedBy, by] : track.refusedBy
  return { ...track, refusals, scheduler, refusedBy }
}

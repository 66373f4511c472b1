/**
 * One move of an instance from the dead host to another host. Every change of its phase happens in `step`. Pure.
 *
 * | phase             | event                        | next phase                                 | when                                                         |
 * | ----------------- | ---------------------------- | ------------------------------------------ | ------------------------------------------------------------ |
 * | pending, unplaced | schedule.unplaced            | unplaced                                   | no target has room                                           |
 * | unplaced          | schedule.placed              | pending                                    | a target has room again                                      |
 * | pending, unplaced | schedule.request             | requesting                                 | the limiter allows it                                        |
 * | pending, unplaced | schedule.end                 | restoring, settling                        | it is not to be moved any more, or no target is left         |
 * | pending, unplaced | records.surveyed             | ongoing                                    | Nova has it in flight already: it is adopted                 |
 * | pending, unplaced | records.polled               | ongoing, putting-back, restoring, settling | it is adopted, and the records are applied as below          |
 * | requesting        | move.prepared                | requesting                                 | the request follows                                          |
 * | requesting        | move.requested, move.unknown | ongoing                                    | Nova said yes, or nothing                                    |
 * | requesting        | move.refused                 | pending, restoring, settling               | it ends when its attempts are spent, or the instance is gone |
 * | requesting        | move.blocked, move.forbidden | pending                                    | nothing was requested                                        |
 * | ongoing           | records.polled               | ongoing, putting-back, restoring, settling | in flight; the attempt failed; arrived, given up             |
 * | putting-back      | move.was-put-back            | pending                                    |                                                              |
 * | restoring         | records.polled               | restoring                                  | the instance is looked at                                    |
 * | restoring         | move.looked, move.restored   | restoring, settling                        | an order follows; it is what it was, given up, handed over   |
 * | settling          | move.settled                 | ended                                      |                                                              |
 * | ended             | records.polled               | restoring, settling                        | it had failed, and arrived late                              |
 *
 * Every other event leaves a move as it is. A move is `restoring` while its instance has arrived but is not in its state before
 * the fault, or while we still hold its lock. It is `settling` while its end is being written.
 */
import { assertNever } from '../kernel/assert-never.ts'
import type { Step } from '../kernel/behaviour.ts'
import type { TargetName } from '../placement/targets.ts'
import type { Evacuation } from '../ports/compute.ts'
import {
  inFlightOf,
  lateArrivalOf,
  readRecords,
  recordIdsOf,
  type Failure,
} from './apply-records.ts'
import type {
  MoveAnswer,
  MoveEffect,
  MoveRules,
  Progress,
  RecordsPolled,
  Settlement,
} from './evacuator-messages.ts'
import {
  isOtherwise,
  mustReset,
  needsRestoring,
  nextRestoring,
  preparationsOf,
  type RestoringOrder,
} from './restoration.ts'
import { ongoingSince, type End, type Phase } from './move-phase.ts'
import { countRefusal, spentOf, type MoveTrack } from './move-track.ts'

/** What a step needs beside the move itself. */
export interface MoveContext {
  readonly rules: MoveRules
  /** Nova's evacuation records of the dead host, as last read. */
  readonly records: readonly Evacuation[]
  /** How many of the other moves are done, and how many moves there are. */
  readonly others: () => Progress
}

/** Events of one move from the evacuator's schedule. */
type ScheduleEvent =
  | { readonly type: 'schedule.unplaced'; readonly reason: string }
  | { readonly type: 'schedule.placed' }
  | { readonly type: 'schedule.request'; readonly target: TargetName }
  | { readonly type: 'schedule.end'; readonly end: End; readonly ask: Failure['ask'] }
  | { readonly type: 'records.surveyed'; readonly atMs: number }

export type MoveEvent = ScheduleEvent | RecordsPolled | MoveAnswer

type MoveStep = Step<MoveTrack, MoveEffect>

/** The next state of a move, and its effects. */
export function step(context: MoveContext, move: MoveTrack, event: MoveEvent): MoveStep {
  switch (event.type) {
    case 'schedule.unplaced':
    case 'schedule.placed':
    case 'schedule.request':
    case 'schedule.end':
    case 'records.surveyed':
      return isQueued(move) ? onSchedule(context, move, event) : [move, []]
    case 'records.polled':
      return onRecords(context, move, event)
    case 'move.prepared':
      return onPrepared(context, move, event)
    case 'move.requested':
    case 'move.unknown':
      return onRequested(move, event)
    case 'move.refused':
      return onRefused(context, move, event)
    case 'move.blocked':
    case 'move.forbidden':
      return onBlocked(context, move, event)
    case 'move.was-put-back':
      return move.phase.kind === 'putting-back'
        ? [{ ...move, phase: move.phase.next }, []]
        : [move, []]
    case 'move.looked':
      return onLooked(context, move, event)
    case 'move.restored':
      return onRestored(context, move, event)
    case 'move.settled':
      return move.phase.kind === 'settling'
        ? [{ ...move, phase: { kind: 'ended', outcome: event.outcome } }, []]
        : [move, []]
    default:
      return assertNever(event)
  }
}

type Restoring = Phase & { readonly kind: 'restoring' }
type Answer<Type extends MoveAnswer['type']> = MoveAnswer & { readonly type: Type }

/**
 * Pause when nothing has to be waited for, ms. It only prevents a stream of requests that fail at
 * once.
 */
const AGAIN_SOON_MS = 1000

/** Whether the move waits to be requested. */
const isQueued = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'pending' || phase.kind === 'unplaced'

function onSchedule(context: MoveContext, move: MoveTrack, event: ScheduleEvent): MoveStep {
  switch (event.type) {
    case 'schedule.unplaced':
      return [{ ...move, phase: { kind: 'unplaced', reason: event.reason } }, []]
    case 'schedule.placed':
      return move.phase.kind === 'unplaced'
        ? [{ ...move, phase: { kind: 'pending', notBeforeMs: 0, reason: null } }, []]
        : [move, []]
    case 'schedule.request':
      return onRequest(context, move, event.target)
    case 'schedule.end':
      return end(context, move, event.end, event.ask)
    case 'records.surveyed':
      return [adoptInFlight(context, move, event.atMs), []]
    default:
      return assertNever(event)
  }
}

function onRequest(context: MoveContext, before: MoveTrack, target: TargetName): MoveStep {
  const { shown, instance } = before
  const steps = preparationsOf(before)
  const move: MoveTrack = {
    ...before,
    phase: { kind: 'requesting' },
    target,
    askedAs: shown === undefined || isOtherwise(shown, before) ? 'otherwise' : 'as-before',
    lock: steps.includes('lock') ? 'ours' : before.lock,
    olderRecords: recordIdsOf(context.records, instance),
    inherited: null,
    attempts: before.attempts + 1,
  }
  return steps.length === 0
    ? request(context, move, target)
    : [move, [{ type: 'move.prepare', move: move.move, instance, target, steps }]]
}

function request(context: MoveContext, track: MoveTrack, target: TargetName): MoveStep {
  const { move, instance, instanceName, needs } = track
  const about = { move, instance, instanceName, needs, target, progress: context.others() }
  return [track, [{ type: 'move.request', ...about }]]
}

function onPrepared(
  context: MoveContext,
  move: MoveTrack,
  event: Answer<'move.prepared'>,
): MoveStep {
  if (move.phase.kind !== 'requesting') return [move, []]
  const { shown } = move
  const isReset = shown !== undefined && event.done.includes('call-broken')
  const now = isReset ? { ...shown, vmState: 'error', taskState: null } : shown
  return request(context, { ...move, shown: now }, event.target)
}

/** Nova accepted the request, or did not answer. From now on, its records tell. */
function onRequested(
  move: MoveTrack,
  { type, atMs, startedAt }: Answer<'move.requested' | 'move.unknown'>,
): MoveStep {
  if (move.phase.kind !== 'requesting') return [move, []]
  const nova = type === 'move.requested' ? 'accepted' : 'silent'
  return [{ ...move, startedAt, phase: ongoingSince(atMs, nova) }, []]
}

function onRefused(
  context: MoveContext,
  before: MoveTrack,
  refusal: Answer<'move.refused'>,
): MoveStep {
  if (before.phase.kind !== 'requesting') return [before, []]
  const { now, reason, atMs } = refusal
  const move = now === null ? before : { ...before, shown: now }
  if (!refusal.again) return end(context, move, { outcome: 'ignored', dest: null, reason })
  // When Nova is busy, the limiter decides when the next request is sent.
  if (refusal.busy) return [queued({ ...move, attempts: move.attempts - 1 }, atMs, reason), []]
  if (spentOf(move) >= context.rules.attemptsMax) {
    return end(context, move, { outcome: 'failed', dest: null, reason })
  }
  // The next attempt resets an instance whose state prevented this one, so it need not wait.
  const pauseMs = now !== null && mustReset(now) ? AGAIN_SOON_MS : context.rules.refusedRetryMs
  return [queued(move, atMs + pauseMs, reason), []]
}

/**
 * Nothing was requested: the row was not as expected, the host may be alive, or an operator command
 * forbids it.
 */
function onBlocked(
  { rules }: MoveContext,
  move: MoveTrack,
  { atMs, reason }: Answer<'move.blocked' | 'move.forbidden'>,
): MoveStep {
  if (move.phase.kind !== 'requesting') return [move, []]
  const back = { ...move, attempts: move.attempts - 1 }
  return [queued(back, atMs + rules.unaskedRetryMs, reason), []]
}

/** The move is in the queue again, without a target. */
const queued = (move: MoveTrack, notBeforeMs: number, reason: string): MoveTrack => ({
  ...move,
  phase: { kind: 'pending', notBeforeMs, reason },
  target: null,
})

/** Nova's records were read, once for all moves. */
function onRecords(context: MoveContext, track: MoveTrack, polled: RecordsPolled): MoveStep {
  const move: MoveTrack =
    track.whereabouts === 'unproven' ? { ...track, whereabouts: 'on-the-way' } : track
  switch (move.phase.kind) {
    case 'pending':
    case 'unplaced':
      return applyRecords(context, adoptInFlight(context, move, polled.atMs), polled)
    case 'ongoing':
      return applyRecords(context, move, polled)
    case 'restoring':
      return lookAgain(move, move.phase)
    case 'ended':
      return onLateRecord(context, move, polled)
    case 'requesting':
    case 'putting-back':
    case 'settling':
      return [move, []]
    default:
      return assertNever(move.phase)
  }
}

/** Adopts an evacuation in flight: a second request could make the instance run twice. */
function adoptInFlight({ records }: MoveContext, move: MoveTrack, atMs: number): MoveTrack {
  const found = inFlightOf(move, records)
  if (found === undefined) return move
  const { nova, ...about } = found
  const { requestedAtMs = atMs } = move.inherited ?? {}
  return { ...move, ...about, phase: { ...ongoingSince(atMs, nova), requestedAtMs } }
}

function applyRecords(context: MoveContext, move: MoveTrack, polled: RecordsPolled): MoveStep {
  const { phase } = move
  if (phase.kind !== 'ongoing') return [move, []]
  const finding = readRecords(context, move, phase, polled)
  switch (finding.kind) {
    case 'nothing':
      return [move, []]
    case 'in-flight': {
      const { target, nova, whereabouts } = finding
      return [{ ...move, target, whereabouts, phase: { ...phase, nova } }, []]
    }
    case 'arrived': {
      const { dest } = finding
      return end(context, move, { outcome: 'succeeded', dest, reason: 'Nova recorded it as done' })
    }
    case 'given-up': {
      const { reason, target, whereabouts } = finding
      const how: End = { outcome: 'failed', dest: null, reason }
      return end(context, { ...move, target, whereabouts }, how)
    }
    case 'target-lost': {
      const { target, whereabouts } = finding
      // Nova leaves the instance in its unfinished task.
      const shown = move.shown && { ...move.shown, taskState: 'rebuilding' }
      const lost = { ...move, target, whereabouts, shown }
      return attemptFailed(context, lost, finding, polled.atMs)
    }
    case 'failed':
      return attemptFailed(context, move, finding, polled.atMs)
    default:
      return assertNever(finding)
  }
}

/** The move goes back into the queue for another attempt, or ends. */
function attemptFailed(
  context: MoveContext,
  track: MoveTrack,
  { reason, refusedBy, from, ask }: Failure,
  atMs: number,
): MoveStep {
  const { rules, records } = context
  if (from === 'target' && spentOf(track) >= rules.attemptsMax) {
    return end(context, track, { outcome: 'failed', dest: null, reason }, ask)
  }
  const { move, instance, origin } = track
  const next: MoveTrack = {
    ...countRefusal(track, { refusedBy, from, atMs, ...rules }),
    // The present records have been judged. They are not applied a second time.
    olderRecords: recordIdsOf(records, instance),
    target: null,
    phase: {
      kind: 'putting-back',
      next: { kind: 'pending', notBeforeMs: atMs + AGAIN_SOON_MS, reason },
    },
  }
  return [next, [{ type: 'move.put-back', move, instance, origin, reason, refusedBy, from, ask }]]
}

/** A move that was given up may succeed late. Its record counts as long as the recovery runs. */
function onLateRecord(context: MoveContext, move: MoveTrack, polled: RecordsPolled): MoveStep {
  if (move.phase.kind !== 'ended' || move.phase.outcome !== 'failed') return [move, []]
  const late = lateArrivalOf(move, context.records, polled)
  if (late === 'none') return [move, []]
  if (late === 'unproven') return [{ ...move, whereabouts: late }, []]
  const reason = 'Nova recorded it as done, late'
  return end(context, move, { outcome: 'succeeded', dest: late.dest, reason })
}

/** Ends the move: at once, or after the instance is in its earlier state again and unlocked. */
function end(
  context: MoveContext,
  track: MoveTrack,
  how: End,
  ask: Failure['ask'] = 'nobody',
): MoveStep {
  const arrived: MoveTrack =
    how.outcome === 'succeeded' ? { ...track, whereabouts: 'arrived' } : track
  if (!needsRestoring(arrived, how.outcome)) return close(context, arrived, how, { ask })
  const { move, instance } = track
  const phase: Phase = { kind: 'restoring', end: how, sinceMs: null, step: 'open', problem: null }
  return [{ ...arrived, phase }, [{ type: 'move.look', move, instance }]]
}

/** Writes the end of the move. */
function close(
  context: MoveContext,
  track: MoveTrack,
  how: End,
  { ask = 'nobody', successor = null }: Partial<Settlement>,
): MoveStep {
  const { move, instance, instanceName, origin, lock, remark } = track
  const { done, total } = context.others()
  const progress = { done: done + 1, total }
  const about = { move, instance, instanceName, origin, lock, remark, progress }
  return [
    { ...track, phase: { kind: 'settling' } },
    [{ type: 'move.settle', ...about, ...how, ask, successor }],
  ]
}

/**
 * Reads the instance again with every poll of the records, unless an answer of Nova is still open.
 */
function lookAgain(track: MoveTrack, phase: Restoring): MoveStep {
  if (phase.step === 'open') return [track, []]
  const { move, instance } = track
  return [{ ...track, phase: { ...phase, step: 'open' } }, [{ type: 'move.look', move, instance }]]
}

/**
 * Nova shows the instance as it is now. The next order depends only on that, so that any leader can
 * go on.
 */
function onLooked(context: MoveContext, move: MoveTrack, looked: Answer<'move.looked'>): MoveStep {
  if (move.phase.kind !== 'restoring') return [move, []]
  const sinceMs = move.phase.sinceMs ?? looked.atMs
  const isLate = looked.atMs - sinceMs >= context.rules.restoreMs
  const next = nextRestoring(move, { ...move.phase, isLate }, looked)
  switch (next.kind) {
    case 'close':
      return close(context, { ...move, remark: next.remark }, next.end, next)
    case 'order': {
      const phase = { ...move.phase, sinceMs, end: next.end }
      return order({ ...move, remark: next.remark }, phase, next.step)
    }
    case 'wait':
      return [{ ...move, phase: { ...move.phase, sinceMs, step: 'none' } }, []]
    default:
      return assertNever(next)
  }
}

function order(track: MoveTrack, phase: Restoring, what: RestoringOrder): MoveStep {
  const { move, instance } = track
  const next: MoveTrack = { ...track, phase: { ...phase, step: 'open' } }
  return [next, [{ type: 'move.restore', move, instance, step: what }]]
}

/** Nova has answered an order. The next reading of the instance tells its effect. */
function onRestored(
  context: MoveContext,
  move: MoveTrack,
  { step: what, problem, allowed }: Answer<'move.restored'>,
): MoveStep {
  if (move.phase.kind !== 'restoring') return [move, []]
  if (what === 'unlock' && problem === null) return close(context, move, move.phase.end, {})
  // While an operator command forbids the order, the time limit does not run.
  const sinceMs = allowed === 'yes' ? move.phase.sinceMs : null
  return [{ ...move, phase: { ...move.phase, sinceMs, step: 'none', problem } }, []]
}

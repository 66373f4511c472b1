/** What is known of one move: how a stored move is read, and how refusals are counted. Pure. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import type { MoveOrigin, RecordedMove } from '../../schema/records.ts'
import { NOTHING, type Resources } from '../../schema/resources.ts'
import { NEVER_REFUSED, type Refusals } from '../placement/choose-target.ts'
import { ANYWHERE, type TargetName } from '../placement/targets.ts'
import type { Instance } from '../ports/compute.ts'
import { pauseMs } from '../policy/backoff.ts'
import type { RefusedBy } from './apply-records.ts'
import type { MoveRules } from './evacuator-messages.ts'
import type { Phase } from './move-phase.ts'

export interface MoveTrack {
  readonly move: MoveId
  readonly instance: InstanceId
  readonly instanceName: string
  readonly phase: Phase
  readonly needs: Resources
  /** The state of the instance before the fault. */
  readonly origin: MoveOrigin
  /** The instance as Nova last showed it on the dead host; undefined when it is not there. */
  readonly shown: Instance | undefined
  /**
   * as-before: when the evacuation was requested, the instance was still in its state before the
   * fault, so that Nova restores that state itself.
   */
  readonly askedAs: 'as-before' | 'otherwise'
  /**
   * arrived: Nova has moved the instance; unproven: only Nova's list of the instances on the dead
   * host can tell.
   */
  readonly whereabouts: 'on-the-way' | 'unproven' | 'arrived'
  /** ours: we keep the instance locked against its owner until the move ends. */
  readonly lock: 'ours' | 'none'
  /** Why the instance is not in its earlier state although it has arrived; null when it is. */
  readonly remark: string | null
  /** The target that was requested, or where the instance arrived. */
  readonly target: TargetName | null
  readonly attempts: number
  /** When the latest request was recorded, wall ms; 0 before the first one. */
  readonly startedAt: number
  /**
   * Hosts on which the evacuation failed in this run, under any leader. They are not tried again.
   */
  readonly refusedBy: readonly HostName[]
  /** Every host that refused the instance, in all runs. */
  readonly refusals: Refusals
  readonly scheduler: SchedulerAnswers
  /** The latest request, when an earlier leader has made it, and has ended it because its host failed it. */
  readonly inherited: InheritedRequest | null
  /** Evacuation records that existed before the latest request. They say nothing about it. */
  readonly olderRecords: readonly string[]
}

export interface InheritedRequest {
  /** When it was requested, monotonic ms. */
  readonly requestedAtMs: number
  /** It refused, or died. */
  readonly failedBy: HostName
}

function refusalsOf(
  rows: RecordedMove['refusals'],
  { nowMs, rules: { firstRefusalPauseMs } }: Pick<Found, 'nowMs' | 'rules'>,
): Refusals {
  return new Map(
    rows.map(({ host, times, byScheduler, agoMs }) => {
      const restMs = byScheduler === 0 ? 0 : pairPauseMs(firstRefusalPauseMs, times) - agoMs
      return [host, { times, byScheduler, askAgainAtMs: nowMs + Math.max(0, restMs) }]
    }),
  )
}

const ENDED = { succeeded: 'succeeded', failed: 'failed', ignored: 'ignored' } as const

/** What the survey says about the instance of a stored move. */
interface Found {
  readonly shown: Instance | undefined
  readonly olderRecords: readonly string[]
  readonly nowMs: number
  readonly rules: Pick<MoveRules, 'firstRefusalPauseMs' | 'overdueMs' | 'deadlineMs'>
}

/** Makes the track of a stored move for this process. */
export function trackOf(row: RecordedMove, ground: Found): MoveTrack {
  const { shown, olderRecords, nowMs } = ground
  const { uuid: move, instance, instanceName, attempts, origin, destHost: target } = row
  const lock: MoveTrack['lock'] = row.held ? 'ours' : 'none'
  const { refusedBy, hadNoHost } = row
  const scheduler = { hadNoHost, askAgainAtMs: nowMs }
  const refusals = refusalsOf(row.refusals, ground)
  const startedAt = row.startedAt ?? 0
  const needs = shown?.needs ?? NOTHING
  const found = { shown, needs, origin, lock, startedAt, refusedBy, refusals, scheduler }
  const requestedAtMs = nowMs - knownAgeMs(row, ground.rules)
  const { failedBy } = row
  const inherited = failedBy === null ? null : { requestedAtMs, failedBy }
  const unknown = { askedAs: 'otherwise', whereabouts: 'on-the-way', remark: null } as const
  const base = { move, instance, instanceName, attempts, target, inherited, ...found, ...unknown }
  if (row.status === 'pending') {
    // After a first request, an existing record may be the late answer to that request.
    const older = row.attempts === 0 ? olderRecords : []
    const phase: Phase = { kind: 'pending', notBeforeMs: nowMs, reason: null }
    return { ...base, olderRecords: older, phase }
  }
  if (row.status === 'ongoing') {
    // An earlier leader has requested the evacuation, or was about to. Only Nova's records can
    // tell.
    const phase: Phase = { kind: 'ongoing', requestedAtMs, knownSinceMs: nowMs, nova: 'silent' }
    return { ...base, olderRecords: [], phase }
  }
  return { ...base, olderRecords, phase: { kind: 'ended', outcome: ENDED[row.status] } }
}

/**
 * The age of a request of an earlier leader, ms. Its target may have died, and may return soon, so the time does not begin again with
 * each leader. A leader whose clock is wrong does not give it up at once.
 */
const knownAgeMs = ({ askedAgoMs }: RecordedMove, { overdueMs, deadlineMs }: Found['rules']) =>
  Math.min(askedAgoMs, deadlineMs - overdueMs)

/**
 * What Nova's scheduler has answered for one instance. The scheduler may be asked without a limit.
 */
export interface SchedulerAnswers {
  /**
   * How often the scheduler accepted no host, or not the named one, in all runs. Such a request
   * does not count as an attempt.
   */
  readonly hadNoHost: number
  /** When the scheduler may be asked again to choose a host, monotonic ms. */
  readonly askAgainAtMs: number
}

export const NEVER_ASKED: SchedulerAnswers = { hadNoHost: 0, askAgainAtMs: 0 }

/** Attempts that count against the limit. */
export const spentOf = ({ attempts, scheduler }: MoveTrack): number =>
  attempts - scheduler.hadNoHost

/** For how long a host is not tried for an instance after the n-th refusal of this pair, ms. */
export const pairPauseMs = (firstRefusalPauseMs: number, times: number): number =>
  pauseMs(firstRefusalPauseMs, times, 0.5)

/**
 * The move with one more refusal. A host on which the evacuation failed is not tried again in this
 * run. A host that Nova's scheduler did not accept may be tried again, and so may the scheduler's
 * own choice: the pause doubles each time, and no attempt is counted.
 */
export function countRefusal(
  move: MoveTrack,
  { refusedBy: by, from, atMs, firstRefusalPauseMs }: RefusedBy & CountedAt,
): MoveTrack {
  if (by === null) return move
  const hadNoHost = move.scheduler.hadNoHost + (from === 'scheduler' ? 1 : 0)
  if (by === ANYWHERE) {
    const askAgainAtMs = atMs + pairPauseMs(firstRefusalPauseMs, hadNoHost)
    return { ...move, scheduler: { hadNoHost, askAgainAtMs } }
  }
  const before = move.refusals.get(by) ?? NEVER_REFUSED
  const times = before.times + 1
  const byScheduler = before.byScheduler + (from === 'scheduler' ? 1 : 0)
  const askAgainAtMs = atMs + pairPauseMs(firstRefusalPauseMs, times)
  const refusals = new Map(move.refusals).set(by, { times, byScheduler, askAgainAtMs })
  const scheduler = { ...move.scheduler, hadNoHost }
  const refusedBy = from === 'target' ? [...move.refusedBy, by] : move.refusedBy
  return { ...move, refusals, scheduler, refusedBy }
}

interface CountedAt {
  readonly atMs: number
  readonly firstRefusalPauseMs: number
}

/**
 * Whether an evacuation counts as in flight: from when it may be requested until Nova's record has
 * ended.
 */
export const isInFlight = ({ phase }: MoveTrack): boolean =>
  phase.kind === 'requesting' || phase.kind === 'ongoing'

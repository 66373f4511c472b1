/** One instance of a recovery on its way: what Nova's evacuation records say about it, and what to do next. */
import type { HostName, InstanceId, MoveId } from '../../schema/ids.ts'
import type { MoveOrigin, RecordedMove } from '../../schema/records.ts'
import type { Resources } from '../../schema/resources.ts'
import type { Refusals } from '../placement/choose-target.ts'
import type { TargetName } from '../placement/targets.ts'
import { pauseMs } from '../segment/backoff.ts'
import type { Evacuation } from '../ports/compute.ts'

export type Phase =
  | { readonly kind: 'pending'; readonly notBeforeMs: number; readonly reason: string | null }
  | { readonly kind: 'unplaced'; readonly reason: string } // no target has room for it
  /** It came to nothing: that is being written, and pending follows. */
  | { readonly kind: 'putting-back'; readonly next: Phase & { readonly kind: 'pending' } }
  | { readonly kind: 'requesting' }
  | {
      readonly kind: 'ongoing'
      /** Monotonic ms of the request; of our own start when an earlier leader sent it. */
      readonly requestedAtMs: number
      /** accepted: Nova said yes, or showed a record; begun: its scheduler has found room. */
      readonly nova: 'silent' | 'accepted' | 'begun'
    }
  | {
      /** On its new host, or given up: what is left to do before it ends so. */
      readonly kind: 'restoring'
      readonly end: End
      /** Monotonic ms of the first look; null before. */
      readonly sinceMs: number | null
      /** A question to Nova, or an order, is open. */
      readonly step: 'open' | 'none'
      /** Why the latest order was not taken. */
      readonly problem: string | null
    }
  | { readonly kind: 'settling' } // its terminal state is being written
  | { readonly kind: 'ended'; readonly outcome: 'succeeded' | 'failed' | 'ignored' }

/** What Nova's scheduler says of an instance: where it accepts no host, it is asked again, however often. */
export interface SchedulerWord {
  /** How often it accepted none, or not the one that we named, in all runs: no such request counts as an attempt. */
  readonly hadNoHost: number
  /** Monotonic ms; of the choice that is left to it. */
  readonly askAgainAtMs: number
}

export const NEVER_ASKED: SchedulerWord = { hadNoHost: 0, askAgainAtMs: 0 }

export interface End {
  readonly outcome: 'succeeded' | 'failed' | 'ignored'
  readonly dest: HostName | null
  readonly reason: string
}

export interface MoveTrack {
  readonly move: MoveId
  readonly instance: InstanceId
  readonly instanceName: string
  readonly phase: Phase
  readonly needs: Resources
  /** What it was before the fault. */
  readonly origin: MoveOrigin
  /** as-before: it was asked for as what it was, so that Nova itself makes it that again. */
  readonly askedAs: 'as-before' | 'otherwise'
  /** arrived: Nova has moved it, whatever is left to do. */
  readonly whereabouts: 'on-the-way' | 'arrived'
  /** ours: its owner is kept out until the move ends. */
  readonly lock: 'ours' | 'none'
  /** Why it is not what it was before, although it has arrived; null: it is. */
  readonly remark: string | null
  /** Where it was asked to go, or went. */
  readonly target: TargetName | null
  readonly attempts: number
  /** Hosts on which it failed in this run, whoever led: passed over. */
  readonly refusedBy: readonly HostName[]
  /** Every host that did not take it, in all runs. */
  readonly refusals: Refusals
  /** Nova's scheduler, where the choice is its own. */
  readonly scheduler: SchedulerWord
  /** Evacuation records that existed before our latest request: they say nothing about it. */
  readonly olderRecords: readonly string[]
}

/** Attempts that count against the limit. */
export const spentOf = ({ attempts, scheduler }: MoveTrack): number =>
  attempts - scheduler.hadNoHost

/** After the n-th refusal of a pair, how long that host is not asked for that instance. */
export const pairPauseMs = (retryIntervalMs: number, times: number): number =>
  pauseMs(retryIntervalMs, times, 0.5)

function refusalsOf(
  rows: RecordedMove['refusals'],
  { nowMs, retryIntervalMs }: Pick<Found, 'nowMs' | 'retryIntervalMs'>,
): Refusals {
  return new Map(
    rows.map(({ host, times, byScheduler, agoMs }) => {
      const restMs = byScheduler === 0 ? 0 : pairPauseMs(retryIntervalMs, times) - agoMs
      return [host, { times, byScheduler, askAgainAtMs: nowMs + Math.max(0, restMs) }]
    }),
  )
}

const ENDED = { succeeded: 'succeeded', failed: 'failed', ignored: 'ignored' } as const

/** What the survey says about the instance of a stored move. */
interface Found {
  readonly needs: Resources
  readonly olderRecords: readonly string[]
  readonly nowMs: number
  /** Pause after the first refusal of a pair, ms. */
  readonly retryIntervalMs: number
}

/** A stored move as this process takes it up. */
export function trackOf(row: RecordedMove, ground: Found): MoveTrack {
  const { needs, olderRecords, nowMs } = ground
  const { uuid: move, instance, instanceName, attempts, origin, destHost: target } = row
  const lock: MoveTrack['lock'] = row.held ? 'ours' : 'none'
  const { refusedBy, hadNoHost } = row
  const scheduler = { hadNoHost, askAgainAtMs: nowMs }
  const refusals = refusalsOf(row.refusals, ground)
  const found = { needs, origin, lock, refusedBy, refusals, scheduler }
  const unknown = { askedAs: 'otherwise', whereabouts: 'on-the-way', remark: null } as const
  const base = { move, instance, instanceName, attempts, target, ...found, ...unknown }
  if (row.status === 'pending') {
    // Once asked for, a record that exists may be the answer to that request, come late.
    const older = row.attempts === 0 ? olderRecords : []
    const phase: Phase = { kind: 'pending', notBeforeMs: nowMs, reason: null }
    return { ...base, olderRecords: older, phase }
  }
  if (row.status === 'ongoing') {
    // Requested by an earlier incarnation, or about to be: only Nova's records can tell.
    const phase: Phase = { kind: 'ongoing', requestedAtMs: nowMs, nova: 'silent' }
    return { ...base, olderRecords: [], phase }
  }
  return { ...base, olderRecords, phase: { kind: 'ended', outcome: ENDED[row.status] } }
}

export type RecordVerdict =
  | {
      readonly kind: 'moved'
      readonly dest: HostName | null
      /** done: by the target, which had it then; closed: by the source, which closes whatever it finds when it starts. */
      readonly by: 'done' | 'closed'
    }
  | { readonly kind: 'refused'; readonly dest: HostName | null; readonly status: string }
  | {
      readonly kind: 'under-way'
      readonly dest: HostName | null
      readonly nova: 'accepted' | 'begun'
    }
  | { readonly kind: 'no-record' }

const MOVED: readonly string[] = ['done', 'completed']
const REFUSED: readonly string[] = ['failed', 'error', 'cancelled']

/** Whether an evacuation with a record of this status has succeeded. */
export const isMoved = (status: string): boolean => MOVED.includes(status)

/** Whether Nova's scheduler has taken the room for an evacuation with a record of this status: Placement shows it. */
export const isClaimed = (status: string): boolean =>
  status !== 'accepted' && !REFUSED.includes(status)

/** Whether an evacuation with a record of this status may still succeed. */
export const isOpen = (status: string): boolean =>
  !MOVED.includes(status) && !REFUSED.includes(status)

/**
 * What the records of an instance say about our latest request. `startedAt` is when the request was recorded,
 * by our wall clock; records much older than that belong to an earlier life of the host.
 */
export function judgeRecords(
  track: MoveTrack,
  records: readonly Evacuation[],
  startedAt: number,
): RecordVerdict {
  const ours = records
    .filter((record) => record.instance === track.instance)
    .filter((record) => !track.olderRecords.includes(record.id))
    .filter((record) => record.createdAt >= startedAt - CLOCK_SKEW_MS)
    .toSorted((a, b) => b.createdAt - a.createdAt) // stable: within a second Nova's own order, newest first
  const [newest] = ours
  if (newest === undefined) return { kind: 'no-record' }
  const moved = ours.find(({ status }) => isMoved(status))
  if (moved !== undefined) {
    return { kind: 'moved', dest: moved.dest, by: moved.status === 'done' ? 'done' : 'closed' }
  }
  // An older request may show its record after a newer one failed: as long as any goes on, no other is sent.
  const underWay = ours.find(({ status }) => !REFUSED.includes(status))
  if (underWay !== undefined) {
    const nova = isClaimed(underWay.status) ? 'begun' : 'accepted'
    return { kind: 'under-way', dest: underWay.dest, nova }
  }
  return { kind: 'refused', dest: newest.dest, status: newest.status }
}

/** Nova's times may be off by so much. */
export const CLOCK_SKEW_MS = 60_000

/**
 * Reads Nova's evacuation records: what they say about the latest request of a move, and what
 * follows for the move. Pure.
 */
import type { HostName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { ANYWHERE, type TargetName } from '../placement/targets.ts'
import type { ComputeService, Evacuation } from '../ports/compute.ts'
import type { Refuser } from '../ports/move-store.ts'
import type { MoveRules, RecordsPolled } from './evacuator-messages.ts'
import type { MoveContext } from './move.ts'
import type { Ongoing } from './move-phase.ts'
import type { MoveTrack } from './move-track.ts'
import { hostOf } from './places.ts'
import { isRebuilding } from './restoration.ts'

export type RecordVerdict =
  | {
      readonly kind: 'moved'
      readonly dest: HostName | null
      /**
       * done: the target host wrote the record when it had the instance; closed: the source host
       * wrote it when its nova-compute started again.
       */
      readonly by: 'done' | 'closed'
    }
  | { readonly kind: 'refused'; readonly dest: HostName | null; readonly status: string }
  | {
      readonly kind: 'in-flight'
      readonly dest: HostName | null
      readonly nova: 'accepted' | 'begun'
    }
  | { readonly kind: 'no-record' }

const MOVED: readonly string[] = ['done', 'completed']
const REFUSED: readonly string[] = ['failed', 'error', 'cancelled']

/** Whether an evacuation with a record of this status has succeeded. */
export const isMoved = (status: string): boolean => MOVED.includes(status)

/**
 * Whether Nova's scheduler has already claimed the capacity for an evacuation with a record of this
 * status. Placement shows the claim then.
 */
export const isClaimed = (status: string): boolean =>
  status !== 'accepted' && !REFUSED.includes(status)

const isOpen = (status: string): boolean => !MOVED.includes(status) && !REFUSED.includes(status)

/**
 * The greatest difference expected between Nova's clock and ours, ms. A large value does no harm:
 * older records that we know are recognised by their ids.
 */
export const CLOCK_SKEW_MS = 60_000
/**
 * How far back Nova's records are read, ms. A new leader may continue a recovery that was requested
 * long ago; older records belong to no recovery that still runs.
 */
export const RECORDS_SINCE_MS = 24 * 3_600_000

/** The ids of an instance's records that Nova shows now. */
export const recordIdsOf = (
  records: readonly Evacuation[],
  instance: MoveTrack['instance'],
): readonly string[] => records.filter((record) => record.instance === instance).map(({ id }) => id)

/**
 * What the records of an instance say about our latest request. A record that is much older than
 * the request belongs to an earlier failure of the host.
 */
export function judgeRecords(
  move: Pick<MoveTrack, 'instance' | 'olderRecords' | 'startedAt'>,
  records: readonly Evacuation[],
): RecordVerdict {
  const ours = records
    .filter((record) => record.instance === move.instance)
    .filter((record) => !move.olderRecords.includes(record.id))
    .filter((record) => record.createdAt >= move.startedAt - CLOCK_SKEW_MS)
    .toSorted((a, b) => b.createdAt - a.createdAt) // stable: within a second Nova's own order, newest first
  const [newest] = ours
  if (newest === undefined) return { kind: 'no-record' }
  const moved = ours.find(({ status }) => isMoved(status))
  if (moved !== undefined) {
    return { kind: 'moved', dest: moved.dest, by: moved.status === 'done' ? 'done' : 'closed' }
  }
  // Nova may show the record of an older request after a newer one failed. While any evacuation is
  // in flight, no other one is requested.
  const inFlight = ours.find(({ status }) => !REFUSED.includes(status))
  if (inFlight !== undefined) {
    const nova = isClaimed(inFlight.status) ? 'begun' : 'accepted'
    return { kind: 'in-flight', dest: inFlight.dest, nova }
  }
  return { kind: 'refused', dest: newest.dest, status: newest.status }
}

/** An attempt that has failed. */
export interface Failure {
  readonly reason: string
  /** The target that refused the attempt; null when no target refused it. */
  readonly refusedBy: TargetName | null
  readonly from: Refuser
  /** Whether Nova is asked for details of the failure. */
  readonly ask: 'nova' | 'nobody'
}

/** Where a move in flight is, as far as the records tell. */
interface Whereabouts {
  readonly target: TargetName | null
  readonly whereabouts: 'on-the-way' | 'unproven'
}

/** What a poll of the records means for a move in flight. */
type RecordsMeaning =
  | { readonly kind: 'nothing' }
  | (Whereabouts & { readonly kind: 'in-flight'; readonly nova: Ongoing['nova'] })
  | { readonly kind: 'arrived'; readonly dest: HostName | null }
  /** Nova has not ended the evacuation before the deadline. */
  | (Whereabouts & { readonly kind: 'given-up'; readonly reason: string })
  | (Whereabouts & Failure & { readonly kind: 'target-lost' })
  | (Failure & { readonly kind: 'failed' })

/** Reads the records for a move in flight. */
export function readRecords(
  { rules, records }: MoveContext,
  move: MoveTrack,
  phase: Ongoing,
  polled: RecordsPolled,
): RecordsMeaning {
  const verdict = judgeRecords(move, records)
  const isGraceOver = polled.atMs - phase.knownSinceMs >= rules.graceMs
  const onTheWay: OnTheWay = { ...phase, target: move.target, whereabouts: 'on-the-way' }
  switch (verdict.kind) {
    case 'moved':
      return hasLeft(verdict, move, polled)
        ? { kind: 'arrived', dest: verdict.dest ?? hostOf(move.target) }
        : inFlight(rules, move, { ...onTheWay, nova: 'begun', whereabouts: 'unproven' }, polled)
    case 'in-flight': {
      // Nova has confirmed the target, or has chosen another one.
      const target = verdict.dest ?? move.target
      return inFlight(rules, move, { ...onTheWay, target, nova: verdict.nova }, polled)
    }
    case 'refused':
      // While Nova has not accepted this request, the record may belong to an earlier attempt. Wait
      // until the grace period is over.
      if (phase.nova === 'silent' && !isGraceOver) return { kind: 'nothing' }
      return {
        kind: 'failed',
        reason: `Nova recorded the evacuation as ${verdict.status}`,
        ...refuserOf(move, verdict),
        ask: 'nova',
      }
    case 'no-record':
      return withoutRecord(rules, move, onTheWay, polled)
    default:
      return assertNever(verdict)
  }
}

/**
 * A nova-compute that starts marks every evacuation from its host as completed, also those in
 * flight. Such a record counts only when Nova's list of the instances on the host no longer
 * contains this one.
 */
const hasLeft = (
  { by }: RecordVerdict & { readonly kind: 'moved' },
  { instance }: MoveTrack,
  { onHost }: RecordsPolled,
): boolean => by === 'done' || (onHost !== undefined && !onHost.has(instance))

/**
 * Nova makes the record before it accepts a request, and never removes it. If Nova accepted the
 * request and shows no record, Nova cannot read it, for example while its cell is down; then the
 * place of the instance is unknown. If Nova did not answer the request, the request was lost when
 * Nova can list the host and the instance is still on it.
 */
function withoutRecord(
  { graceMs, deadlineMs }: MoveRules,
  { instance }: Pick<MoveTrack, 'instance'>,
  onTheWay: OnTheWay,
  { onHost, atMs }: RecordsPolled,
): RecordsMeaning {
  if (onTheWay.nova !== 'silent') return untilDeadline(deadlineMs, onTheWay, atMs)
  if (atMs - onTheWay.knownSinceMs < graceMs) return { kind: 'nothing' }
  if (onHost === undefined) return { ...inFlightAs(onTheWay), whereabouts: 'unproven' }
  if (!onHost.has(instance)) return untilDeadline(deadlineMs, onTheWay, atMs)
  return {
    kind: 'failed',
    reason: 'no record of the request appeared in Nova',
    ...NOBODY,
    ask: 'nobody',
  }
}

type OnTheWay = Omit<Ongoing, 'kind'> & Whereabouts

/**
 * Nova never ends an evacuation whose target died during it. The move therefore ends when its
 * target is lost, or at its deadline.
 */
function inFlight(
  { deadlineMs }: MoveRules,
  { inherited }: Pick<MoveTrack, 'inherited'>,
  onTheWay: OnTheWay,
  { lostTargets, atMs }: RecordsPolled,
): RecordsMeaning {
  const { target, whereabouts, nova, knownSinceMs } = onTheWay
  const host = hostOf(target)
  if (host === null) return untilDeadline(deadlineMs, onTheWay, atMs)
  const failure = { reason: `${host} died as well`, refusedBy: host, from: 'target' } as const
  const lost = { kind: 'target-lost', target, whereabouts, ...failure, ask: 'nobody' } as const
  if (lostTargets.includes(host)) return lost
  if (inherited === null) return untilDeadline(deadlineMs, onTheWay, atMs)
  // An earlier leader saw the target lost. It may be back, and may perform the request that waited for it: this leader watches that from its
  // beginning. A request that the target has not begun by then is lost with the queue that it was in.
  const meaning = untilDeadline(deadlineMs, { ...onTheWay, requestedAtMs: knownSinceMs }, atMs)
  const isLost = nova === 'accepted' && inherited.failedBy === host
  return meaning.kind === 'given-up' && isLost ? lost : meaning
}

/** A nova-compute that runs writes to Nova every 10 s by default, also while it is forced down. Ms. */
const SILENT_MS = 15_000

/**
 * The targets that cannot perform a request any more: forced down, and silent. One that was forced down and runs again performs what waited
 * in its queue, and a second request could make the instance run twice.
 */
export const lostTargetsOf = (
  services: readonly ComputeService[],
  targets: readonly HostName[],
): readonly HostName[] =>
  services
    .filter(({ host, forcedDown }) => forcedDown && targets.includes(host))
    .filter(({ writtenAgoMs }) => writtenAgoMs === null || writtenAgoMs > SILENT_MS)
    .map(({ host }) => host)

/**
 * Gives the move up when Nova has not ended it before the deadline. Its records are still read
 * afterwards, and a late success counts.
 */
function untilDeadline(deadlineMs: number, onTheWay: OnTheWay, atMs: number): RecordsMeaning {
  const { target, whereabouts, requestedAtMs } = onTheWay
  if (atMs - requestedAtMs < deadlineMs) return inFlightAs(onTheWay)
  const minutes = Math.round(deadlineMs / 60_000)
  const reason = `Nova shows it under way to ${target} and does not end it within ${minutes} min`
  return { kind: 'given-up', target, whereabouts, reason }
}

const inFlightAs = ({
  target,
  nova,
  whereabouts,
}: OnTheWay): RecordsMeaning & { readonly kind: 'in-flight' } => ({
  kind: 'in-flight',
  target,
  nova,
  whereabouts,
})

/** What refused an attempt. */
export type RefusedBy = Pick<Failure, 'refusedBy' | 'from'>

const NOBODY: RefusedBy = { refusedBy: null, from: 'target' }

/** Nova's conductor writes `error` when its scheduler accepts no host, or not the named one; a target writes `failed`. */
function refuserOf(
  move: MoveTrack,
  { dest, status }: RecordVerdict & { readonly kind: 'refused' },
): RefusedBy {
  const target = dest ?? move.target
  if (status === 'error') return { refusedBy: target, from: 'scheduler' }
  return target === ANYWHERE ? NOBODY : { refusedBy: target, from: 'target' }
}

/**
 * Tells where a move that was given up has arrived late, or that only a record without proof says
 * so.
 */
export function lateArrivalOf(
  move: MoveTrack,
  records: readonly Evacuation[],
  polled: RecordsPolled,
): 'none' | 'unproven' | { readonly dest: HostName | null } {
  if (move.whereabouts === 'arrived' || move.attempts === 0) return 'none'
  const verdict = judgeRecords(move, records)
  if (verdict.kind !== 'moved') return 'none'
  return hasLeft(verdict, move, polled) ? { dest: verdict.dest } : 'unproven'
}

/** An evacuation that Nova has in flight while the move is still in the queue. */
interface Adopted {
  readonly target: HostName | null
  readonly nova: 'accepted' | 'begun'
  readonly olderRecords?: readonly string[]
  readonly startedAt?: number
}

/**
 * Adopts a request in flight: our own, whose record appeared late, or one of an operator or of an
 * earlier recovery.
 */
export function inFlightOf(move: MoveTrack, records: readonly Evacuation[]): Adopted | undefined {
  if (move.attempts === 0) return foreignInFlight(move, records)
  const verdict = judgeRecords(move, records)
  if (verdict.kind === 'moved') return { target: verdict.dest, nova: 'begun' }
  return verdict.kind === 'in-flight' ? { target: verdict.dest, nova: verdict.nova } : undefined
}

/** The evacuation was requested by an operator or by an earlier recovery. */
function foreignInFlight(move: MoveTrack, records: readonly Evacuation[]): Adopted | undefined {
  if (!isRebuilding(move.shown?.taskState ?? null)) return undefined
  const verdict = judgeRecords({ ...move, olderRecords: [], startedAt: 0 }, records)
  if (verdict.kind !== 'in-flight') return undefined
  const ended = records.filter(({ status }) => !isOpen(status)).map(({ id }) => id)
  return { target: verdict.dest, nova: verdict.nova, olderRecords: ended, startedAt: 0 }
}

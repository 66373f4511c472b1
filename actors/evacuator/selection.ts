/**
 * Selects the instances of a dead host that are moved and their order, says why the others are not,
 * and makes the row of each with its state before the recovery changes it. Pure.
 */
import type { InstanceId, NotificationId } from '../../schema/ids.ts'
import type { MoveOrigin, RecordedMove, TouchedMove } from '../../schema/records.ts'
import type { SegmentPolicy } from '../../schema/segment-policy.ts'
import { RUNNING } from '../instance-recovery/ladder.ts'
import type { Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import { isHaEnabled } from '../policy/ha-enabled.ts'
import { isRebuilding, restorationOf } from './restoration.ts'

export interface SelectionRules {
  /** Whether all instances are moved, or only those that their owners marked. */
  readonly evacuateAll: boolean
  readonly haMetadataKey: string
  readonly priorityMetadataKey: string
  readonly ignoreInstancesInError: boolean
}

/** What a segment says about the disks of its instances. */
export type DiskPolicy = Pick<SegmentPolicy, 'instanceDisks' | 'rebuildLocal'>

/** move: perhaps with a note; leave: the instance is not touched. */
export type SelectionVerdict =
  | {
      readonly kind: 'move'
      readonly haEnabled: boolean
      readonly priority: number
      readonly note: string | null
    }
  | { readonly kind: 'leave'; readonly reason: string }

export interface Selected {
  readonly instance: Instance
  readonly verdict: SelectionVerdict
}

/** Whether an instance would be moved if its host died now. */
export function verdictOn(
  instance: Instance,
  rules: SelectionRules,
  disks: DiskPolicy,
): SelectionVerdict {
  const objection = objectionTo(instance, rules, disks)
  if (objection !== undefined) return { kind: 'leave', reason: objection }
  const haEnabled = isHaEnabled(instance, rules.haMetadataKey)
  const { priority, note } = readPriority(instance.metadata, rules.priorityMetadataKey)
  return { kind: 'move', haEnabled, priority, note }
}

function objectionTo(
  instance: Instance,
  rules: SelectionRules,
  disks: DiskPolicy,
): string | undefined {
  const restoration = restorationOf(instance)
  if (restoration.kind === 'leave') return restoration.reason
  if (rules.ignoreInstancesInError && instance.vmState === 'error') {
    return 'it was in error before, and such instances are left alone'
  }
  if (!rules.evacuateAll && !isHaEnabled(instance, rules.haMetadataKey)) {
    return `only instances with ${rules.haMetadataKey} set are moved`
  }
  const isLost = disks.instanceDisks === 'local' && disks.rebuildLocal === 'forbid'
  if (isLost && !instance.volumeBacked) {
    return 'its disk is on the dead host: moving it would start it anew from its image, with its contents lost'
  }
  return undefined
}

/** All instances: first those that are moved, in the order of the requests. */
export function selectInstances(
  instances: readonly Instance[],
  rules: SelectionRules,
  disks: DiskPolicy,
): readonly Selected[] {
  const selected = instances.map((instance) => ({
    instance,
    verdict: verdictOn(instance, rules, disks),
  }))
  return selected.toSorted((one, other) => compare(rankOf(one), rankOf(other)))
}

/**
 * The order: HA-enabled instances first, then by priority, then the larger ones, because they find
 * capacity only while much is free.
 */
function rankOf({ verdict, instance: { needs } }: Selected): readonly number[] {
  if (verdict.kind === 'leave') return [1]
  const size = [-needs.memoryMb, -needs.vcpus, -needs.diskGb]
  return [0, verdict.haEnabled ? 0 : 1, -verdict.priority, ...size]
}

/** The first difference decides. Equal instances keep the order of Nova's list. */
function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

/** The highest priority, as the option `priority_metadata_key` explains it to owners. */
const PRIORITY_MAX = 1000
/** The priority of instances whose owner names none. It leaves room for higher and lower ones. */
export const PRIORITY_DEFAULT = 500

/** The priority, and a remark when the owner named one that cannot be used. */
export function readPriority(
  metadata: Readonly<Record<string, string>>,
  key: string,
): { readonly priority: number; readonly note: string | null } {
  const text = metadata[key]?.trim()
  if (text === undefined) return { priority: PRIORITY_DEFAULT, note: null }
  if (/^\d{1,4}$/.test(text) && Number(text) <= PRIORITY_MAX) {
    return { priority: Number(text), note: null }
  }
  const note = `${key} is not a whole number from 0 to ${PRIORITY_MAX}: taken as ${PRIORITY_DEFAULT}`
  return { priority: PRIORITY_DEFAULT, note }
}

/** What is known of the instances from before the fault of their host. */
export interface Before {
  /** Moves that earlier recoveries of the host began and could not end. */
  readonly touched: readonly TouchedMove[]
  /** Instances that had failed before and were to run again, with the recovery that was to start them. */
  readonly failedBefore: ReadonlyMap<InstanceId, NotificationId>
}

/** The row of an instance. */
export function planOf(
  { instance, verdict }: Selected,
  { touched, failedBefore }: Before,
): PlannedMove {
  const earlier = touched.find((move) => move.instance === instance.id)
  const before = originOf(instance, earlier)
  const failed = verdict.kind === 'move' && failedBefore.has(instance.id)
  const about = {
    instance: instance.id,
    instanceName: instance.name,
    origin: failed ? { ...before, ...RAN } : before,
    failedBefore: failed,
    held: earlier?.held === true && instance.locked,
  }
  return verdict.kind === 'leave'
    ? { ...about, status: 'ignored', message: verdict.reason }
    : { ...about, status: 'pending', message: verdict.note }
}

/** The state of a guest before its own fault: Nova has stopped it since, and nobody wanted that. */
const RAN = { vmState: 'active', taskState: null, powerState: RUNNING } as const

/**
 * The state of the instance before the fault. An earlier attempt may have left it in error, in a
 * rebuild, or locked; the row of that attempt has the earlier state. It also counts when an earlier
 * recovery moved the instance to this host, and the host failed before that state was restored.
 */
function originOf(now: Instance, earlier: TouchedMove | undefined): MoveOrigin {
  const { vmState, taskState, powerState, locked } = now
  if (earlier === undefined) return { vmState, taskState, powerState, locked }
  const isUnrestored = earlier.sourceHost !== now.host
  const isOurs = isUnrestored || vmState === 'error' || isRebuilding(taskState)
  const before = isOurs ? earlier.origin : { vmState, taskState, powerState }
  return { ...before, locked: earlier.held ? earlier.origin.locked : locked }
}

/**
 * Moves that failed in an earlier run are tried once more. A move that failed in this run is left
 * to the next run, under any leader.
 */
export const dueAgain = (moves: readonly RecordedMove[], run: number): readonly RecordedMove[] =>
  run === 1 ? [] : moves.filter(({ status, askedInRun }) => status === 'failed' && askedInRun < run)

/**
 * Instances that Nova lists on the dead host although it has recorded their move as done: one
 * sentence each.
 */
export function contradictions(
  moves: readonly PlannedMove[],
  rows: readonly RecordedMove[],
): readonly string[] {
  const here = new Set(moves.map(({ instance }) => instance))
  return rows
    .filter(({ instance, status }) => status === 'succeeded' && here.has(instance))
    .map(({ instanceName, destHost }) => {
      const place = destHost === null ? '' : ` to ${destHost}`
      return `${instanceName} is listed here although its move${place} is recorded as done: it is not requested again, because it may run there`
    })
}

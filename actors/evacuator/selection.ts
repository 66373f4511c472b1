/** Which instances of a dead host are moved, in which order, and why the others are not. */
import type { SegmentPolicy } from '../../schema/segment-policy.ts'
import type { Instance } from '../ports/compute.ts'
import { readPriority } from './priority.ts'
import { restorationOf } from './restoration.ts'

export interface SelectionRules {
  /** All instances, or only those that their owners marked. */
  readonly evacuateAll: boolean
  readonly haMetadataKey: string
  readonly priorityMetadataKey: string
  readonly ignoreInstancesInError: boolean
}

/** What a segment says about the disks of its instances. */
export type DiskPolicy = Pick<SegmentPolicy, 'instanceDisks' | 'rebuildLocal'>

/** move: with what there is to remark about it; leave: it is not touched. */
export type Verdict =
  | {
      readonly kind: 'move'
      readonly haEnabled: boolean
      readonly priority: number
      readonly note: string | null
    }
  | { readonly kind: 'leave'; readonly reason: string }

export interface Selected {
  readonly instance: Instance
  readonly verdict: Verdict
}

/** Words that oslo.utils' `bool_from_string` takes for true. */
const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** Whether its owner marked the instance. */
export function isHaEnabled(
  { metadata }: Pick<Instance, 'metadata'>,
  metadataKey: string,
): boolean {
  return TRUE_WORDS.has((metadata[metadataKey] ?? '').trim().toLowerCase())
}

/** Whether an instance would be moved if its host died now. */
export function verdictOn(instance: Instance, rules: SelectionRules, disks: DiskPolicy): Verdict {
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

/** All of them: those that are moved first, in the order in which they are asked for. */
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

/** HA-enabled first, then by priority, then the bigger ones, which find room as long as there is much of it. */
function rankOf({ verdict, instance: { needs } }: Selected): readonly number[] {
  if (verdict.kind === 'leave') return [1]
  const size = [-needs.memoryMb, -needs.vcpus, -needs.diskGb]
  return [0, verdict.haEnabled ? 0 : 1, -verdict.priority, ...size]
}

/** The first difference decides; equals keep the order of Nova's list. */
function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index])
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0)
}

/** Which instances of a dead host are moved, and in which order. */
import type { Instance } from '../ports/compute.ts'

export interface SelectionRules {
  /** All instances, or only those that their owners marked. */
  readonly evacuateAll: boolean
  readonly haMetadataKey: string
  readonly ignoreInstancesInError: boolean
}

/** Words that oslo.utils' `bool_from_string` takes for true. */
const TRUE_WORDS: ReadonlySet<string> = new Set(['1', 't', 'true', 'on', 'y', 'yes'])

/** Whether its owner marked the instance. */
export function isHaEnabled(instance: Instance, metadataKey: string): boolean {
  return TRUE_WORDS.has((instance.metadata[metadataKey] ?? '').trim().toLowerCase())
}

/** HA-enabled instances first; within each group the order of Nova's list is kept. */
export function selectInstances(
  instances: readonly Instance[],
  rules: SelectionRules,
): readonly Instance[] {
  const candidates = instances.filter(
    (instance) => !(rules.ignoreInstancesInError && instance.vmState === 'error'),
  )
  const marked = candidates.filter((instance) => isHaEnabled(instance, rules.haMetadataKey))
  if (!rules.evacuateAll) return marked
  return [...marked, ...candidates.filter((instance) => !marked.includes(instance))]
}

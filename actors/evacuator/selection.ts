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

/** Whether an instance is moved when its host dies. */
export type Verdict =
  { readonly kind: 'move' } | { readonly kind: 'leave'; readonly reason: string }

/** Whether an instance would be moved if its host died now. */
export function verdictOn(instance: Instance, rules: SelectionRules): Verdict {
  if (rules.ignoreInstancesInError && instance.vmState === 'error') {
    return { kind: 'leave', reason: 'it was in error before, and such instances are left alone' }
  }
  return rules.evacuateAll || isHaEnabled(instance, rules.haMetadataKey)
    ? { kind: 'move' }
    : { kind: 'leave', reason: `only instances with ${rules.haMetadataKey} set are moved` }
}

/** HA-enabled instances first; within each group the order of Nova's list is kept. */
export function selectInstances(
  instances: readonly Instance[],
  rules: SelectionRules,
): readonly Instance[] {
  const candidates = instances.filter((each) => verdictOn(each, rules).kind === 'move')
  const marked = candidates.filter((instance) => isHaEnabled(instance, rules.haMetadataKey))
  return [...marked, ...candidates.filter((instance) => !marked.includes(instance))]
}

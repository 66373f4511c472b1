/** The policy of a segment: what its operators chose, and the configuration for the rest. Pure. */
import type { PolicyChoices, Rung, SegmentPolicy } from '../../schema/segment-policy.ts'

export interface PolicyDefaults {
  /** The fence plan of a segment that has none of its own. */
  readonly rungs: readonly Rung[]
  /** Names of segments whose operators consent in writing to go on without a confirmed power off. */
  readonly consentSegments: readonly string[]
}

/** What counts for the segment of that name. */
export function policyOf(
  defaults: PolicyDefaults,
  segmentName: string,
  choices: PolicyChoices,
): SegmentPolicy {
  const { rungs, consentSegments } = defaults
  return { rungs, trustReports: consentSegments.includes(segmentName), ...choices }
}

/** The policy of a segment: the choices of its operators, completed by the configuration. Pure. */
import type { PolicyChoices, Rung, SegmentPolicy } from '../../schema/segment-policy.ts'

/** How many hosts the storm guard allows to be acted on. */
export interface StormLimits {
  /** Hosts in a window; 0: only the share counts. */
  readonly hostsMax: number
  /** Share of all hosts, rounded down, but at least one host. */
  readonly shareMax: number
  readonly windowMs: number
}

export interface PolicyDefaults {
  /** The fence plan of a segment that has none of its own. */
  readonly rungs: readonly Rung[]
  /**
   * Names of segments whose operators consent in writing to an evacuation without a confirmed
   * power-off.
   */
  readonly consentSegments: readonly string[]
  readonly returnToService: SegmentPolicy['returnToService']
  /** The storm guard of a segment that has no cap of its own. */
  readonly storm: StormLimits
  readonly deadDomain: SegmentPolicy['deadDomain']
}

/**
 * The platform requires shared disks. Where they are local, data are not lost unless an operator
 * allowed it (promise I9).
 */
const DISKS = {
  instanceDisks: 'shared',
  rebuildLocal: 'forbid',
  instanceRebuild: 'forbid',
} as const

/** The policy of the segment with this name. */
export function policyOf(
  defaults: PolicyDefaults,
  segmentName: string,
  choices: PolicyChoices,
): SegmentPolicy {
  const { rungs, consentSegments, storm, deadDomain } = defaults
  const { hostsMax, shareMax } = storm
  const trustReports = consentSegments.includes(segmentName)
  const returnToService = defaults.returnToService
  const limits = { hostsMax, shareMax, deadDomain }
  return { ...DISKS, rungs, trustReports, returnToService, ...limits, ...choices }
}

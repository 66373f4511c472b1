/** Bounds how many hosts are acted on in a window: many hosts failing together are rather one fault of ours, or of the network (promise I6). */
import type { HostId } from '../../schema/ids.ts'
import type { StormLimits } from '../policy/segment-policy.ts'
import type { FailureGroup } from './failure-group.ts'

/** Hosts of so many that may be acted on in a window. */
export function stormCap(limits: Omit<StormLimits, 'windowMs'>, hosts: number): number {
  const byShare = Math.max(1, Math.floor(hosts * limits.shareMax))
  return limits.hostsMax > 0 ? Math.min(limits.hostsMax, byShare) : byShare
}

/** What a cap is judged by: the hosts that it counts, of one segment or of all. */
export interface Census {
  readonly hosts: number
  readonly actedOn: ReadonlySet<HostId>
  /** What the host fails together with. */
  readonly group: FailureGroup
}

/**
 * Undefined when all that fail together may be acted on; else the reason why they must wait: that some of them go and some
 * stay would be chance. A host counts once, however often.
 */
export function stormObjection(
  limits: StormLimits,
  host: HostId,
  { hosts, actedOn, group }: Census,
): string | undefined {
  if (actedOn.has(host)) return undefined
  const cap = stormCap(limits, hosts)
  if (new Set([...actedOn, ...group.keys(), host]).size <= cap) return undefined
  const sentence = `storm guard: ${actedOn.size} of ${hosts} hosts were acted on in the last ${limits.windowMs / 1000} s, the cap is ${cap}`
  return sentence + groupSentence(group)
}

/** The same for the hosts of all segments together. */
export function overallObjection(
  limits: StormLimits,
  host: HostId,
  census: Census,
): string | undefined {
  const objection = stormObjection(limits, host, census)
  return objection?.replace('storm guard:', 'storm guard over all segments:')
}

/** Each one's reason names them all. */
function groupSentence(group: FailureGroup): string {
  if (group.size < 2) return ''
  return `; ${group.size} hosts fail together: ${[...group.values()].toSorted().join(', ')}`
}

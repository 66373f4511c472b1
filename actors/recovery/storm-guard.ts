/**
 * Limits how many hosts are acted on in a window: when many hosts fail together, the cause is
 * probably a fault of ours, or of the network (promise I6).
 */
import type { HostId } from '../../schema/ids.ts'
import type { StormLimits } from '../policy/segment-policy.ts'
import type { SegmentPolicy } from '../../schema/segment-policy.ts'
import type { Cut } from '../verification/cut.ts'
import type { FailureGroup } from './failure-group.ts'

/** How many of so many hosts may be acted on in a window. */
export function stormCap(limits: Omit<StormLimits, 'windowMs'>, hosts: number): number {
  const byShare = Math.max(1, Math.floor(hosts * limits.shareMax))
  return limits.hostsMax > 0 ? Math.min(limits.hostsMax, byShare) : byShare
}

/** What a cap is compared with: the hosts of one segment or of all segments. */
export interface Census {
  readonly hosts: number
  readonly actedOn: ReadonlySet<HostId>
  /** The hosts that fail together with this one. */
  readonly group: FailureGroup
  /** Hosts of a dead failure domain that take one place together; empty when each takes its own. */
  readonly asOne: ReadonlySet<HostId>
}

/**
 * The hosts that take one place under a cap. Only a domain whose hosts are all read as off is one fault for certain: silence could
 * also be that of a network.
 */
export const asOne = (
  { deadDomain }: Pick<SegmentPolicy, 'deadDomain'>,
  cut: Cut,
): ReadonlySet<HostId> =>
  new Set(
    deadDomain === 'one' && cut.kind === 'domain-dead' && cut.rule === 'off'
      ? cut.hosts.map(({ host }) => host)
      : [],
  )

/** How many places these hosts take. */
function placesOf(hosts: ReadonlySet<HostId>, together: ReadonlySet<HostId>): number {
  const alone = [...hosts].filter((host) => !together.has(host))
  return alone.length + (alone.length < hosts.size ? 1 : 0)
}

/**
 * undefined when all hosts that fail together may be acted on; otherwise the reason why all of them
 * must wait, because a choice among them would be arbitrary. A host counts once.
 */
export function stormObjection(
  limits: StormLimits,
  host: HostId,
  { hosts, actedOn, group, asOne: together }: Census,
): string | undefined {
  if (actedOn.has(host)) return undefined
  const cap = stormCap(limits, hosts)
  if (placesOf(new Set([...actedOn, ...group.keys(), host]), together) <= cap) return undefined
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

/** The reason of each host names all hosts of the group. */
function groupSentence(group: FailureGroup): string {
  if (group.size < 2) return ''
  return `; ${group.size} hosts fail together: ${[...group.values()].toSorted().join(', ')}`
}

/** Bounds how many hosts are acted on in a window: many hosts failing together are rather one fault of ours, or of the network. */
import type { HostId, HostName } from '../../schema/ids.ts'

export interface StormLimits {
  /** Hosts per window; 0: only the share counts. */
  readonly hostsMax: number
  /** Share of all hosts, rounded down, but at least one host. */
  readonly shareMax: number
  readonly windowMs: number
}

/** Hosts of so many that may be acted on in a window. */
export function stormCap(limits: Omit<StormLimits, 'windowMs'>, hostsInSegment: number): number {
  const byShare = Math.max(1, Math.floor(hostsInSegment * limits.shareMax))
  return limits.hostsMax > 0 ? Math.min(limits.hostsMax, byShare) : byShare
}

/**
 * Undefined when all that fail together may be acted on; else the reason why they must wait: that some of them go and some
 * stay would be chance. A host counts once, however often.
 */
export function stormObjection(
  limits: StormLimits,
  situation: {
    readonly host: HostId
    /** What it fails together with. */
    readonly group: ReadonlySet<HostId>
    readonly hostsInSegment: number
    readonly actedOn: ReadonlySet<HostId>
  },
): string | undefined {
  const { host, group, hostsInSegment, actedOn } = situation
  if (actedOn.has(host)) return undefined
  const cap = stormCap(limits, hostsInSegment)
  if (new Set([...actedOn, ...group, host]).size <= cap) return undefined
  return `storm guard: ${actedOn.size} of ${hostsInSegment} hosts were acted on in the last ${limits.windowMs / 1000} s, the cap is ${cap}`
}

/** The same for the hosts of all segments together. */
export function overallObjection(
  limits: StormLimits,
  { host, hosts, actedOn }: Census & { readonly host: HostId },
): string | undefined {
  const alone = { host, group: new Set([host]), hostsInSegment: hosts, actedOn }
  const objection = stormObjection(limits, alone)
  return objection?.replace('storm guard:', 'storm guard over all segments:')
}

/** All segments as one. */
export interface Census {
  readonly hosts: number
  readonly actedOn: ReadonlySet<HostId>
}

/** Each one's reason names them all. */
export function groupSentence(group: readonly HostName[]): string {
  if (group.length < 2) return ''
  return `; ${group.length} hosts fail together: ${group.toSorted().join(', ')}`
}

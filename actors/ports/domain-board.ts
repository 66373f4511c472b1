/** The failure domains of hosts as the leader uses them, for display. */
import type { HostDomains } from '../../schema/failure-domains.ts'

/** The domains of one host, as a leader has told them. */
export interface ToldHostDomains extends HostDomains {
  /** When Nova named them, wall ms; undefined for other sources. */
  readonly readAt: number | undefined
}

export interface DomainBoard {
  /** Undefined when no leader has told them lately. */
  of(host: string): ToldHostDomains | undefined
}

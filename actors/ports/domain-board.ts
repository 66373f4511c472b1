/** The failure domains of hosts as the leader uses them, for display. */
import type { HostDomains } from '../../schema/failure-domains.ts'

export interface DomainBoard {
  /** Undefined when no leader has told them lately. */
  of(host: string): HostDomains | undefined
}

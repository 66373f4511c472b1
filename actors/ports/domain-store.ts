/** What the store knows about failure domains. */
import type { DomainsByHost } from '../../schema/failure-domains.ts'
import type { Epoch, HostName } from '../../schema/ids.ts'

/** A recovery made this spare a member of the aggregate, and that is not undone. */
export interface JoinedAggregate {
  readonly host: HostName
  /** The id of the aggregate in Nova. */
  readonly aggregate: string
}

/** One reading of Nova's aggregates. */
export interface ReadDomains {
  /** When Nova was read, wall ms. */
  readonly readAt: number
  readonly domains: DomainsByHost
}

export interface DomainStore {
  /** From the ledger, in all segments. */
  listJoinedAggregates(): Promise<readonly JoinedAggregate[]>
  /** In place of what was kept before. STALE_EPOCH. */
  keepAggregateDomains(epoch: Epoch, read: ReadDomains): Promise<void>
  /** The latest reading that named a domain; undefined when there is none. */
  readAggregateDomains(): Promise<ReadDomains | undefined>
}

/** What the store knows about failure domains. */
import type { HostName } from '../../schema/ids.ts'

/** A recovery made this spare a member of the aggregate, and that is not undone. */
export interface JoinedAggregate {
  readonly host: HostName
  /** The id of the aggregate in Nova. */
  readonly aggregate: string
}

export interface DomainStore {
  /** From the ledger, in all segments. */
  listJoinedAggregates(): Promise<readonly JoinedAggregate[]>
}

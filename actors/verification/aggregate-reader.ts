/** Reads the failure domains that Nova's aggregates name, without what recoveries have changed in the aggregates. */
import type { DomainAggregate } from '../../schema/failure-domains.ts'
import type { ComputePort } from '../ports/compute.ts'
import type { DomainStore, JoinedAggregate } from '../ports/domain-store.ts'

export interface AggregateWorld {
  readonly store: Pick<DomainStore, 'listJoinedAggregates'>
  readonly compute: Pick<ComputePort, 'listAggregates'>
}

export class AggregateReader {
  readonly #world: AggregateWorld
  #joinedBefore: readonly JoinedAggregate[] = []

  constructor(world: AggregateWorld) {
    this.#world = world
  }

  /**
   * Aggregates with the members that operators gave them. A taken spare joins the aggregates of the dead host, and stands in its own
   * rack all the same. The ledger is read after Nova, because a recovery writes it before it joins; what it said the last time counts, too,
   * because a membership may have been undone in between. Rejects as the store and Compute do.
   */
  async read(signal: AbortSignal): Promise<readonly DomainAggregate[]> {
    const { compute, store } = this.#world
    const aggregates = await compute.listAggregates(signal)
    const joined = await store.listJoinedAggregates()
    const ours = new Set([...joined, ...this.#joinedBefore].map(keyOf))
    this.#joinedBefore = joined
    return aggregates.map(({ id, hosts, metadata }) => ({
      hosts: hosts.filter((host) => !ours.has(keyOf({ host, aggregate: id }))),
      metadata,
    }))
  }
}

const keyOf = ({ host, aggregate }: JoinedAggregate): string => `${aggregate} ${host.toLowerCase()}`

/**
 * The failure domains of watched hosts, so that the neighbours of a suspect are asked at once. Aggregates are read now and then;
 * while Nova is away, what it said last stays.
 */
import {
  domainsInAggregates,
  domainsOf,
  type DomainAggregate,
  type DomainsByHost,
} from '../../schema/failure-domains.ts'
import type { HostId } from '../../schema/ids.ts'

/** Aggregates change when racks are built, ms. */
const AGGREGATES_MS = 60_000

export class WatchedDomains {
  readonly #declared: DomainsByHost
  readonly #metadataKeys: readonly string[]
  #aggregates: DomainsByHost = new Map()
  #readAtMs = -Infinity

  constructor(declared: DomainsByHost, metadataKeys: readonly string[]) {
    this.#declared = declared
    this.#metadataKeys = metadataKeys
  }

  /** Whether the aggregates should be read again. */
  isDue(nowMs: number): boolean {
    return nowMs - this.#readAtMs >= AGGREGATES_MS
  }

  /** What Nova says now. */
  learn(aggregates: readonly DomainAggregate[], nowMs: number): void {
    this.#aggregates = domainsInAggregates(aggregates, this.#metadataKeys)
    this.#readAtMs = nowMs
  }

  /** The domains of a host with these settings. */
  of(hostName: string, settings: readonly string[] | undefined): readonly string[] {
    const name = hostName.toLowerCase()
    const [file, aggregates] = [this.#declared.get(name), this.#aggregates.get(name)]
    return domainsOf({ settings, file, aggregates }).names
  }
}

/** A rack has fewer hosts; to ask all hosts of a room at once is a storm. */
export const NEIGHBOURS_MAX = 64

interface Placed {
  readonly host: HostId
  readonly domains: readonly string[]
}

/** The other hosts that share a domain with this one; those of a domain with very many hosts are none. Pure. */
export function neighboursOf(of: Placed, watched: readonly Placed[]): readonly HostId[] {
  const neighbours = of.domains.map((domain) =>
    watched.filter(({ host, domains }) => host !== of.host && domains.includes(domain)),
  )
  const near = neighbours.filter((members) => members.length <= NEIGHBOURS_MAX).flat()
  return [...new Set(near.map(({ host }) => host))]
}

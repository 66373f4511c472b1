/**
 * The faults of the simulated world outside its machines: cut wires, and the behaviour of the
 * Compute API.
 */
import type { HostName } from '../../schema/ids.ts'

/** From the shortest to the longest, in ms. */
export type RangeMs = readonly [number, number]

export interface NovaMood {
  /** Connections are refused at once. */
  readonly outage: boolean
  /** The time from a request to the server, or from the server back, ms. */
  readonly latencyMs: RangeMs
  /** What each evacuation under way adds to it, ms. */
  readonly strainMs: number
  /**
   * With so many evacuations under way, requests that would add work are answered with 429 or 503.
   */
  readonly evacuationsMax: number
  /** The share of requests that are answered with 429 or 503. */
  readonly busyRate: number
  /** The Retry-After of these answers. */
  readonly retryAfterSeconds: number
  /** The share of requests that are answered with 500, half of them after they took effect. */
  readonly brokenRate: number
  /** The share of requests that never arrive. */
  readonly lostRequestRate: number
  /** The share of requests that take effect and are never answered. */
  readonly lostAnswerRate: number
  /**
   * The share of evacuations that the chosen target refuses, for example because of a server group.
   */
  readonly claimFailureRate: number
  /** The share of evacuations that fail on the target after the claim. */
  readonly spawnFailureRate: number
  /** yes: orders to stop an instance are refused. */
  readonly stopsRefused: 'yes' | 'no'
  /** From the claim on the target to the running guest, ms. */
  readonly rebuildMs: RangeMs
  /**
   * The time between two checks by a nova-compute of what really runs on its host, ms. Nova's
   * default, 600 s, is longer than the run of a seed.
   */
  readonly powerSyncMs: number
}

/** A Compute API without faults. */
export const CALM: NovaMood = {
  outage: false,
  latencyMs: [10, 60],
  strainMs: 0,
  evacuationsMax: Number.POSITIVE_INFINITY,
  busyRate: 0,
  retryAfterSeconds: 2,
  brokenRate: 0,
  lostRequestRate: 0,
  lostAnswerRate: 0,
  claimFailureRate: 0,
  spawnFailureRate: 0,
  stopsRefused: 'no',
  rebuildMs: [3000, 12_000],
  powerSyncMs: 5000,
}

/** What a process of ours may be partitioned from: the Compute API, or one host's SSH or BMC. */
export type Wire = 'compute' | 'anchors' | `ssh:${string}` | `bmc:${string}`

/** All faults that are switched on at present. Only the cloud's switches change them. */
export class Faults {
  nova: NovaMood = CALM
  /** The time from an accepted order of a BMC to the loss of power, ms. */
  powerOffMs: RangeMs = [500, 3000]
  /**
   * no: reads of a healthy part are answered at once, so that an additional look does not delay
   * what follows.
   */
  readsTakeTime: 'yes' | 'no' = 'yes'
  readonly #cuts = new Set<string>()
  /** Hosts by the request that they can serve. */
  readonly #offers = new Map<string, ReadonlySet<HostName>>()
  #hidden: ReadonlySet<string> = new Set()
  /** By the instance's name. */
  readonly #filters = new Map<string, ReadonlySet<string>>()

  /** The duration of a read that usually takes so long. */
  ofRead(usualMs: RangeMs): RangeMs {
    return this.readsTakeTime === 'yes' ? usualMs : [0, 0]
  }

  /**
   * Makes Nova's scheduler refuse these hosts for an instance, for reasons that its API does not
   * show. An empty list: it accepts all hosts.
   */
  filter(instance: string, hosts: readonly string[]): void {
    this.#filters.set(instance, new Set(hosts))
  }

  accepts(instance: string, host: string): boolean {
    return this.#filters.get(instance)?.has(host) !== true
  }

  /** Only these hosts can serve the request. */
  offer(request: string, hosts: readonly HostName[]): void {
    this.#offers.set(request, new Set(hosts))
  }

  candidatesOf(request: string): ReadonlySet<HostName> {
    return this.#offers.get(request) ?? new Set()
  }

  /** The cell of these hosts is down: Nova shows neither their services nor their instances. */
  hideHosts(hosts: readonly string[]): void {
    this.#hidden = new Set(hosts)
  }

  isHidden(host: string | null): boolean {
    return host !== null && this.#hidden.has(host)
  }

  cut(node: string, wire: Wire): void {
    this.#cuts.add(`${node} ${wire}`)
  }

  mend(node: string, wire: Wire): void {
    this.#cuts.delete(`${node} ${wire}`)
  }

  isCut(node: string, wire: Wire): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${node} ${wire}`)
  }
}

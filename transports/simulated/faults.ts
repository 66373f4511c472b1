/** What is wrong with the world between the machines: cut wires, and the mood of the Compute API. */
import type { HostName } from '../../schema/ids.ts'

/** From the shortest to the longest, in ms. */
export type RangeMs = readonly [number, number]

export interface NovaMood {
  /** Nobody listens: refused at once. */
  readonly outage: boolean
  /** From the request to its answer, one way. */
  readonly latencyMs: RangeMs
  /** What each evacuation under way adds to it, ms. */
  readonly strainMs: number
  /** With so many evacuations under way, what would add work is answered with 429 or 503. */
  readonly evacuationsMax: number
  /** Share of requests answered with 429 or 503. */
  readonly busyRate: number
  /** Retry-After of these answers. */
  readonly retryAfterSeconds: number
  /** Share of requests answered with 500, half of them after they took effect. */
  readonly brokenRate: number
  /** Share of requests that never arrive. */
  readonly lostRequestRate: number
  /** Share of requests that take effect and are never answered. */
  readonly lostAnswerRate: number
  /** Share of evacuations that the chosen target turns down, as for a server group. */
  readonly claimFailureRate: number
  /** Share of evacuations that fail on the target after the claim. */
  readonly spawnFailureRate: number
  /** yes: orders to stop an instance are refused. */
  readonly stopsRefused: 'yes' | 'no'
  /** From the claim on the target to the running guest. */
  readonly rebuildMs: RangeMs
  /** Between two looks of a nova-compute at what really runs on its host, ms; Nova's default, 600 s, would outlast a seed. */
  readonly powerSyncMs: number
}

/** A Compute API on a good day. */
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

/** What a process of ours may be cut off from: the Compute API, or one host's SSH or BMC. */
export type Wire = 'compute' | `ssh:${string}` | `bmc:${string}`

/** Everything that is switched on at the moment; changed by the cloud's switches only. */
export class Faults {
  nova: NovaMood = CALM
  /** From a BMC's accepted order to the loss of power. */
  powerOffMs: RangeMs = [500, 3000]
  /** no: what is well and only read answers at once, so that one look more does not shift what follows. */
  readsTakeTime: 'yes' | 'no' = 'yes'
  readonly #cuts = new Set<string>()
  /** Hosts by the request that they can meet. */
  readonly #offers = new Map<string, ReadonlySet<HostName>>()
  #hidden: ReadonlySet<string> = new Set()
  /** By the instance's name. */
  readonly #filters = new Map<string, ReadonlySet<string>>()

  /** How long something that is only read takes, if it usually takes so long. */
  ofRead(usualMs: RangeMs): RangeMs {
    return this.readsTakeTime === 'yes' ? usualMs : [0, 0]
  }

  /** Nova's scheduler does not accept these hosts for an instance, for reasons that its API does not show; none: it accepts all. */
  filter(instance: string, hosts: readonly string[]): void {
    this.#filters.set(instance, new Set(hosts))
  }

  accepts(instance: string, host: string): boolean {
    return this.#filters.get(instance)?.has(host) !== true
  }

  /** Only these hosts have what a request asks for. */
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

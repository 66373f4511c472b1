/**
 * Knows which hosts lost only the link to their rack. They live, they have a failure domain in common, and their BMCs read their
 * power as on: nobody may power them off, unless an operator has approved it. It knows as well which racks died as one.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

/** Hosts of a rack that break within this time of each other may have one cause: as long as the engine gathers, and detection. */
const TOGETHER_MS = 90_000

/** A rack of one host is no domain that can be told from its host. */
const HOSTS_MIN = 2

export class RackWatch {
  /** The hosts behind each cut link, with all the hosts of the rack. */
  readonly #behind = new Map<string, readonly string[]>()
  /** Since when each host is broken. */
  readonly #brokenSinceMs = new Map<string, number>()
  readonly #clock: ClockPort
  readonly #cloud: SimulatedCloud
  readonly #report: (promise: string, text: string) => void

  constructor(world: {
    readonly clock: ClockPort
    readonly cloud: SimulatedCloud
    readonly report: (promise: string, text: string) => void
  }) {
    this.#clock = world.clock
    this.#cloud = world.cloud
    this.#report = world.report
  }

  /** The link to these hosts is about to be cut. A rack in which something else is broken is not watched. */
  linkIsCut(hosts: readonly string[]): void {
    if (hosts.length < HOSTS_MIN || !hosts.every((host) => this.#isWell(host))) return
    for (const host of hosts) this.#behind.set(host, hosts)
  }

  /** Call this often. */
  lookAround(host: string, condition: 'well' | 'broken'): void {
    if (condition === 'well') this.#brokenSinceMs.delete(host)
    else if (!this.#brokenSinceMs.has(host)) {
      this.#brokenSinceMs.set(host, this.#clock.monotonicMs())
    }
  }

  /**
   * One host for each place under a cap, when those hosts of a dead rack take one place that broke together. One that broke long
   * before the others keeps its own.
   */
  placesOf(hosts: readonly string[]): readonly string[] {
    const taken: { readonly rack: string; readonly sinceMs: number }[] = []
    return hosts.filter((host) => {
      const { rack } = this.#cloud.machine(host)
      const sinceMs = this.#brokenSinceMs.get(host)
      if (rack === null || sinceMs === undefined || !this.#isDead(rack)) return true
      const isTogether = taken.some(
        (other) => other.rack === rack && Math.abs(other.sinceMs - sinceMs) <= TOGETHER_MS,
      )
      if (!isTogether) taken.push({ rack, sinceMs })
      return !isTogether
    })
  }

  #isDead(rack: string): boolean {
    return this.#cloud.hostsInRack(rack).every((host) => this.#brokenSinceMs.has(host))
  }

  /** A node is about to power a host off. */
  cutOff(node: string, host: string): void {
    const rack = this.#behind.get(host)
    if (rack === undefined) return
    if (!rack.every((each) => this.#isCutAndRuns(each))) {
      for (const each of rack) this.#behind.delete(each)
      return
    }
    const hosts = rack.join(', ')
    this.#report('I7', `${node} powers off ${host}, and only the link to ${hosts} is cut`)
  }

  #isWell(host: string): boolean {
    const { isRunning, network, sshd, bmc, disabled } = this.#cloud.machine(host)
    return isRunning && network === 'up' && sshd === 'up' && bmc === 'well' && !disabled
  }

  #isCutAndRuns(host: string): boolean {
    const { isRunning, network, bmc } = this.#cloud.machine(host)
    return isRunning && network === 'cut' && bmc === 'well'
  }
}

/**
 * Knows which hosts lost only the link to their rack. They live, they have a failure domain in common, and their BMCs read their
 * power as on: nobody may power them off, unless an operator has approved it.
 */
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'

/** A rack of one host is no domain that can be told from its host. */
const HOSTS_MIN = 2

export class RackWatch {
  /** The hosts behind each cut link, with all the hosts of the rack. */
  readonly #behind = new Map<string, readonly string[]>()
  readonly #cloud: SimulatedCloud
  readonly #report: (promise: string, text: string) => void

  constructor(world: {
    readonly cloud: SimulatedCloud
    readonly report: (promise: string, text: string) => void
  }) {
    this.#cloud = world.cloud
    this.#report = world.report
  }

  /** The link to these hosts is about to be cut. A rack in which something else is broken is not watched. */
  linkIsCut(hosts: readonly string[]): void {
    if (hosts.length < HOSTS_MIN || !hosts.every((host) => this.#isWell(host))) return
    for (const host of hosts) this.#behind.set(host, hosts)
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

/** What really happened in a run, as the harness has caused it and the simulated world has recorded it. The product never reads it. */
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import type { LogEntry } from '../../transports/simulated/ledger.ts'

export type HostFate = 'loses power' | 'hangs' | 'is cut off'

/** A host that the harness has broken, until it is repaired. Times are wall ms. */
export interface HostDeath {
  readonly host: string
  readonly fate: HostFate
  readonly atMs: number
  /** The instances that were on it. */
  readonly instances: readonly string[]
  repairedAtMs: number | undefined
}

export interface GuestDeath {
  readonly instance: string
  readonly host: string
  readonly atMs: number
}

/** An order of a BMC that powered a running machine off. */
export interface PowerOff {
  readonly host: string
  readonly atMs: number
  /** healthy: nothing was wrong with the machine. */
  readonly machine: 'dead' | 'booting' | 'healthy'
}

/** An instance that arrived on another host. */
export interface Arrival {
  readonly instance: string
  readonly source: string
  readonly dest: string
  readonly atMs: number
}

/** A report that a gateway has accepted with 202. */
export interface Acceptance {
  readonly notification: string
  readonly what: string
  readonly atMs: number
}

const ARRIVAL = /^(\S+) moved from (\S+) to (\S+)$/

export class Truth {
  readonly hostDeaths: HostDeath[] = []
  readonly guestDeaths: GuestDeath[] = []
  /** Deaths of nova-compute on living hosts. */
  serviceDeaths = 0
  readonly powerOffs: PowerOff[] = []
  readonly arrivals: Arrival[] = []
  readonly acceptances: Acceptance[] = []
  readonly #cloud: SimulatedCloud
  #read: LogEntry | undefined

  constructor(cloud: SimulatedCloud) {
    this.#cloud = cloud
  }

  /** Undefined while the host is well. */
  deathOf(host: string): HostDeath | undefined {
    return this.hostDeaths.findLast(
      (death) => death.host === host && death.repairedAtMs === undefined,
    )
  }

  /** A BMC is told to power a machine off, and obeys. */
  powerOff(host: string): void {
    const { power, os, network } = this.#cloud.machine(host)
    if (power === 'off') return
    const isDead = os === 'hung' || network === 'cut'
    const machine = isDead ? 'dead' : os === 'booting' ? 'booting' : 'healthy'
    this.powerOffs.push({ host, atMs: Date.now(), machine })
    this.#cloud.crashHost(host)
  }

  /** Reads on in the record of the simulated world. Must be called every few seconds; returns the new lines. */
  readOn(): readonly LogEntry[] {
    const { log } = this.#cloud
    const from = this.#read === undefined ? 0 : log.lastIndexOf(this.#read) + 1
    const entries = log.slice(from)
    this.#read = entries.at(-1) ?? this.#read
    for (const { text, atMs } of entries) {
      const [, instance, source, dest] = ARRIVAL.exec(text) ?? []
      if (instance === undefined || source === undefined || dest === undefined) continue
      this.arrivals.push({ instance, source, dest, atMs: performance.timeOrigin + atMs })
    }
    return entries.filter(({ kind }) => kind !== 'read')
  }
}

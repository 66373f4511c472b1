/** The hosts of one scene, as their BMCs, Nova, and whoever registers them describe them. All of them live, unless they are killed. */
import type { WatchedHost } from '../../../actors/host-watcher/host-watcher.ts'
import type { ClockPort, RandomPort } from '../../../actors/ports/clock.ts'
import type { ComputeService } from '../../../actors/ports/compute.ts'
import type { PowerState } from '../../../actors/ports/power.ts'
import { bmcsOf, parseControlAttributes } from '../../../schema/control-attributes.ts'
import { hostId, hostName, segmentId } from '../../../schema/ids.ts'
import type { Host } from '../../../schema/records.ts'
import type { Paths } from './paths.ts'

export const SEGMENT = segmentId('segment-1')
/** nova-compute writes its row so often (its option `report_interval`), ms. */
const REPORT_MS = 10_000
/** Nova calls a service down when it has not written for so long (its option `service_down_time`), ms. */
const SERVICE_DOWN_MS = 60_000

/** Hosts are spread over them. */
const RACKS = 4

export const rackOf = (host: number): string => `rack:${host % RACKS}`

interface NovaRow {
  /** By the clock of Nova. */
  writtenAt: number
}

export class SmallCloud {
  readonly hosts: readonly Host[]
  readonly watched: readonly WatchedHost[]
  readonly #clock: ClockPort
  readonly #rows: readonly NovaRow[]
  /** How the chassis power of each dead host reads. */
  readonly #dead = new Map<number, PowerState>()
  #novaStepMs = 0

  constructor(
    { clock, random }: { readonly clock: ClockPort; readonly random: RandomPort },
    paths: Paths,
    size: number,
  ) {
    this.#clock = clock
    this.hosts = Array.from({ length: size }, (_, index) => hostRow(index))
    this.watched = this.hosts.map(watchedOf)
    this.#rows = this.hosts.map(() => ({ writtenAt: clock.wallMs() }))
    for (const [host, row] of this.#rows.entries()) {
      const write = (): void => {
        clock.schedule(REPORT_MS, write)
        const isLost = paths.isLost({ from: 'nova', host, by: 'nova' })
        if (!isLost && this.isAlive(host)) row.writtenAt = this.#novaMs()
      }
      clock.schedule(random.next() * REPORT_MS, write)
    }
  }

  /** The number of a registered host. */
  indexOf(uuid: string): number {
    return this.hosts.findIndex((each) => each.uuid === uuid)
  }

  isAlive(host: number): boolean {
    return !this.#dead.has(host)
  }

  /** on: its kernel hangs. */
  kill(host: number, power: PowerState): void {
    this.#dead.set(host, power)
  }

  powerOf(host: number): PowerState {
    return this.#dead.get(host) ?? 'on'
  }

  /** The wall clock of Nova is set. */
  stepNova(byMs: number): void {
    this.#novaStepMs += byMs
  }

  /** What Nova shows of its compute services. */
  services(): readonly ComputeService[] {
    return this.#rows.map(({ writtenAt }, index) => {
      const writtenAgoMs = this.#novaMs() - writtenAt
      return {
        id: String(index),
        host: hostName(`compute-${index}`),
        up: Math.abs(writtenAgoMs) <= SERVICE_DOWN_MS,
        disabled: false,
        disabledReason: null,
        forcedDown: false,
        zone: null,
        writtenAt,
        writtenAgoMs,
      }
    })
  }

  #novaMs(): number {
    return this.#clock.wallMs() + this.#novaStepMs
  }
}

function hostRow(index: number): Host {
  return {
    id: index + 1,
    createdAt: 0,
    updatedAt: null,
    uuid: hostId(`host-${index}`),
    name: hostName(`compute-${index}`),
    segment: SEGMENT,
    type: 'COMPUTE',
    controlAttributes: JSON.stringify({
      ssh: { host: `192.0.2.${index + 1}`, username: 'ha' },
      ipmi: { host: `192.0.2.${index + 101}`, username: 'ha', password: 'simulated' },
      failure_domains: [rackOf(index)],
    }),
    reserved: false,
    onMaintenance: false,
    maintenanceBy: null,
  }
}

function watchedOf({ uuid: host, name, segment, controlAttributes }: Host): WatchedHost {
  const attributes = parseControlAttributes(controlAttributes)
  const { ssh, problems, failureDomains = [] } = attributes
  return {
    host,
    hostName: name,
    segment,
    ssh,
    power: bmcsOf(attributes)[0],
    problems,
    domains: failureDomains,
    maintenance: 'none',
    fingerprint: name,
  }
}

/**
 * The registered hosts with their failure domains, as the leader has read them. What is read again replaces what was known; while
 * a source is away, what it said last stays.
 */
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import {
  domainsInAggregates,
  domainsOf,
  type DomainAggregate,
  type DomainsByHost,
} from '../../schema/failure-domains.ts'
import type { HostId, HostName } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { ClockPort } from '../ports/clock.ts'
import { awaitedAfterReturn, awaitedNeighbours, type Awaited } from './companions.ts'
import { judgeCut, type Cut, type CutRules, type HostSight } from './cut.ts'
import type { HostObservations } from './host-observations.ts'

/** One registered host, as it was read last. */
interface BookedHost {
  readonly host: HostId
  readonly hostName: HostName
  /** undefined: its settings do not say. */
  readonly settings: readonly string[] | undefined
  readonly service: HostSight['service']
}

export interface DomainBookWorld {
  readonly clock: ClockPort
  readonly observations: Pick<HostObservations, 'of' | 'doubtedSince' | 'reachedAt' | 'returnedAt'>
  /** What the file of the operators says. */
  readonly declaredDomains: DomainsByHost
  /** Which metadata of aggregates name a domain. */
  readonly metadataKeys: readonly string[]
  readonly cutRules: CutRules
}

const serviceOf = (onMaintenance: boolean, by: Host['maintenanceBy']): HostSight['service'] => {
  if (!onMaintenance) return 'in'
  return by === null ? 'out' : 'recovering'
}

/** Many hosts are decided in the same moment, and all are looked at for each of them: what was gathered is good for so long, ms. */
const SIGHTS_MS = 200

export class DomainBook {
  readonly #world: DomainBookWorld
  #hosts: readonly BookedHost[] = []
  #aggregates: DomainsByHost = new Map()
  #sights: { readonly atMs: number; readonly all: ReadonlyMap<HostId, HostSight> } | undefined

  constructor(world: DomainBookWorld) {
    this.#world = world
  }

  /** How many registered hosts are known. */
  get size(): number {
    return this.#hosts.length
  }

  /** What the store says now. */
  learnHosts(hosts: readonly Host[]): void {
    this.#hosts = hosts.map(({ uuid, name, controlAttributes, onMaintenance, maintenanceBy }) => ({
      host: uuid,
      hostName: name,
      settings: parseControlAttributes(controlAttributes).failureDomains,
      service: serviceOf(onMaintenance, maintenanceBy),
    }))
    this.#sights = undefined
  }

  /** What Nova says now. */
  learnAggregates(aggregates: readonly DomainAggregate[]): void {
    this.#aggregates = domainsInAggregates(aggregates, this.#world.metadataKeys)
    this.#sights = undefined
  }

  /** Why the host fails, when others fail with it. Without known domains, it fails by itself. */
  judge(host: HostId): Cut {
    const sights = this.#gather()
    const own = sights.get(host)
    return own === undefined || own.domains.length === 0
      ? { kind: 'separate' }
      : judgeCut(own, [...sights.values()], this.#world.cutRules)
  }

  /** Whether its neighbours, or the host itself, are still to be heard of before it is judged. */
  awaited(host: HostId): Awaited | undefined {
    const sights = this.#gather()
    const own = sights.get(host)
    if (own === undefined || own.domains.length === 0) return undefined
    const { companionsMs: longestMs, askedAgainMs } = this.#world.cutRules
    const nowMs = this.#world.clock.monotonicMs()
    const all = [...sights.values()]
    return (
      awaitedNeighbours(own, all, { nowMs, longestMs }) ??
      awaitedAfterReturn(own, all, { nowMs, longestMs: askedAgainMs })
    )
  }

  #domainsOf({ hostName, settings }: BookedHost): readonly string[] {
    const name = hostName.toLowerCase()
    const { declaredDomains } = this.#world
    return domainsOf({
      settings,
      file: declaredDomains.get(name),
      aggregates: this.#aggregates.get(name),
    })
  }

  #gather(): ReadonlyMap<HostId, HostSight> {
    const { clock, observations } = this.#world
    const atMs = clock.monotonicMs()
    if (this.#sights !== undefined && atMs - this.#sights.atMs < SIGHTS_MS) return this.#sights.all
    const named = this.#hosts.map((each) => ({ ...each, domains: this.#domainsOf(each) }))
    // Without any domain there is nothing to judge.
    const isNamed = named.some(({ domains }) => domains.length > 0)
    const all = new Map(
      (isNamed ? named : []).map(({ host, hostName, domains, service }) => [
        host,
        {
          host,
          hostName,
          domains,
          service,
          observations: observations.of(host),
          doubtedSinceMs: observations.doubtedSince(host),
          reachedAtMs: observations.reachedAt(host),
          returnedAtMs: observations.returnedAt(host),
        },
      ]),
    )
    this.#sights = { atMs, all }
    return all
  }
}

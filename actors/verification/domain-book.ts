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
  type HostDomains,
} from '../../schema/failure-domains.ts'
import type { HostId, HostName } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { ReadDomains } from '../ports/domain-store.ts'
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
  readonly observations: Pick<
    HostObservations,
    'of' | 'doubtedSince' | 'lostSince' | 'reachedAt' | 'returnedAt'
  >
  /** What the file of the operators says. */
  readonly declaredDomains: DomainsByHost
  /** Which metadata of aggregates name a domain. */
  readonly metadataKeys: readonly string[]
  readonly cutRules: CutRules
}

const SEPARATE: Cut = { kind: 'separate' }
const UNSEEN: Cut = { kind: 'separate', isUnseen: true }

const serviceOf = (onMaintenance: boolean, by: Host['maintenanceBy']): HostSight['service'] => {
  if (!onMaintenance) return 'in'
  return by === null ? 'out' : 'recovering'
}

/** Many hosts are decided in the same moment, and all are looked at for each of them: what was gathered is good for so long, ms. */
const SIGHTS_MS = 200

export class DomainBook {
  readonly #world: DomainBookWorld
  #hosts: readonly BookedHost[] = []
  #aggregates: ReadDomains | undefined
  /**
   * Hosts that were cut off, or that nobody could see, when they were judged last. A new leader does not know them, and needs the
   * words of observers.
   */
  readonly #unreached = new Map<HostId, Cut>()
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
    const known = new Set(hosts.map(({ uuid }) => uuid))
    for (const host of this.#unreached.keys()) if (!known.has(host)) this.#unreached.delete(host)
    this.#sights = undefined
  }

  /** What Nova says now. */
  learnAggregates(aggregates: readonly DomainAggregate[], readAt: number): ReadDomains {
    const domains = domainsInAggregates(aggregates, this.#world.metadataKeys)
    this.#aggregates = { readAt, domains }
    this.#sights = undefined
    return this.#aggregates
  }

  /** What Nova said to an earlier leader, whose keys may have been others. It does not replace what this leader has read. */
  recallAggregates({ readAt, domains }: ReadDomains): void {
    if (this.#aggregates !== undefined) return
    const prefixes = this.#world.metadataKeys.map((key) => `${key}:`)
    const known = [...domains].map(([host, names]) => {
      const own = names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix)))
      return [host, own] as const
    })
    this.#aggregates = { readAt, domains: new Map(known.filter(([, names]) => names.length > 0)) }
    this.#sights = undefined
  }

  /** When Nova said what counts of its aggregates, wall ms; undefined before anything is known. */
  get aggregatesReadAt(): number | undefined {
    return this.#aggregates?.readAt
  }

  /**
   * Why the host fails, when others fail with it. Without known domains, it fails by itself. While no observer says anything of it,
   * the last verdict stays: that the observers of a cut link have ended does not make the host die.
   */
  judge(host: HostId): Cut {
    const sights = this.#gather()
    const own = sights.get(host)
    if (own === undefined || own.domains.length === 0) return SEPARATE
    if (own.observations.length === 0) return this.#unreached.get(host) ?? UNSEEN
    const cut = judgeCut(own, [...sights.values()], this.#world.cutRules)
    if (cut.kind === 'link-cut' || cut.kind === 'blind') this.#unreached.set(host, cut)
    else this.#unreached.delete(host)
    return cut
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

  /** The domains of every registered host, as they are judged by. */
  all(): readonly (HostDomains & { readonly host: HostId })[] {
    return this.#hosts.map((each) => ({ host: each.host, ...this.#domainsOf(each) }))
  }

  #domainsOf({ hostName, settings }: BookedHost): HostDomains {
    const name = hostName.toLowerCase()
    const { declaredDomains } = this.#world
    return domainsOf({
      settings,
      file: declaredDomains.get(name),
      aggregates: this.#aggregates?.domains.get(name),
    })
  }

  #gather(): ReadonlyMap<HostId, HostSight> {
    const { clock, observations } = this.#world
    const atMs = clock.monotonicMs()
    if (this.#sights !== undefined && atMs - this.#sights.atMs < SIGHTS_MS) return this.#sights.all
    const named = this.#hosts.map((each) => ({ ...each, domains: this.#domainsOf(each).names }))
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
          lostSinceMs: observations.lostSince(host),
          reachedAtMs: observations.reachedAt(host),
          returnedAtMs: observations.returnedAt(host),
        },
      ]),
    )
    this.#sights = { atMs, all }
    return all
  }
}

/** Aggregates of the simulated Nova. */
import type { Aggregate, ComputePort } from '../../actors/ports/compute.ts'
import { CodedError } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import type { NovaWire } from './nova-wire.ts'
import type { Site } from './site.ts'

interface Grouped extends Omit<Aggregate, 'id' | 'hosts'> {
  readonly hosts: Set<HostName>
}

/** One aggregate for each segment, with its hosts that are no spares; and one for each rack whose name Nova knows. */
export class Aggregates {
  readonly #site: Site
  readonly #byId: ReadonlyMap<string, Grouped>

  constructor(site: Site, racks: 'named' | 'hidden') {
    this.#site = site
    const bySegment = Map.groupBy(site.machines, ({ segment }) => segment)
    const byId = new Map<string, Grouped>(
      [...bySegment].map(([segment, machines], index) => {
        const members = machines.filter(({ isSpare }) => !isSpare).map(({ name }) => name)
        const grouped = { name: `hosts-of-${segment}`, hosts: new Set(members), metadata: {} }
        return [String(index + 1), grouped] as const
      }),
    )
    const byRack = Map.groupBy(site.machines, ({ rack }) => rack)
    for (const [rack, machines] of racks === 'named' ? byRack : []) {
      if (rack === null) continue
      const hosts = new Set(machines.map(({ name }) => name))
      byId.set(String(byId.size + 1), { name: `rack-${rack}`, hosts, metadata: { rack } })
    }
    this.#byId = byId
  }

  list(): readonly Aggregate[] {
    return [...this.#byId].map(([id, { hosts, ...named }]) => ({ id, ...named, hosts: [...hosts] }))
  }

  join(id: string, host: HostName): void {
    if (this.#site.find(host) === undefined) throw notFound(`host ${host}`)
    this.#get(id).hosts.add(host)
  }

  leave(id: string, host: HostName): void {
    this.#get(id).hosts.delete(host)
  }

  nameOf(id: string): string {
    return this.#byId.get(id)?.name ?? id
  }

  #get(id: string): Grouped {
    const found = this.#byId.get(id)
    if (found === undefined) throw notFound(`aggregate ${id}`)
    return found
  }
}

const notFound = (what: string): CodedError =>
  new CodedError('COMPUTE_NOT_FOUND', `Nova does not know ${what}`)

/** The aggregates part of the Compute port of one process. */
export function aggregatePort(
  aggregates: Aggregates,
  wire: NovaWire,
): Pick<ComputePort, 'listAggregates' | 'joinAggregate' | 'leaveAggregate'> {
  const change = (
    name: string,
    subject: string,
    effect: () => void,
    signal: AbortSignal | undefined,
  ): Promise<void> => wire.send({ kind: 'repeatable', name, subject, effect, signal })
  const list = (): readonly Aggregate[] => aggregates.list()
  return {
    listAggregates: (signal) =>
      wire.send({ kind: 'read', name: 'list-aggregates', subject: '', effect: list, signal }),
    joinAggregate: (id, host, signal) => {
      const subject = `${host} ${aggregates.nameOf(id)}`
      return change('join-aggregate', subject, () => aggregates.join(id, host), signal)
    },
    leaveAggregate: (id, host, signal) => {
      const subject = `${host} ${aggregates.nameOf(id)}`
      return change('leave-aggregate', subject, () => aggregates.leave(id, host), signal)
    },
  }
}

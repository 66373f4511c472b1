/** Aggregates of the simulated Nova. */
import type { Aggregate } from '../../actors/ports/compute.ts'
import { CodedError } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import type { Site } from './site.ts'

/** One a segment, of its hosts that are no spares. */
export class Aggregates {
  readonly #site: Site
  readonly #byId: ReadonlyMap<string, { readonly name: string; readonly hosts: Set<HostName> }>

  constructor(site: Site) {
    this.#site = site
    const bySegment = Map.groupBy(site.machines, ({ segment }) => segment)
    this.#byId = new Map(
      [...bySegment].map(([segment, machines], index) => {
        const members = machines.filter(({ isSpare }) => !isSpare).map(({ name }) => name)
        return [String(index + 1), { name: `hosts-of-${segment}`, hosts: new Set(members) }]
      }),
    )
  }

  list(): readonly Aggregate[] {
    return [...this.#byId].map(([id, { name, hosts }]) => ({ id, name, hosts: [...hosts] }))
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

  #get(id: string): { readonly hosts: Set<HostName> } {
    const found = this.#byId.get(id)
    if (found === undefined) throw notFound(`aggregate ${id}`)
    return found
  }
}

const notFound = (what: string): CodedError =>
  new CodedError('COMPUTE_NOT_FOUND', `Nova does not know ${what}`)

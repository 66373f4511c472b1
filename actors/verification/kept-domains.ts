/** Keeps in the store what Nova's aggregates say about failure domains, for the next leader. */
import type { DomainsByHost } from '../../schema/failure-domains.ts'
import type { Epoch } from '../../schema/ids.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { DomainStore, ReadDomains } from '../ports/domain-store.ts'
import { isStoreAway } from '../ports/store.ts'

/**
 * How old what an earlier leader has read may be, ms: a day. Racks are rebuilt in days, and an outage of Nova in which leaders change is
 * over by then. What is older is likelier to be wrong than a host without domains is to be judged too hastily.
 */
const AGE_MS_MAX = 86_400_000
/** The clocks of two leaders may differ by so much, ms. */
const CLOCK_DIFFERENCE_MS_MAX = 60_000
/** How often what has not changed is kept again, so that its age is that of the latest reading, ms. */
const KEEP_AGAIN_MS = 600_000

export interface KeptDomainsWorld {
  readonly clock: ClockPort
  readonly store: Pick<DomainStore, 'keepAggregateDomains' | 'readAggregateDomains'>
  readonly epoch: Epoch
}

export class KeptDomains {
  readonly #world: KeptDomainsWorld
  #last: ReadDomains | undefined

  constructor(world: KeptDomainsWorld) {
    this.#world = world
  }

  /** What an earlier leader has read; undefined when there is nothing, when it is too old, or while the store is away. */
  async recall(): Promise<ReadDomains | undefined> {
    const { clock, store } = this.#world
    try {
      this.#last = await store.readAggregateDomains()
    } catch (error) {
      if (!isStoreAway(error)) throw error
      return undefined
    }
    if (this.#last === undefined) return undefined
    const ageMs = clock.wallMs() - this.#last.readAt
    return ageMs > AGE_MS_MAX || ageMs < -CLOCK_DIFFERENCE_MS_MAX ? undefined : this.#last
  }

  /** Writes what was read now, if it has changed or is to be kept again. While the store is away, the next reading is kept. */
  async keep(read: ReadDomains): Promise<void> {
    const { store, epoch } = this.#world
    const last = this.#last
    if (read.domains.size === 0 && (last === undefined || last.domains.size === 0)) return
    const isSame = last !== undefined && isEqual(read.domains, last.domains)
    if (isSame && read.readAt - last.readAt < KEEP_AGAIN_MS) return
    try {
      await store.keepAggregateDomains(epoch, read)
      this.#last = read
    } catch (error) {
      if (!isStoreAway(error)) throw error
    }
  }
}

const isEqual = (one: DomainsByHost, other: DomainsByHost): boolean =>
  one.size === other.size &&
  [...one].every(([host, names]) => {
    const others = other.get(host)
    return others?.length === names.length && names.every((name, at) => others[at] === name)
  })

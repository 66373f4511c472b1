/**
 * Who may be spoken of, and who may speak: registered hosts and registered observers. The bus is open to more than these; what
 * others say, or say of others, is counted and not kept (promise I11).
 */
import type { HostId } from '../../schema/ids.ts'
import { hostId } from '../../schema/ids.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import type { RegisteredHost, RegisteredNames } from '../ports/roster-store.ts'

/** Observations that did not count, since the start. */
export interface Strangers {
  readonly hosts: number
  readonly observers: number
}

export class Roster {
  #hosts: ReadonlyMap<HostId, RegisteredHost> = new Map()
  #observers: ReadonlySet<string> = new Set()
  #strangers: Strangers = { hosts: 0, observers: 0 }

  /** What the store says now. */
  learn({ hosts, observers }: RegisteredNames): void {
    this.#hosts = new Map(hosts.map((host) => [host.host, host]))
    this.#observers = new Set(observers)
  }

  /** The observation with the host's name and segment as registered; undefined when it does not count. */
  admit(observed: HostObserved): HostObserved | undefined {
    const registered = this.#hosts.get(hostId(observed.host))
    const isKnown = this.#observers.has(observed.observer)
    if (registered !== undefined && isKnown) {
      return { ...observed, hostName: registered.hostName, segment: registered.segment }
    }
    const { hosts, observers } = this.#strangers
    this.#strangers =
      registered === undefined
        ? { hosts: hosts + 1, observers }
        : { hosts, observers: observers + 1 }
    return undefined
  }

  strangers(): Strangers {
    return this.#strangers
  }
}

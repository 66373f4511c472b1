/**
 * Who may be spoken of, and who may speak: registered hosts and registered observers. The bus is open to more than these; what
 * others say, or say of others, is counted and not kept (promise I11).
 */
import type { HostId } from '../../schema/ids.ts'
import { hostId } from '../../schema/ids.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import type { RegisteredHost, RegisteredNames } from '../ports/roster-store.ts'

export class Roster {
  #hosts: ReadonlyMap<HostId, RegisteredHost> = new Map()
  #observers: ReadonlySet<string> = new Set()
  /** Counts an observation by somebody, or of a host, that is not registered. */
  readonly #countStranger: () => void

  constructor(countStranger: () => void) {
    this.#countStranger = countStranger
  }

  /** How many hosts are registered. */
  get size(): number {
    return this.#hosts.size
  }

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
    this.#countStranger()
    return undefined
  }
}

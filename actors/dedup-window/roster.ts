/**
 * Which observations count: those of registered hosts by registered observers, and those of a host monitor only about hosts that
 * are assigned to it (decision 0040). The bus is open to more than these; all other observations are counted and not kept (promise I11).
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostId } from '../../schema/ids.ts'
import { hostId } from '../../schema/ids.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import type { RegisteredHost, RegisteredNames } from '../ports/roster-store.ts'
import { assignedTo, type Monitors } from '../verification/assignment.ts'
import {
  NO_REGISTRATIONS,
  afterLook,
  monitorsOf,
  type Registrations,
} from '../verification/registrations.ts'

/** Hosts, by each life of their observers, whose latest message is known. */
const HEARD_MAX = 50_000

/** An observation as it arrived. */
export type HeardObservation = Pick<
  Received & { readonly type: 'host.observed' },
  'body' | 'incarnation' | 'sequence'
>

export class Roster {
  #hosts: ReadonlyMap<HostId, RegisteredHost> = new Map()
  #observers: ReadonlySet<string> = new Set()
  /** Host monitors, those that have gone included. */
  #hostMonitors: ReadonlySet<string> = new Set()
  #registrations: Registrations = NO_REGISTRATIONS
  /** Those that run or may run. */
  #monitors: Monitors = new Map()
  /** Who watches each registered host: found when somebody speaks of it, and forgotten when the store is read again. */
  readonly #assigned = new Map<HostId, readonly string[]>()
  /** The number of the latest message about each host in each life of an observer: what is not newer is a replay. */
  readonly #heard = new BoundedMap<string, number>({
    entriesMax: HEARD_MAX,
    whenFull: 'drop-oldest',
  })
  readonly #observersPerHost: number
  /** Counts an observation by somebody, or of a host, that is not registered, or not assigned to it; and a replay. */
  readonly #countStranger: () => void

  constructor(observersPerHost: number, countStranger: () => void) {
    this.#observersPerHost = observersPerHost
    this.#countStranger = countStranger
  }

  /** How many hosts are registered. */
  get size(): number {
    return this.#hosts.size
  }

  /** What the store says now. */
  learn({ hosts, observers, monitors }: RegisteredNames, atMs: number): void {
    this.#hosts = new Map(hosts.map((host) => [host.host, host]))
    this.#observers = new Set(observers)
    this.#hostMonitors = new Set(monitors.map(({ name }) => name))
    this.#registrations = afterLook(this.#registrations, monitors, atMs)
    this.#monitors = monitorsOf(this.#registrations)
    this.#assigned.clear()
  }

  /** The observation with the host's name and segment as registered; undefined when it does not count. */
  admit(heard: HeardObservation): HostObserved | undefined {
    const { body: observed } = heard
    const host = hostId(observed.host)
    const registered = this.#hosts.get(host)
    const counts =
      registered !== undefined &&
      this.#observers.has(observed.observer) &&
      this.#isAssigned(host, observed.observer) &&
      this.#isNew(heard)
    if (counts) {
      return { ...observed, hostName: registered.hostName, segment: registered.segment }
    }
    this.#countStranger()
    return undefined
  }

  #isNew({ body: { observer, host }, incarnation, sequence }: HeardObservation): boolean {
    const key = `${observer} ${incarnation} ${host}`
    if (sequence <= (this.#heard.get(key) ?? -1)) return false
    this.#heard.set(key, sequence)
    return true
  }

  /** Nothing is assigned to a webhook: it passes on what others say of any host. */
  #isAssigned(host: HostId, observer: string): boolean {
    if (!this.#hostMonitors.has(observer)) return true
    const known = this.#assigned.get(host)
    if (known !== undefined) return known.includes(observer)
    const assigned = assignedTo(host, this.#monitors, this.#observersPerHost)
    this.#assigned.set(host, assigned)
    return assigned.includes(observer)
  }
}

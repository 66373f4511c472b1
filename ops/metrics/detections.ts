/** How the deaths of hosts are noticed: the first observer's word, and the notification that the leader stores after the quorum. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostObserved } from '../../schema/messages/observation.ts'
import type { Detection } from '../tracing/recovery-spans.ts'
import type { Metrics } from './metrics.ts'

const HOSTS_MAX = 20_000

const byHost = <Value>(): BoundedMap<string, Value> =>
  new BoundedMap({ entriesMax: HOSTS_MAX, whenFull: 'drop-oldest' })

export class Detections {
  readonly #clock: ClockPort
  readonly #metrics: Metrics
  /** When an observer first called a host dead, wall ms; by its name. */
  readonly #doubtedAt = byHost<number>()
  readonly #detected = byHost<Detection>()

  constructor(clock: ClockPort, metrics: Metrics) {
    this.#clock = clock
    this.#metrics = metrics
  }

  /** A word of an observer has arrived. */
  heard({ hostName, state }: HostObserved): void {
    if (state === 'alive') this.#doubtedAt.delete(hostName)
    if (state !== 'dead' || this.#doubtedAt.has(hostName)) return
    this.#doubtedAt.set(hostName, this.#clock.wallMs())
  }

  /** A notification about the host is stored. */
  stored(hostName: string): void {
    const doubtedAt = this.#doubtedAt.get(hostName)
    if (doubtedAt === undefined) return
    const storedAt = this.#clock.wallMs()
    this.#doubtedAt.delete(hostName)
    this.#detected.set(hostName, { doubtedAt, storedAt })
    this.#metrics.observe('instance_ha_quorum_seconds', storedAt - doubtedAt)
  }

  /** The detection of this host, for the recovery that follows it, and for no later one. */
  take(hostName: string): Detection | undefined {
    const detection = this.#detected.get(hostName)
    this.#detected.delete(hostName)
    return detection
  }
}

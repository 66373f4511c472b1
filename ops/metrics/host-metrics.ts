/** What this monitor says of its hosts, and how long its verdicts take. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { WireBody, WireType } from '../../schema/messages/catalogue.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import type { Witness } from '../roles/witness.ts'
import type { Metrics } from './metrics.ts'

const HOSTS_MAX = 20_000
/** An observer repeats its words every few seconds. Of a host that it does not watch any more, it says nothing. */
const FORGOTTEN_MS = 60_000

interface Said {
  readonly state: HostState
  readonly atMs: number
  readonly aliveMs: number | undefined
  readonly suspectMs: number | undefined
}

export class HostMetrics implements Witness {
  readonly #clock: ClockPort
  readonly #metrics: Metrics
  readonly #hosts = new BoundedMap<string, Said>({
    entriesMax: HOSTS_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(clock: ClockPort, metrics: Metrics) {
    this.#clock = clock
    this.#metrics = metrics
    metrics.sample(() => this.#sample())
  }

  turned(): void {}

  submitted(): void {}

  announced<Name extends WireType>(type: Name, body: WireBody<Name>): void {
    // `type` tells which body it is; TypeScript cannot follow this by a type parameter.
    if (type === 'host.observed') this.#observed(body as WireBody<'host.observed'>)
  }

  #observed({ host, state }: WireBody<'host.observed'>): void {
    const atMs = this.#clock.monotonicMs()
    const before = this.#hosts.get(host)
    const isNews = before !== undefined && before.state !== state
    if (isNews) this.#metrics.count('instance_ha_host_verdicts_total', { state })
    if (isNews && state === 'dead') this.#tookUntilDead(before, atMs)
    const suspectMs = state === 'suspect' ? (before?.suspectMs ?? atMs) : undefined
    const aliveMs = state === 'alive' ? atMs : before?.aliveMs
    this.#hosts.set(host, { state, atMs, aliveMs, suspectMs })
  }

  #tookUntilDead({ aliveMs, suspectMs }: Said, atMs: number): void {
    if (suspectMs !== undefined) {
      this.#metrics.observe('instance_ha_host_suspicion_seconds', atMs - suspectMs)
    }
    if (aliveMs !== undefined) {
      this.#metrics.observe('instance_ha_host_silence_seconds', atMs - aliveMs)
    }
  }

  #sample(): void {
    const sinceMs = this.#clock.monotonicMs() - FORGOTTEN_MS
    const counts = new Map<string, number>()
    for (const [host, { state, atMs }] of this.#hosts.entries()) {
      if (atMs < sinceMs) this.#hosts.delete(host)
      else counts.set(state, (counts.get(state) ?? 0) + 1)
    }
    const samples = [...counts].map(([state, count]) => [count, { state }] as const)
    this.#metrics.set('instance_ha_hosts_watched', ...samples)
  }
}

/** The failure domains that the leader has told lately, for the API: a gateway may be another process than the leader. */
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostDomains } from '../../schema/failure-domains.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { DomainBoard, ToldHostDomains } from '../ports/domain-board.ts'

/** A leader says them every 10 s; two of its messages may be lost. */
const FRESH_MS = 30_000
/** As many hosts as observations are kept of. */
const HOSTS_MAX = 20_000

/** A message `domains.known`. */
interface DomainsSaid {
  readonly aggregatesReadAt?: number | undefined
  readonly hosts: readonly (HostDomains & { readonly host: string })[]
}

interface Told {
  readonly domains: ToldHostDomains
  readonly atMs: number
}

export class ToldDomains implements DomainBoard {
  readonly #clock: ClockPort
  readonly #hosts = new BoundedMap<string, Told>({ entriesMax: HOSTS_MAX, whenFull: 'drop-oldest' })
  #leader: { readonly epoch: number; readonly atMs: number } | undefined

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  /**
   * Takes what a leader says in place of what was said before. An earlier leader than the one that spoke lately has no voice; when
   * the later one is silent, it has one again, so that a wrong epoch does not hide the domains for ever.
   */
  note(epoch: number | null, { hosts, aggregatesReadAt }: DomainsSaid): void {
    if (epoch === null) return
    const atMs = this.#clock.monotonicMs()
    const latest = this.#leader
    if (latest !== undefined && epoch < latest.epoch && this.#isFresh(latest.atMs)) return
    this.#leader = { epoch, atMs }
    for (const { host, source, names } of hosts) {
      const readAt = source === 'aggregate' ? aggregatesReadAt : undefined
      this.#hosts.set(host, { domains: { source, names, readAt }, atMs })
    }
  }

  of(host: string): ToldHostDomains | undefined {
    const told = this.#hosts.get(host)
    return told === undefined || !this.#isFresh(told.atMs) ? undefined : told.domains
  }

  #isFresh(atMs: number): boolean {
    return this.#clock.monotonicMs() - atMs <= FRESH_MS
  }
}

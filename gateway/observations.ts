/** What the watchers say about hosts: the last word of each observer, forgotten when it is not repeated. */
import type { ClockPort } from '../actors/ports/clock.ts'
import type { HostObserved, HostState } from '../schema/messages/observation.ts'

/** One observer's view of one host. */
export interface Observation {
  readonly observer: string
  readonly state: HostState
  /** One sentence a channel. */
  readonly evidence: readonly string[]
  readonly seenAtWallMs: number
}

const OBSERVERS_MAX = 16
const HOSTS_MAX = 20_000

/** Evidence of life counts most, and who sees nothing counts least. */
const WEIGHT: readonly HostState[] = ['alive', 'suspect', 'dead', 'misconfigured', 'blind']

interface Heard {
  readonly observation: Observation
  readonly atMs: number
}

/** Keeps the views of every host that is being watched. */
export class ObservationBoard {
  readonly #clock: ClockPort
  readonly #forgetMs: number
  readonly #hosts = new Map<string, Map<string, Heard>>()

  /** Observers repeat themselves: who did not for `forgetMs` has nothing to say. */
  constructor(clock: ClockPort, forgetMs: number) {
    this.#clock = clock
    this.#forgetMs = forgetMs
  }

  /** Takes what an observer says in place of what it said before. */
  heard({ host, observer, state, evidence }: HostObserved): void {
    const views = this.#hosts.get(host) ?? new Map<string, Heard>()
    const observation = { observer, state, evidence, seenAtWallMs: this.#clock.wallMs() }
    views.delete(observer)
    views.set(observer, { observation, atMs: this.#clock.monotonicMs() })
    dropOldest(views, OBSERVERS_MAX)
    this.#hosts.delete(host)
    this.#hosts.set(host, views)
    dropOldest(this.#hosts, HOSTS_MAX)
  }

  /** The views of one host, by observer. */
  of(host: string): readonly Observation[] {
    const sinceMs = this.#clock.monotonicMs() - this.#forgetMs
    return [...(this.#hosts.get(host)?.values() ?? [])]
      .filter(({ atMs }) => atMs >= sinceMs)
      .map(({ observation }) => observation)
      .toSorted((a, b) => a.observer.localeCompare(b.observer))
  }
}

/** The views in one word; `unknown` when nobody watches. */
export const summaryOf = (observations: readonly Observation[]): HostState | 'unknown' =>
  WEIGHT.find((state) => observations.some((observation) => observation.state === state)) ??
  'unknown'

function dropOldest(entries: Map<string, unknown>, max: number): void {
  const [oldest] = entries.keys()
  if (entries.size > max && oldest !== undefined) entries.delete(oldest)
}

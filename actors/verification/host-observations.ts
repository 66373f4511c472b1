/**
 * The latest word of each observer on each host, for as long as it is fresh: for the leader, who looks for a safe place or is
 * about to fence, and for the API. Nova believes in a dead host for a minute, observers doubt it within seconds. Doubt only ever
 * takes a host out of the choice, and a sign of life out of the fence's reach.
 */
import { BoundedMap } from '../../schema/bounded-map.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { Observation, ObservationBoard } from '../ports/observations.ts'

/** Of more than these, the hosts that nobody has spoken of for longest are forgotten. */
export const HOSTS_MAX = 20_000
/** Of more than these on one host, the one that has been silent for longest is forgotten. */
export const OBSERVERS_MAX = 16

interface Kept {
  readonly observation: Observation
  readonly heardAtMs: number
  /** Since when its observer doubts the host without a break. */
  readonly doubtedSinceMs: number | undefined
  /** Since when its observer has not seen the host alive, the time in which it saw nothing included. */
  readonly lostSinceMs: number | undefined
  /** When its observer has reached the host again after a lasting doubt, for the first time in a while. */
  readonly returnedAtMs: number | undefined
}

/** One lost probe is made up for within about a second, and a lost word with the next one: a longer doubt was none of these, ms. */
const LASTING_MS = 4000

/** A host that comes and goes returns no more often than this: nobody may wait for it for ever, ms. */
const RETURNS_MS = 60_000

type Words = BoundedMap<string, Kept>

const isDoubt = ({ observation: { state } }: Kept): boolean =>
  state === 'suspect' || state === 'dead'

export class HostObservations implements ObservationBoard {
  /** Observers repeat themselves within this time; what nobody repeats is over. */
  readonly freshMs: number
  readonly #clock: ClockPort
  readonly #hosts = new BoundedMap<string, Words>({
    entriesMax: HOSTS_MAX,
    whenFull: 'drop-oldest',
  })

  constructor(clock: ClockPort, freshMs: number) {
    this.#clock = clock
    this.freshMs = freshMs
  }

  /** How many hosts somebody has spoken of. */
  get size(): number {
    return this.#hosts.size
  }

  /** Takes what an observer says now in place of what it said before; `trace` is the trace id of its message. */
  note(
    host: string,
    {
      observer,
      state,
      evidence,
      channels,
    }: Pick<Observation, 'observer' | 'state' | 'evidence' | 'channels'>,
    trace?: string,
  ): void {
    const heardAtMs = this.#clock.monotonicMs()
    const words = this.#hosts.get(host) ?? newWords()
    const before = words.get(observer)
    const seenAtWallMs = this.#clock.wallMs()
    const doubt = before?.observation.doubt ?? { sinceWallMs: seenAtWallMs, trace }
    const kept = {
      observation: {
        observer,
        state,
        evidence,
        seenAtWallMs,
        ...(channels === undefined ? {} : { channels }),
        ...(state === 'suspect' || state === 'dead' ? { doubt } : {}),
      },
      heardAtMs,
      doubtedSinceMs: before?.doubtedSinceMs ?? heardAtMs,
      lostSinceMs: lostSince(before, state, heardAtMs),
      returnedAtMs: isReturn(before, state, heardAtMs) ? heardAtMs : before?.returnedAtMs,
    }
    words.set(observer, isDoubt(kept) ? kept : { ...kept, doubtedSinceMs: undefined })
    this.#hosts.set(host, words)
  }

  /** What is said of a host now, by observer. */
  of(host: string): readonly Observation[] {
    return this.#heard(host)
      .map(({ observation }) => observation)
      .toSorted((one, other) => (one.observer < other.observer ? -1 : 1))
  }

  /** True when somebody sees the host alive (and said so since that moment), and nobody doubts it. */
  seenWell(host: string, sinceMs = -Infinity): boolean {
    const heard = this.#heard(host, sinceMs)
    return heard.some(({ observation }) => observation.state === 'alive') && !heard.some(isDoubt)
  }

  /** True when somebody suspects the host, or calls it dead. */
  doubted(host: string): boolean {
    return this.#heard(host).some(isDoubt)
  }

  /** Since when somebody doubts it without a break, by the monotonic clock; undefined when nobody does. */
  doubtedSince(host: string): number | undefined {
    const since = this.#heard(host).flatMap(({ doubtedSinceMs }) => doubtedSinceMs ?? [])
    return since.length === 0 ? undefined : Math.min(...since)
  }

  /** Since when somebody has lost it: a doubt goes on while its observer is blind. Undefined when nobody has. */
  lostSince(host: string): number | undefined {
    const since = this.#heard(host).flatMap(({ lostSinceMs }) => lostSinceMs ?? [])
    return since.length === 0 ? undefined : Math.min(...since)
  }

  /** When somebody has last reached it over SSH, by our monotonic clock; undefined when nobody says so now. */
  reachedAt(host: string): number | undefined {
    const reached = this.#heard(host).flatMap(({ heardAtMs, observation: { channels = [] } }) =>
      channels
        .filter(({ channel, meaning }) => channel === 'ssh' && meaning === 'life')
        .map(({ ageMs }) => heardAtMs - ageMs),
    )
    return reached.length === 0 ? undefined : Math.max(...reached)
  }

  /** When somebody has reached it again after a doubt that was more than a lost probe, monotonic ms; undefined when nobody did. */
  returnedAt(host: string): number | undefined {
    const returned = this.#heard(host).flatMap(({ returnedAtMs }) => returnedAtMs ?? [])
    return returned.length === 0 ? undefined : Math.max(...returned)
  }

  /** True when it is doubted, and nobody whose last word it was has doubted it since before that moment. */
  doubtedLately(host: string, begunSinceMs: number): boolean {
    const words = [...(this.#hosts.get(host)?.values() ?? [])]
    const isOld = words.some(({ doubtedSinceMs = Infinity }) => doubtedSinceMs < begunSinceMs)
    return !isOld && this.doubted(host)
  }

  #heard(host: string, sinceMs = -Infinity): readonly Kept[] {
    const since = Math.max(sinceMs, this.#clock.monotonicMs() - this.freshMs)
    return [...(this.#hosts.get(host)?.values() ?? [])].filter(
      ({ heardAtMs }) => heardAtMs >= since,
    )
  }
}

function lostSince(before: Kept | undefined, state: HostState, atMs: number): number | undefined {
  if (state === 'alive') return undefined
  const isDoubted = state === 'suspect' || state === 'dead'
  return before?.lostSinceMs ?? (isDoubted ? atMs : undefined)
}

const isReturn = (before: Kept | undefined, state: HostState, atMs: number): boolean =>
  state === 'alive' &&
  atMs - (before?.doubtedSinceMs ?? Infinity) >= LASTING_MS &&
  atMs - (before?.returnedAtMs ?? -Infinity) >= RETURNS_MS

const newWords = (): Words => new BoundedMap({ entriesMax: OBSERVERS_MAX, whenFull: 'drop-oldest' })

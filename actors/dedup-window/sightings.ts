/**
 * The latest word of each observer on each host, for whoever looks for a safe place: Nova believes in a dead host for a
 * minute, observers doubt it within seconds. Doubt only ever takes a host out of the choice, and a sign of life out of the
 * fence's reach.
 */
import type { HostId } from '../../schema/ids.ts'
import type { HostState } from '../../schema/messages/observation.ts'

/** Observers repeat themselves well within this time; what nobody repeats is over. */
export const FRESH_MS = 15_000

interface Word {
  readonly state: HostState
  readonly heardAtMs: number
}

/** A word, and since when its observer doubts the host without a break. */
interface Kept extends Word {
  readonly doubtedSinceMs: number | undefined
}

const isDoubt = ({ state }: Word): boolean => state === 'suspect' || state === 'dead'

export class Sightings {
  readonly #words = new Map<HostId, Map<string, Kept>>()

  /** What an observer says of a host, at a moment of the monotonic clock. */
  note(host: HostId, observer: string, word: Word): void {
    const words = this.#words.get(host)
    const since = words?.get(observer)?.doubtedSinceMs ?? word.heardAtMs
    const kept: Kept = { ...word, doubtedSinceMs: isDoubt(word) ? since : undefined }
    if (words === undefined) this.#words.set(host, new Map([[observer, kept]]))
    else words.set(observer, kept)
  }

  /** True when somebody who was heard since that moment sees the host alive, and nobody doubts it. */
  seenWell(host: HostId, sinceMs: number): boolean {
    const words = [...(this.#words.get(host)?.values() ?? [])]
    const isSeen = words.some(({ state, heardAtMs }) => heardAtMs >= sinceMs && state === 'alive')
    return isSeen && !this.doubted(host, sinceMs)
  }

  /** True when somebody who was heard since that moment suspects the host, or calls it dead. */
  doubted(host: HostId, sinceMs: number): boolean {
    const words = [...(this.#words.get(host)?.values() ?? [])]
    return words.some((word) => word.heardAtMs >= sinceMs && isDoubt(word))
  }

  /** True when it is doubted by somebody who was heard since one moment, and nobody has doubted it since before another. */
  doubtedLately(
    host: HostId,
    when: { readonly heardSinceMs: number; readonly begunSinceMs: number },
  ): boolean {
    const words = [...(this.#words.get(host)?.values() ?? [])]
    const isOld = words.some(({ doubtedSinceMs = Infinity }) => doubtedSinceMs < when.begunSinceMs)
    return !isOld && this.doubted(host, when.heardSinceMs)
  }
}

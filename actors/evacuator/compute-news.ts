/**
 * Reads Compute's own notifications of evacuations that have ended. They only make the next poll of
 * the records come sooner, because they may be lost, late or wrong.
 */
import type { ComputeEvent } from '../../schema/messages/incident.ts'

/**
 * Subjects below the root on which these events come, from any bridge: Nova's unversioned notifications, and its
 * versioned ones.
 */
export const NEWS_TOPICS = [
  ['compute', '*', 'compute', 'instance', 'rebuild', '*'],
  ['compute', '*', 'instance', 'rebuild', '*'],
  ['compute', '*', 'compute_task', 'rebuild_server'],
  ['compute', '*', 'compute_task', 'rebuild_server', '*'],
] as const

/**
 * The instance whose rebuild has ended, well or badly, or found no target. On its target, an
 * evacuation is a rebuild.
 */
export const rebuiltInstance = ({ fact }: ComputeEvent): string | undefined =>
  fact?.kind === 'rebuild-ended' || fact?.kind === 'rebuild-failed' ? fact.instance : undefined

interface Reader {
  readonly instances: ReadonlySet<string>
  readonly tell: (what: 'news' | 'nothing') => void
}

/** Passes news from the leader's bus subscription to the evacuators of this leader. Each life of one waits at most once at a time. */
export class ComputeNews {
  readonly #readers = new Map<AbortSignal, Reader>()

  /** How many evacuators wait. */
  get size(): number {
    return this.#readers.size
  }

  /** Reports that there is news about the instance. */
  spread(instance: string): void {
    for (const [signal, { instances, tell }] of this.#readers) {
      if (!instances.has(instance)) continue
      this.#readers.delete(signal)
      tell('news')
    }
  }

  /**
   * Resolves with `news` at the first news about one of the instances; with `nothing` when the same
   * evacuator waits again, or when its signal ends.
   */
  async await(instances: ReadonlySet<string>, signal: AbortSignal): Promise<'news' | 'nothing'> {
    if (signal.aborted) return 'nothing'
    this.#readers.get(signal)?.tell('nothing')
    const { promise, resolve } = Promise.withResolvers<'news' | 'nothing'>()
    const onAbort = (): void => resolve('nothing')
    signal.addEventListener('abort', onAbort, { once: true })
    const reader: Reader = { instances, tell: resolve }
    this.#readers.set(signal, reader)
    const what = await promise
    signal.removeEventListener('abort', onAbort)
    if (this.#readers.get(signal) === reader) this.#readers.delete(signal)
    return what
  }
}

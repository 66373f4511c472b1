/** What the hypervisor of one simulated machine has told of its guests; who listens reads on from where he stood. */
import type { GuestEvent, GuestNews } from '../../actors/ports/guest.ts'
import type { InstanceId } from '../../schema/ids.ts'

/** At this many the older half is forgotten: who stood there begins anew. */
const NEWS_MAX = 2000

export class GuestFeed {
  #news: GuestNews[] = []
  #forgotten = 0
  #waiting: (() => void)[] = []
  readonly #runs = new Map<InstanceId, number>()

  /** The place behind all that was told. */
  get end(): number {
    return this.#forgotten + this.#news.length
  }

  /** Grows with each start of the guest here. */
  runOf(instance: InstanceId): number {
    return this.#runs.get(instance) ?? 1
  }

  /** A guest starts; its agent listens at once. */
  started(instance: InstanceId): void {
    const run = this.runOf(instance) + 1
    this.#runs.set(instance, run)
    this.#add({
      type: 'seen',
      guest: { instance, run, power: 'running', agent: 'connected' },
    })
    this.happened(instance, 'started')
  }

  happened(instance: InstanceId, event: GuestEvent): void {
    this.#add({ type: 'happened', instance, event })
  }

  /** What was told since; undefined when that is forgotten. */
  since(place: number): readonly GuestNews[] | undefined {
    return place < this.#forgotten ? undefined : this.#news.slice(place - this.#forgotten)
  }

  /** Resolves when something is told. */
  async more(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#waiting.push(wake)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    signal.removeEventListener('abort', wake)
  }

  #add(news: GuestNews): void {
    this.#news.push(news)
    if (this.#news.length > NEWS_MAX) {
      this.#news = this.#news.slice(NEWS_MAX / 2)
      this.#forgotten += NEWS_MAX / 2
    }
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }
}

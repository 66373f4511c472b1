/** The events of the guests of one simulated machine. Each listener reads on from its own position. */
import type { GuestEvent, GuestNews } from '../../actors/ports/guest.ts'
import type { InstanceId } from '../../schema/ids.ts'

/** When there are this many events, the older half is dropped: a listener that has not read it begins with a snapshot. */
const NEWS_MAX = 2000

export class GuestFeed {
  #news: GuestNews[] = []
  #forgotten = 0
  #waiting: (() => void)[] = []
  readonly #runs = new Map<InstanceId, number>()

  /** The position behind the last event. */
  get end(): number {
    return this.#forgotten + this.#news.length
  }

  /** Grows with each start of the guest here. */
  runOf(instance: InstanceId): number {
    return this.#runs.get(instance) ?? 1
  }

  /** A guest starts, and boots: no agent listens in it yet. */
  started(instance: InstanceId, agent: 'disconnected' | 'none'): void {
    const run = this.runOf(instance) + 1
    this.#runs.set(instance, run)
    this.#add({
      type: 'seen',
      guest: { instance, run, power: 'running', agent },
    })
    this.happened(instance, 'started')
  }

  happened(instance: InstanceId, event: GuestEvent): void {
    this.#add({ type: 'happened', instance, event })
  }

  /** The events since that position; undefined when they were dropped. */
  since(place: number): readonly GuestNews[] | undefined {
    return place < this.#forgotten ? undefined : this.#news.slice(place - this.#forgotten)
  }

  /** Resolves at the next event. */
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

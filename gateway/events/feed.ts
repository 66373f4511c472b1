/**
 * The latest events of recoveries, for clients that follow them, and for clients that reconnect
 * after a short break.
 */

/** One event. Every gateway receives it with the same id. */
export interface FeedEvent {
  readonly id: string
  readonly type: string
  /** What the event is about, so that a client can ask for only some events. */
  readonly about: Readonly<Record<EventFilterField, string | undefined>>
  readonly data: Readonly<Record<string, unknown>>
}

export const EVENT_FILTER_FIELDS = ['notification', 'instance', 'host', 'type'] as const
export type EventFilterField = (typeof EVENT_FILTER_FIELDS)[number]

/**
 * Enough for some minutes of the largest recovery, in which 500 instances pass three states each.
 */
const KEPT_MAX = 2000

/**
 * Keeps the latest events, numbered from 0. Each reader keeps its own position and reads at its own
 * speed.
 */
export class EventFeed {
  readonly #kept: FeedEvent[] = []
  readonly #listeners = new Set<() => void>()
  /** Position of the oldest event that is kept. */
  #oldest = 0

  publish(event: FeedEvent): void {
    this.#kept.push(event)
    if (this.#kept.length > KEPT_MAX) {
      this.#kept.shift()
      this.#oldest += 1
    }
    for (const listener of this.#listeners) listener()
  }

  /** Position of the oldest event that is kept. */
  get oldest(): number {
    return this.#oldest
  }

  /** Position of the next event. */
  get end(): number {
    return this.#oldest + this.#kept.length
  }

  /** Position after the event with this id; undefined when that event is not kept. */
  after(id: string): number | undefined {
    const index = this.#kept.findLastIndex((event) => event.id === id)
    return index === -1 ? undefined : this.#oldest + index + 1
  }

  /** The event at a position; undefined at the end, and for an event that is not kept any more. */
  at(position: number): FeedEvent | undefined {
    return this.#kept[position - this.#oldest]
  }

  /** Calls the listener at every new event. The returned function ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The latest events of recoveries, for clients that follow them, and for those who were away for a moment. */

/** One event; every gateway hears it with the same id. */
export interface FeedEvent {
  readonly id: string
  readonly type: string
  /** What the event is about; clients may ask for some of it only. */
  readonly about: Readonly<Record<EventFilterField, string | undefined>>
  readonly data: Readonly<Record<string, unknown>>
}

export const EVENT_FILTER_FIELDS = ['notification', 'instance', 'host', 'type'] as const
export type EventFilterField = (typeof EVENT_FILTER_FIELDS)[number]

/** Minutes of the largest recovery: 500 instances pass three states each. */
const KEPT_MAX = 2000

/** Keeps the latest events, numbered from 0; each reader goes through them at its own pace and keeps its own position. */
export class EventFeed {
  readonly #kept: FeedEvent[] = []
  readonly #listeners = new Set<() => void>()
  /** Position of the oldest one that is kept. */
  #oldest = 0

  publish(event: FeedEvent): void {
    this.#kept.push(event)
    if (this.#kept.length > KEPT_MAX) {
      this.#kept.shift()
      this.#oldest += 1
    }
    for (const listener of this.#listeners) listener()
  }

  /** Position of the oldest event that is remembered. */
  get oldest(): number {
    return this.#oldest
  }

  /** Position of the event that comes next. */
  get end(): number {
    return this.#oldest + this.#kept.length
  }

  /** Position behind an event; undefined when that event is not remembered. */
  after(id: string): number | undefined {
    const index = this.#kept.findLastIndex((event) => event.id === id)
    return index === -1 ? undefined : this.#oldest + index + 1
  }

  /** The event at a position; undefined at the end, and for what is not remembered any more. */
  at(position: number): FeedEvent | undefined {
    return this.#kept[position - this.#oldest]
  }

  /** Is told of every new event from now on; the answer ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

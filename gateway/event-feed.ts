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

/** Passes events on as they come, and keeps the latest. */
export class EventFeed {
  readonly #kept: FeedEvent[] = []
  readonly #listeners = new Set<(event: FeedEvent) => void>()

  publish(event: FeedEvent): void {
    this.#kept.push(event)
    if (this.#kept.length > KEPT_MAX) this.#kept.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /** What came after an event; undefined when that event is not remembered. */
  after(id: string): readonly FeedEvent[] | undefined {
    const index = this.#kept.findLastIndex((event) => event.id === id)
    return index === -1 ? undefined : this.#kept.slice(index + 1)
  }

  /** Everything that is remembered. */
  all(): readonly FeedEvent[] {
    return [...this.#kept]
  }

  /** Hears every event from now on; the answer ends it. */
  listen(listener: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

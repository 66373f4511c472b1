/** An immutable first-in-first-out queue. Adding and taking cost the same at any length. */

interface Link<Item> {
  readonly item: Item
  readonly before: Link<Item> | undefined
}

export interface Fifo<Item> {
  /** The oldest first. Items before the index `at` have been taken. */
  readonly front: readonly Item[]
  readonly at: number
  /** Items that were added after `front` was made, the newest first. */
  readonly back: Link<Item> | undefined
}

/** The empty queue. */
export const EMPTY_FIFO: Fifo<never> = { front: [], at: 0, back: undefined }

/** The queue with one more item at its end. */
export const queued = <Item>(queue: Fifo<Item>, item: Item): Fifo<Item> => ({
  ...queue,
  back: { item, before: queue.back },
})

/** The oldest item, and the queue without it; undefined when the queue is empty. */
export function taken<Item>(queue: Fifo<Item>): readonly [Item, Fifo<Item>] | undefined {
  const { front, at } = queue.at < queue.front.length ? queue : { front: unlinked(queue), at: 0 }
  const item = front[at]
  if (item === undefined) return undefined
  const back = front === queue.front ? queue.back : undefined
  return [item, { front, at: at + 1, back }]
}

function unlinked<Item>({ back }: Fifo<Item>): readonly Item[] {
  const items: Item[] = []
  for (let link = back; link !== undefined; link = link.before) items.push(link.item)
  return items.toReversed()
}

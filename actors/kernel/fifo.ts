/** An immutable first-in-first-out queue: adding and taking cost the same however much waits. */

interface Link<Item> {
  readonly item: Item
  readonly before: Link<Item> | undefined
}

export interface Fifo<Item> {
  /** The oldest first; those in front of `at` are taken. */
  readonly front: readonly Item[]
  readonly at: number
  /** What was added since the front was made, the newest first. */
  readonly back: Link<Item> | undefined
}

/** Nothing waits. */
export const EMPTY_FIFO: Fifo<never> = { front: [], at: 0, back: undefined }

/** The queue with one more at its end. */
export const queued = <Item>(queue: Fifo<Item>, item: Item): Fifo<Item> => ({
  ...queue,
  back: { item, before: queue.back },
})

/** The oldest one, and the queue without it; undefined when nothing waits. */
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

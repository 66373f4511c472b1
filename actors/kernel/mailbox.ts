/**
 * A first-in-first-out queue with a stated overflow rule. Only messages of other actors count
 * against the capacity. An actor's own results, timers and crashes are always accepted, because
 * nothing would repeat them; their number is bounded by what the actor requested.
 */
import type { Overflow } from './supervision.ts'

/** The array is cut after so many taken items. Fewer of them need little memory. */
const COMPACTED_FROM = 1024

export class Mailbox<Item extends { readonly kind: string }> {
  readonly #capacity: number
  readonly #overflow: Overflow
  #items: (Item | undefined)[] = []
  #head = 0
  /** Items that count against the capacity. */
  #told = 0

  constructor(capacity: number, overflow: Overflow) {
    this.#capacity = capacity
    this.#overflow = overflow
  }

  get depth(): number {
    return this.#items.length - this.#head
  }

  /** Adds an item; returns the item that was dropped for it, if any. */
  push(item: Item): Item | undefined {
    if (item.kind !== 'told') {
      this.#items.push(item)
      return undefined
    }
    if (this.#told >= this.#capacity && this.#overflow === 'drop-newest') return item
    const oldest = this.#told >= this.#capacity ? this.#dropOldest() : undefined
    this.#items.push(item)
    this.#told += 1
    return oldest
  }

  /** Puts an item before all others: the first message after a restart. */
  putFirst(item: Item): void {
    this.#items = [item, ...this.#items.slice(this.#head)]
    this.#head = 0
    if (item.kind === 'told') this.#told += 1
  }

  #dropOldest(): Item | undefined {
    let at = this.#head
    while (this.#items[at]?.kind !== 'told') at += 1
    if (at === this.#head) return this.shift()
    const [oldest] = this.#items.splice(at, 1)
    this.#told -= 1
    return oldest
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (this.#head < this.#items.length) {
      this.#items[this.#head] = undefined
      this.#head += 1
      if (item?.kind === 'told') this.#told -= 1
    }
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > COMPACTED_FROM && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Empties the queue. */
  drain(): readonly Item[] {
    const rest = this.#items.slice(this.#head).filter((item): item is Item => item !== undefined)
    this.#items = []
    this.#head = 0
    this.#told = 0
    return rest
  }
}

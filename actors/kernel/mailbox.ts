/**
 * A first-in-first-out queue with a stated overflow rule. The bound is for what others tell; what an actor owes to itself
 * (outcomes, timers, crashes) always finds room, for nobody would repeat it. It is bounded by what the actor asked for.
 */
import type { Overflow } from './supervision.ts'

/** From so many items that are gone on, the queue is cut: a shorter one costs little room. */
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

  /** Adds an item; answers the one that had to go, if any. */
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

  /** Puts an item before all others: the restart message of an actor. */
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

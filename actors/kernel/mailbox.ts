/** A bounded first-in-first-out queue with a stated overflow rule. */
import type { Overflow } from './supervision.ts'

export class Mailbox<Item> {
  readonly #capacity: number
  readonly #overflow: Overflow
  #items: (Item | undefined)[] = []
  #head = 0

  constructor(capacity: number, overflow: Overflow) {
    this.#capacity = capacity
    this.#overflow = overflow
  }

  get depth(): number {
    return this.#items.length - this.#head
  }

  /** Adds an item; answers the one that had to go, if any. */
  push(item: Item): Item | undefined {
    if (this.depth < this.#capacity) {
      this.#items.push(item)
      return undefined
    }
    if (this.#overflow === 'drop-newest') return item
    const oldest = this.shift()
    this.#items.push(item)
    return oldest
  }

  /** Puts an item before all others, past the bound: the restart message of an actor. */
  putFirst(item: Item): void {
    this.#items = [item, ...this.#items.slice(this.#head)]
    this.#head = 0
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (this.#head < this.#items.length) {
      this.#items[this.#head] = undefined
      this.#head += 1
    }
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
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
    return rest
  }
}

/** What waits to be sent, oldest first, and never more than fits: the oldest goes first. Pure. */

export class WaitingLine<Item> {
  readonly #lengthMax: number
  #items: Item[] = []
  #dropped = 0

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  get length(): number {
    return this.#items.length
  }

  /** How many went unsent. */
  get dropped(): number {
    return this.#dropped
  }

  /** Joins at the end. */
  add(item: Item): void {
    this.#items.push(item)
    this.#keepBound()
  }

  /** The oldest; undefined when nobody waits. */
  take(): Item | undefined {
    return this.#items.shift()
  }

  /** Back to the front, if there is still room. */
  putBack(item: Item): void {
    this.#items.unshift(item)
    this.#keepBound()
  }

  #keepBound(): void {
    const excess = this.#items.length - this.#lengthMax
    if (excess <= 0) return
    this.#items = this.#items.slice(excess)
    this.#dropped += excess
  }
}

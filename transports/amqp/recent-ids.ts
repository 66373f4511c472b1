/** Remembers the ids last seen, so that a repeated delivery is noticed. */

/** A set that forgets its oldest members. */
export class RecentIds {
  readonly #ids = new Set<string>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= this.#sizeMax) return
    const [oldest] = this.#ids
    if (oldest !== undefined) this.#ids.delete(oldest)
  }
}

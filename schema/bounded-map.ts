/**
 * A map for keys that come from outside. It never exceeds its bounds, and `whenFull` says what
 * happens at them.
 */

export interface Bounds<Value> {
  readonly entriesMax: number
  /**
   * drop-oldest: the entry that was set longest ago is removed; refuse: the existing entries stay,
   * and the new one is counted as turned away.
   */
  readonly whenFull: 'drop-oldest' | 'refuse'
  /** The largest total weight of all values, for values that differ in size. */
  readonly weight?: { readonly max: number; readonly of: (value: Value) => number }
}

export class BoundedMap<Key, Value> {
  readonly #bounds: Bounds<Value>
  readonly #entries = new Map<Key, Value>()
  #weight = 0
  #turnedAway = 0

  constructor(bounds: Bounds<Value>) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  /** How many entries were dropped or refused since the start because the map was full. */
  get turnedAway(): number {
    return this.#turnedAway
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  delete(key: Key): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#weight -= this.#weightOf(value)
    this.#entries.delete(key)
  }

  /** Sets the entry and makes it the newest one. False when there is no room for it. */
  set(key: Key, value: Value): boolean {
    const before = this.#entries.get(key)
    this.delete(key)
    const weight = this.#weightOf(value)
    while (!this.#fits(weight)) {
      const [oldest] = this.#entries.keys()
      this.#turnedAway += 1
      if (oldest === undefined || this.#bounds.whenFull === 'refuse') {
        // The earlier value of this key stays.
        if (before !== undefined) this.#put(key, before)
        return false
      }
      this.delete(oldest)
    }
    this.#put(key, value)
    return true
  }

  /** The oldest entry comes first. */
  entries(): MapIterator<[Key, Value]> {
    return this.#entries.entries()
  }

  values(): MapIterator<Value> {
    return this.#entries.values()
  }

  #fits(weight: number): boolean {
    const max = this.#bounds.weight?.max ?? Infinity
    return this.#entries.size < this.#bounds.entriesMax && this.#weight + weight <= max
  }

  #put(key: Key, value: Value): void {
    this.#entries.set(key, value)
    this.#weight += this.#weightOf(value)
  }

  #weightOf(value: Value): number {
    return this.#bounds.weight?.of(value) ?? 0
  }
}

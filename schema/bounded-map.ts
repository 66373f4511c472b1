/** A map for keys that come from outside: it never holds more than its bounds, and says what it does at them. */

export interface Bounds<Value> {
  readonly entriesMax: number
  /** drop-oldest: the entry that was set longest ago makes room; refuse: what is there stays, and newcomers are counted. */
  readonly whenFull: 'drop-oldest' | 'refuse'
  /** What all values together may weigh, where they differ in size. */
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

  /** Entries that were dropped or refused for want of room, since the start. */
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

  /** Makes it the newest entry. False when there is no room for it. */
  set(key: Key, value: Value): boolean {
    const before = this.#entries.get(key)
    this.delete(key)
    const weight = this.#weightOf(value)
    while (!this.#fits(weight)) {
      const [oldest] = this.#entries.keys()
      this.#turnedAway += 1
      if (oldest === undefined || this.#bounds.whenFull === 'refuse') {
        // What was there before was there first.
        if (before !== undefined) this.#put(key, before)
        return false
      }
      this.delete(oldest)
    }
    this.#put(key, value)
    return true
  }

  /** The oldest first. */
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

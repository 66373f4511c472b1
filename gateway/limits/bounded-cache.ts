/**
 * A bounded cache. Entries expire, and when the cache is full, the oldest entry is removed for a
 * new one.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'

interface Entry<Value> {
  readonly value: Value
  readonly until: number
}

export class BoundedCache<Value> {
  readonly #clock: ClockPort
  readonly #limit: number
  readonly #entries = new Map<string, Entry<Value>>()

  constructor(clock: ClockPort, limit: number) {
    this.#clock = clock
    this.#limit = limit
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.until > this.#clock.monotonicMs()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  set(key: string, value: Value, ttlMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: this.#clock.monotonicMs() + ttlMs })
    if (this.#entries.size <= this.#limit) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

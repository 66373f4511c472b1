/**
 * Limits how often something may happen for each of many keys: a burst, and a steady rate after it.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'

/** How many are allowed at once, and how many more per second. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

interface Level {
  left: number
  atMs: number
}

/**
 * Buckets by key. When there are too many, the bucket that was not used for the longest time is
 * removed, because it is full again or almost full.
 */
export class TokenBuckets {
  readonly #clock: ClockPort
  readonly #rate: Rate
  readonly #keysMax: number
  readonly #levels = new Map<string, Level>()

  constructor(clock: ClockPort, rate: Rate, keysMax: number) {
    this.#clock = clock
    this.#rate = rate
    this.#keysMax = keysMax
  }

  /** Takes one token; false when none is left. */
  take(key: string): boolean {
    const level = this.#levelOf(key)
    if (level.left < 1) return false
    level.left -= 1
    return true
  }

  /** Puts one token back that did not need to be taken. */
  giveBack(key: string): void {
    const level = this.#levelOf(key)
    level.left = Math.min(this.#rate.burst, level.left + 1)
  }

  #levelOf(key: string): Level {
    const { burst, perSecond } = this.#rate
    const atMs = this.#clock.monotonicMs()
    const known = this.#levels.get(key)
    const regained = known === undefined ? 0 : ((atMs - known.atMs) / 1000) * perSecond
    const level = { left: Math.min(burst, (known?.left ?? burst) + regained), atMs }
    this.#levels.delete(key)
    this.#levels.set(key, level)
    const [oldest] = this.#levels.keys()
    if (this.#levels.size > this.#keysMax && oldest !== undefined) this.#levels.delete(oldest)
    return level
  }
}

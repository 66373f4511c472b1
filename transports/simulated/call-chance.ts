/**
 * Random numbers for each call, by its kind and its number among calls of that kind. An additional
 * call changes the numbers of no other kind.
 */
import type { SeededRandom } from './random.ts'

export class CallChance {
  readonly #random: SeededRandom
  readonly #calls = new Map<string, number>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** A separate random source for the next call of this kind. */
  next(kind: string): SeededRandom {
    const calls = (this.#calls.get(kind) ?? 0) + 1
    this.#calls.set(kind, calls)
    return this.#random.fork(`${kind} ${calls}`)
  }
}

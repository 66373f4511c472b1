/** The chance of each call, by what it is and the how manieth of its kind: one call more shifts no other one. */
import type { SeededRandom } from './random.ts'

export class CallChance {
  readonly #random: SeededRandom
  readonly #calls = new Map<string, number>()

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** A stream of its own for the next call of this kind. */
  next(kind: string): SeededRandom {
    const calls = (this.#calls.get(kind) ?? 0) + 1
    this.#calls.set(kind, calls)
    return this.#random.fork(`${kind} ${calls}`)
  }
}

/**
 * Takes faults in the order in which they come, one at a time. The bus bounds how many are waiting: it holds the others back.
 * After each of them others have their turn: a store in this process answers at once, so that thousands in a row would keep
 * the fault of a host from the store, and timers from the lease.
 */

export class FaultLine<Fault> {
  readonly #store: (fault: Fault) => Promise<void>
  /** Resolves when timers and messages from outside have had their turn. */
  readonly #rest: () => Promise<void>
  #waiting: Fault[] = []
  #isTaking = false

  constructor(store: (fault: Fault) => Promise<void>, rest: () => Promise<void>) {
    this.#store = store
    this.#rest = rest
  }

  /** Rejects with what `store` throws; the next fault goes on with those that wait. */
  async take(fault: Fault): Promise<void> {
    this.#waiting.push(fault)
    if (this.#isTaking) return
    this.#isTaking = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        await this.#store(next)
        await this.#rest()
      }
    } finally {
      this.#isTaking = false
    }
  }
}

/** Takes faults in the order in which they come, a few at a time. The bus bounds how many are waiting: it holds the others back. */

export class FaultLine<Fault> {
  readonly #atOnce: number
  readonly #store: (fault: Fault) => Promise<void>
  #waiting: Fault[] = []
  #storing = 0

  constructor(atOnce: number, store: (fault: Fault) => Promise<void>) {
    this.#atOnce = atOnce
    this.#store = store
  }

  take(fault: Fault): void {
    this.#waiting.push(fault)
    this.#goOn()
  }

  #goOn(): void {
    while (this.#storing < this.#atOnce) {
      const fault = this.#waiting.shift()
      if (fault === undefined) return
      this.#storing += 1
      void this.#take(fault)
    }
  }

  async #take(fault: Fault): Promise<void> {
    try {
      await this.#store(fault)
    } finally {
      this.#storing -= 1
      this.#goOn()
    }
  }
}

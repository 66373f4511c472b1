/** The time of waiting for external services. Overlapping waits count once. */

/** What had passed when something happened for the first time. */
export interface Mark {
  readonly atMs: number
  /** The waiting time since the stopwatch was started. */
  readonly waitedMs: number
}

/** A stopwatch that runs while any call to a watched port is open. */
export class OutsideWatch {
  readonly #markAt: string
  #mark: Mark | undefined
  #unanswered = 0
  #sinceMs = 0
  #waitedMs = 0

  /** Records the first call of the method with this name. */
  constructor(markAt: string) {
    this.#markAt = markAt
  }

  /** Starts from zero. */
  start(): void {
    this.#mark = undefined
    this.#waitedMs = 0
    this.#sinceMs = performance.now()
  }

  /** Throws when the method was never called. */
  get mark(): Mark {
    if (this.#mark === undefined) throw new Error(`${this.#markAt} was never called`)
    return this.#mark
  }

  /** The port itself, watched. */
  watch<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return async (...parameters: readonly unknown[]): Promise<unknown> => {
          if (name === this.#markAt) this.#note()
          this.#enter()
          try {
            return await Reflect.apply(member, target, parameters)
          } finally {
            this.#leave()
          }
        }
      },
    })
  }

  #note(): void {
    const atMs = performance.now()
    const running = this.#unanswered > 0 ? atMs - this.#sinceMs : 0
    this.#mark ??= { atMs, waitedMs: this.#waitedMs + running }
  }

  #enter(): void {
    if (this.#unanswered === 0) this.#sinceMs = performance.now()
    this.#unanswered += 1
  }

  #leave(): void {
    this.#unanswered -= 1
    if (this.#unanswered === 0) this.#waitedMs += performance.now() - this.#sinceMs
  }
}

/**
 * Limits how many sessions with BMCs are open at once. While the limit is not reached, every session
 * is kept. At the limit, the pool closes the session that is not in use and was used longest ago,
 * and opens the next one; a read waits while all are in use. A power-off never waits: it may exceed
 * the limit, and a session above the limit is closed as soon as it is not in use.
 */

/** The owner of a session. */
export interface SessionHolder {
  /** Closes the session, which is not in use. Never throws. */
  closeIdle(): Promise<void>
}

export class SessionPool {
  readonly #sessionsMax: number
  /** The holder that was used longest ago comes first. */
  readonly #holders = new Map<SessionHolder, 'in use' | 'kept'>()
  readonly #waiting = new Map<SessionHolder, () => void>()

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax
  }

  /** Sessions that are open or being opened. */
  openCount(): number {
    return this.#holders.size
  }

  /** Resolves when the holder may open its session, or use its open session. */
  async enter(holder: SessionHolder, urgency: 'may wait' | 'at once'): Promise<void> {
    const hasOne = this.#holders.has(holder)
    if (hasOne || urgency === 'at once' || this.#holders.size < this.#sessionsMax) {
      return this.#use(holder)
    }
    const idle = this.#longestIdle()
    if (idle !== undefined) return this.#replace(idle, holder)
    const admitted = Promise.withResolvers<void>()
    this.#waiting.set(holder, admitted.resolve)
    return admitted.promise
  }

  /** Ends the wait of a holder that needs no session any more. */
  hurry(holder: SessionHolder): void {
    const admit = this.#waiting.get(holder)
    if (admit === undefined) return
    this.#use(holder)
    admit()
  }

  /** The holder does not use its session at present; an open session stays open. */
  leave(holder: SessionHolder, session: 'open' | 'closed'): void {
    this.#holders.delete(holder)
    if (session === 'open') this.#holders.set(holder, 'kept')
    for (const next of this.#waiting.keys()) {
      const idle = this.#longestIdle()
      if (this.#holders.size >= this.#sessionsMax && idle === undefined) return
      const admit = this.#waiting.get(next)
      if (this.#holders.size < this.#sessionsMax || idle === undefined) {
        this.#use(next)
        admit?.()
      } else {
        void this.#replace(idle, next).then(admit)
      }
    }
    while (this.#holders.size > this.#sessionsMax) {
      const idle = this.#longestIdle()
      if (idle === undefined) return
      this.#holders.delete(idle)
      void idle.closeIdle()
    }
  }

  #use(holder: SessionHolder): void {
    this.#waiting.delete(holder)
    this.#holders.delete(holder)
    this.#holders.set(holder, 'in use')
  }

  /** The next holder opens its session after this holder has closed its own. */
  async #replace(idle: SessionHolder, next: SessionHolder): Promise<void> {
    this.#holders.delete(idle)
    this.#use(next)
    await idle.closeIdle()
  }

  #longestIdle(): SessionHolder | undefined {
    for (const [holder, use] of this.#holders) if (use === 'kept') return holder
    return undefined
  }
}

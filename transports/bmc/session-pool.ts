/**
 * Limits how many sessions with BMCs are open at once. Most of them are kept: the sessions that were
 * opened first. A part is held free for all other BMCs, whose sessions are closed after each order;
 * otherwise the regular readings of many BMCs would close each other's sessions all the time. At the
 * limit, the pool closes the session that is not in use and was used longest ago, and opens the next
 * one; a read waits while all are in use. A power-off never waits: it may exceed the limit, and a
 * session above the limit is closed as soon as it is not in use.
 */

/** The part of all sessions that is not kept; with fewer than four sessions, every one is kept. */
const FREE_SHARE = 0.25

/** The owner of a session. */
export interface SessionHolder {
  /** Closes the session, which is not in use. Never throws. */
  closeIdle(): Promise<void>
}

export class SessionPool {
  readonly #sessionsMax: number
  readonly #keptMax: number
  /** The holder that was used longest ago comes first. */
  readonly #holders = new Map<SessionHolder, 'in use' | 'kept'>()
  readonly #waiting = new Map<SessionHolder, () => void>()

  constructor(sessionsMax: number) {
    this.#sessionsMax = sessionsMax
    this.#keptMax = sessionsMax - Math.floor(sessionsMax * FREE_SHARE)
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

  /** The holder does not use its session at present; an open session is kept or closed. */
  leave(holder: SessionHolder, session: 'open' | 'closed'): void {
    if (session === 'open' && this.#keptCount() >= this.#keptMax) {
      void this.#close(holder)
      return
    }
    this.#holders.delete(holder)
    if (session === 'open') this.#holders.set(holder, 'kept')
    this.#admit()
  }

  /** Whether the session of the holder stays open after its use. */
  keeps(holder: SessionHolder): boolean {
    return this.#holders.get(holder) === 'kept'
  }

  /** Its place is free when the session is closed. */
  async #close(holder: SessionHolder): Promise<void> {
    await holder.closeIdle()
    this.#holders.delete(holder)
    this.#admit()
  }

  #keptCount(): number {
    let count = 0
    for (const use of this.#holders.values()) if (use === 'kept') count += 1
    return count
  }

  /** Gives free places to those that wait, and closes what is above the limit. */
  #admit(): void {
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

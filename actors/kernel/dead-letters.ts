/**
 * Counts messages that could not be delivered. Their content is never kept, because it may hold
 * secrets.
 */

export type DeadLetterReason = 'no-such-actor' | 'mailbox-full' | 'actor-stopped'

export class DeadLetters {
  readonly #counts = new Map<DeadLetterReason, number>()
  readonly #report: (reason: DeadLetterReason, address: string, type: string) => void

  constructor(report: (reason: DeadLetterReason, address: string, type: string) => void) {
    this.#report = report
  }

  add(reason: DeadLetterReason, address: string, type: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
    this.#report(reason, address, type)
  }

  /** The number of dead letters since the start. */
  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }
}

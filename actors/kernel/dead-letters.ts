/**
 * Counts messages that could not be delivered. Their content is never kept, because it may hold
 * secrets.
 */

export const DEAD_LETTER_REASONS = [
  'no-such-actor',
  'mailbox-full',
  'actor-stopped',
  'actor-given-up',
] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

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

  /** The number of dead letters since the start, by reason. */
  get counts(): Readonly<Record<DeadLetterReason, number>> {
    const count = (reason: DeadLetterReason): number => this.#counts.get(reason) ?? 0
    return {
      'no-such-actor': count('no-such-actor'),
      'mailbox-full': count('mailbox-full'),
      'actor-stopped': count('actor-stopped'),
      'actor-given-up': count('actor-given-up'),
    }
  }
}

/** Whether a broker is linked, since when, and why not. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LinkHealth } from '../../schema/messages/leadership.ts'

/** Characters of a reason that are shown. The log has all of it. */
const REASON_CHARS_MAX = 256

export class LinkState {
  readonly #clock: ClockPort
  #since: number
  #reason: string | null = 'the first attempt is under way'

  constructor(clock: ClockPort) {
    this.#clock = clock
    this.#since = clock.wallMs()
  }

  get linked(): boolean {
    return this.#reason === null
  }

  up(): void {
    this.#turn(null)
  }

  down(reason: string): void {
    this.#turn(reason.slice(0, REASON_CHARS_MAX))
  }

  /** As it is shown. */
  view(): Omit<LinkHealth, 'name'> {
    return {
      linked: this.linked,
      since: Math.max(0, Math.round(this.#since)),
      reason: this.#reason,
    }
  }

  /** The time counts from the last change between linked and not linked. */
  #turn(reason: string | null): void {
    if ((reason === null) !== this.linked) this.#since = this.#clock.wallMs()
    this.#reason = reason
  }
}

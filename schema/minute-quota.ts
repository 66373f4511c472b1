/** Limits how often something happens in a minute: input from outside must not fill the disk with our log. Pure. */

const MINUTE_MS = 60_000

export class MinuteQuota {
  readonly #max: number
  #minuteBeganMs = -Infinity
  #used = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Whether one more fits, by the monotonic clock. */
  take(nowMs: number): boolean {
    if (nowMs - this.#minuteBeganMs >= MINUTE_MS) {
      this.#minuteBeganMs = nowMs
      this.#used = 0
    }
    this.#used += 1
    return this.#used <= this.#max
  }
}

/**
 * When the broker last answered us about the lease. Candidates and leaders ask it all the time, so a long gap between two
 * answers is a partition of our own, whatever made it: the network was cut, this process stood still, its clock jumped.
 * What we believe of the hosts right after one is old, or half of it is missing.
 */
import type { ClockPort } from '../ports/clock.ts'

export class PartitionDetector {
  readonly #clock: ClockPort
  /** A longer gap is a partition: the lease of whoever was leading has run out in it. */
  readonly #gapMsMax: number
  #answeredAtMs: number | undefined
  #regainedAtMs = -Infinity

  constructor(clock: ClockPort, gapMsMax: number) {
    this.#clock = clock
    this.#gapMsMax = gapMsMax
  }

  /** The broker has answered. Before the first answer there was nothing to lose. */
  note(): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#isLost(nowMs)) this.#regainedAtMs = nowMs
    this.#answeredAtMs = nowMs
  }

  /** For how long it has not been lost, ms: Infinity when it never was, zero while it is. */
  unbrokenForMs(): number {
    const nowMs = this.#clock.monotonicMs()
    return this.#isLost(nowMs) ? 0 : nowMs - this.#regainedAtMs
  }

  #isLost(nowMs: number): boolean {
    return this.#answeredAtMs !== undefined && nowMs - this.#answeredAtMs >= this.#gapMsMax
  }
}

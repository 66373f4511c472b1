/** The clocks and timers of one simulated process: it may stand still, be suspended, have its wall clock set, and die. */
import type { Cancel, ClockPort } from '../../../actors/ports/clock.ts'

export class SimulatedProcess implements ClockPort {
  readonly #clock: ClockPort
  /** No code runs before this moment. */
  #awayUntilMs = 0
  /** What its monotonic clock has missed: that of a suspended machine stands still. */
  #missedMs = 0
  #wallStepMs = 0
  #hasDied = false

  constructor(clock: ClockPort) {
    this.#clock = clock
  }

  get hasDied(): boolean {
    return this.#hasDied
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs() - this.#missedMs
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.#wallStepMs
  }

  /** Until when it stands still, by the clock of the world; a moment of the past when it runs. */
  get awayUntilMs(): number {
    return this.#awayUntilMs
  }

  /** Its event loop has no turn for so long; its clocks go on. */
  stall(forMs: number): void {
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#clock.monotonicMs() + forMs)
  }

  /** Its machine stands still for so long, with its monotonic clock. */
  suspend(forMs: number): void {
    this.stall(forMs)
    this.#missedMs += forMs
  }

  stepWall(byMs: number): void {
    this.#wallStepMs += byMs
  }

  die(): void {
    this.#hasDied = true
  }

  /** What is due while it stands still happens when it goes on. A dead one does nothing any more. */
  schedule(afterMs: number, callback: () => void): Cancel {
    const dueMs = this.monotonicMs() + afterMs
    let cancel: Cancel
    const fire = (): void => {
      if (this.#hasDied) return
      const nowMs = this.#clock.monotonicMs()
      if (nowMs < this.#awayUntilMs) cancel = this.#clock.schedule(this.#awayUntilMs - nowMs, fire)
      else if (this.monotonicMs() < dueMs) {
        cancel = this.#clock.schedule(dueMs - this.monotonicMs(), fire)
      } else callback()
    }
    cancel = this.#clock.schedule(afterMs, fire)
    return () => cancel()
  }

  /** Something from outside arrives after so long, by the clock of the world. */
  receive(afterMs: number, callback: () => void): void {
    const arrive = (): void => {
      if (this.#hasDied) return
      const nowMs = this.#clock.monotonicMs()
      if (nowMs < this.#awayUntilMs) this.#clock.schedule(this.#awayUntilMs - nowMs, arrive)
      else callback()
    }
    this.#clock.schedule(afterMs, arrive)
  }
}

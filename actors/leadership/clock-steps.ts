/**
 * The steps of the wall clock that this process has lived through. The store knows by the wall clock when something was done;
 * when that clock is set ahead, an act of a minute ago looks like one of an hour ago, and must not be forgotten.
 */
import type { ClockPort } from '../ports/clock.ts'

/** A smaller change is drift, or the clock being slewed. */
const STEP_MS = 1000
/** So far the clock may have been set, unseen, before this process started: an hour is a daylight saving time or a time zone. */
const UNSEEN_STEP_MS = 3_600_000
/** Of a clock that is set all the time the first steps are forgotten. */
const PERIODS_MAX = 100

/** A time without a step. A step happens between two looks, so neighbours overlap by the time between them. */
interface Period {
  readonly fromMs: number
  readonly untilMs: number
  /** What the wall clock showed when the monotonic clock was at zero. */
  readonly zeroMs: number
}

export class ClockSteps {
  readonly #clock: ClockPort
  readonly #startedMs: number
  #ended: readonly Period[] = []
  #current: Period

  constructor(clock: ClockPort) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
    this.#current = { fromMs: -Infinity, untilMs: clock.monotonicMs(), zeroMs: this.#zeroMs() }
  }

  /** Looks at both clocks. The more often, the less of the past is in doubt after a step. */
  note(): void {
    const nowMs = this.#clock.monotonicMs()
    const zeroMs = this.#zeroMs()
    const { untilMs } = this.#current
    if (Math.abs(zeroMs - this.#current.zeroMs) < STEP_MS) {
      this.#current = { ...this.#current, untilMs: nowMs }
      return
    }
    this.#ended = [...this.#ended, { ...this.#current, untilMs: nowMs }].slice(-PERIODS_MAX)
    this.#current = { fromMs: untilMs, untilMs: nowMs, zeroMs }
  }

  /**
   * The earliest that the wall clock has shown in the last so many ms: what was written since then has no older stamp. As long as that
   * reaches back behind the start of this process, it goes an hour further: nobody here knows whether the clock was set meanwhile.
   */
  earliestWithin(ms: number): number {
    this.note()
    const sinceMs = this.#clock.monotonicMs() - ms
    const periods = [...this.#ended, this.#current].filter(({ untilMs }) => untilMs >= sinceMs)
    const earliestMs = Math.min(
      ...periods.map(({ fromMs, zeroMs }) => Math.max(fromMs, sinceMs) + zeroMs),
    )
    return sinceMs < this.#startedMs ? earliestMs - UNSEEN_STEP_MS : earliestMs
  }

  #zeroMs(): number {
    return this.#clock.wallMs() - this.#clock.monotonicMs()
  }
}

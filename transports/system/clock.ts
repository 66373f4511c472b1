/** The real clock of this machine. */
import { performance } from 'node:perf_hooks'
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'

/** The longest delay of setTimeout (2^31 - 1 ms). A longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The time of the operating system. Every timer keeps the process alive until it runs or is
 * cancelled.
 */
export class SystemClock implements ClockPort {
  monotonicMs(): number {
    return performance.now()
  }

  wallMs(): number {
    return Date.now()
  }

  schedule(afterMs: number, callback: () => void): Cancel {
    if (!Number.isFinite(afterMs)) throw new RangeError(`not a delay: ${afterMs} ms`)
    const dueAt = performance.now() + afterMs
    let timer: NodeJS.Timeout
    // Node may fire up to a millisecond early, and cannot wait for more than 24 days: check again.
    const wait = (): void => {
      const leftMs = dueAt - performance.now()
      if (leftMs <= 0) return callback()
      timer = setTimeout(wait, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS))
    }
    timer = setTimeout(wait, Math.min(Math.max(0, Math.ceil(afterMs)), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  }
}

/** Virtual time: nothing passes unless somebody advances it, and equal instants keep their order of scheduling. */
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  /** Undefined once cancelled or run. */
  callback: (() => void) | undefined
}

/** 2026-01-01T00:00:00Z: where the wall clock starts, so that golden logs never change. */
const START_WALL_MS = 1_767_225_600_000
/** Cancelled timers are swept out when they are more than half of at least this many. */
const SWEEP_FROM = 1024

const isBefore = (a: Timer, b: Timer): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)

/** Clock of the simulated world; time is in whole milliseconds from zero. */
export class VirtualClock implements ClockPort {
  #now = 0
  #wallOffset = START_WALL_MS
  #order = 0
  #cancelled = 0
  /** Binary heap: a timer is never before its parent at (index - 1) >> 1. */
  #heap: Timer[] = []

  monotonicMs(): number {
    return this.#now
  }

  wallMs(): number {
    return this.#now + this.#wallOffset
  }

  /** Moves the wall clock only, as an operator or NTP does; timers do not notice. */
  jumpWall(byMs: number): void {
    this.#wallOffset += byMs
  }

  schedule(afterMs: number, callback: () => void): Cancel {
    if (!Number.isFinite(afterMs)) throw new RangeError(`not a delay: ${afterMs} ms`)
    const at = this.#now + Math.max(0, Math.ceil(afterMs))
    const timer: Timer = { at, order: this.#order++, callback }
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
    return () => this.#cancel(timer)
  }

  /** When the next callback is due; undefined when nothing is scheduled. */
  nextAt(): number | undefined {
    this.#dropCancelled()
    return this.#heap[0]?.at
  }

  /** Goes to the next callback and runs that one; false when nothing is scheduled. */
  advanceToNext(): boolean {
    this.#dropCancelled()
    const timer = this.#pop()
    const callback = timer?.callback
    if (timer === undefined || callback === undefined) return false
    timer.callback = undefined
    this.#now = timer.at
    callback()
    return true
  }

  /**
   * Lets `byMs` pass: runs all that becomes due, with a `settle` after each instant that lets the promises it woke go on.
   */
  async pass(byMs: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#now + byMs
    await settle()
    while ((this.nextAt() ?? Infinity) <= until) {
      do this.advanceToNext()
      while (this.nextAt() === this.#now)
      await settle()
    }
    this.#now = until
  }

  #cancel(timer: Timer): void {
    if (timer.callback === undefined) return
    timer.callback = undefined
    this.#cancelled += 1
    if (this.#heap.length >= SWEEP_FROM && this.#cancelled * 2 > this.#heap.length) this.#sweep()
  }

  #sweep(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap
      .filter((timer) => timer.callback !== undefined)
      .toSorted((a, b) => (isBefore(a, b) ? -1 : 1))
    this.#cancelled = 0
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]?.callback === undefined) {
      this.#pop()
      this.#cancelled -= 1
    }
  }

  #pop(): Timer | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first
  }

  #rise(from: number): void {
    const heap = this.#heap
    for (let index = from; index > 0;) {
      const above = (index - 1) >> 1
      const timer = heap[index]
      const parent = heap[above]
      if (timer === undefined || parent === undefined || !isBefore(timer, parent)) return
      heap[index] = parent
      heap[above] = timer
      index = above
    }
  }

  /** Puts a timer at the top and lets it sink to its place. */
  #sink(timer: Timer): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      if (left === undefined) break
      const rightFirst = right !== undefined && isBefore(right, left)
      const child = rightFirst ? right : left
      if (!isBefore(child, timer)) break
      heap[index] = child
      index = 2 * index + (rightFirst ? 2 : 1)
    }
    heap[index] = timer
  }
}

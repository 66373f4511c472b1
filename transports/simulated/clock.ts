/**
 * Virtual time. Time passes only when a test or the simulator advances it, and timers of the same
 * instant run in the order of scheduling.
 */
import type { Cancel, ClockPort } from '../../actors/ports/clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  /** undefined after the timer was cancelled or has run. */
  callback: (() => void) | undefined
}

/** 2026-01-01T00:00:00Z: the start of the wall clock, so that golden logs never change. */
const START_WALL_MS = 1_767_225_600_000
/** Cancelled timers are removed when they are more than half of at least this many timers. */
const SWEEP_FROM = 1024

const isBefore = (a: Timer, b: Timer): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)

/** The clock of the simulated world. Time is in whole milliseconds from zero. */
export class VirtualClock implements ClockPort {
  #now = 0
  #wallOffset = START_WALL_MS
  #order = 0
  #cancelled = 0
  /** A binary heap: a timer is never before its parent at (index - 1) >> 1. */
  #heap: Timer[] = []

  monotonicMs(): number {
    return this.#now
  }

  wallMs(): number {
    return this.#now + this.#wallOffset
  }

  /** Moves only the wall clock, as an operator or NTP does. Timers are not affected. */
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

  /** Advances to the next callback and runs it; false when nothing is scheduled. */
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
   * Lets `byMs` pass: runs all callbacks that become due, and calls `settle` after each instant, so
   * that promises that were resolved in it can continue.
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

  /** Puts a timer at the top of the heap and moves it down to its place. */
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

/**
 * Turns in virtual time, where nothing may wait for the event loop. They come as microtasks of the
 * present instant, in the order of the requests.
 */
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { Place, Player, Turns } from '../../actors/ports/turns.ts'

/**
 * A busy instant of a large cloud takes some thousands of turns. A system that takes this many
 * would never let time pass.
 */
const TURNS_AT_ONCE_MAX = 100_000

/**
 * One queue for all players of one system. When the players never rest, all are closed, and
 * `onLivelock` is called.
 */
export class VirtualTurns implements Turns {
  readonly #clock: ClockPort
  readonly #onLivelock: () => void
  #waiting: (() => void)[] = []
  #isOpen = true
  #instantMs = -1
  #turns = 0

  constructor(clock: ClockPort, onLivelock: () => void) {
    this.#clock = clock
    this.#onLivelock = onLivelock
  }

  open({ take, crashed }: Player): Place {
    let isOpen = true
    const turn = (): void => {
      if (!isOpen || !this.#isOpen) return
      try {
        take()
      } catch (error) {
        crashed(error)
      }
    }
    return {
      ask: () => this.#ask(turn),
      close: () => {
        isOpen = false
      },
    }
  }

  close(): void {
    this.#isOpen = false
  }

  #ask(turn: () => void): void {
    if (this.#waiting.push(turn) > 1) return
    queueMicrotask(() => {
      const now = this.#waiting
      this.#waiting = []
      for (const next of now) next()
      this.#count(now.length)
    })
  }

  #count(turns: number): void {
    const nowMs = this.#clock.monotonicMs()
    this.#turns = nowMs === this.#instantMs ? this.#turns + turns : turns
    this.#instantMs = nowMs
    if (this.#turns <= TURNS_AT_ONCE_MAX || !this.#isOpen) return
    this.close()
    this.#onLivelock()
  }
}

/**
 * Turns in virtual time, where nothing may wait for the event loop: they come as microtasks of the present instant, in the
 * order in which they were asked for.
 */
import type { Place, Player, Turns } from '../../actors/ports/turns.ts'

/** One queue for all players of one system. */
export class VirtualTurns implements Turns {
  #waiting: (() => void)[] = []
  #isOpen = true

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
    })
  }
}

/**
 * Drives a virtual clock from specs: promises continue in real time, everything else in virtual
 * time.
 */
import { setImmediate } from 'node:timers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Cancel } from '../../../actors/ports/clock.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'

/** Lets every resolved promise continue. */
export const settle = (): Promise<void> => nextTurn()

/** Advances the clock until the promise has settled. */
export async function during<Answer>(
  clock: VirtualClock,
  promise: Promise<Answer>,
): Promise<Answer> {
  const progress = { isOver: false }
  const over = (): void => {
    progress.isOver = true
  }
  promise.then(over, over)
  await settle()
  while (!progress.isOver) {
    if (!clock.advanceToNext()) throw new Error('nothing is scheduled that could end the wait')
    await settle()
  }
  return promise
}

/**
 * A virtual clock that advances by itself while anything is scheduled, for suites that only know
 * real time.
 */
export class RunawayClock extends VirtualClock {
  #isRunning = false

  override schedule(afterMs: number, callback: () => void): Cancel {
    const cancel = super.schedule(afterMs, callback)
    if (!this.#isRunning) this.#runOn()
    this.#isRunning = true
    return cancel
  }

  #runOn(): void {
    setImmediate(() => {
      if (this.advanceToNext()) this.#runOn()
      else this.#isRunning = false
    })
  }
}

/** Keeps a roster as the store has it: reads it now and then, and soon after somebody unknown has spoken. */
import { isCoded } from '../../schema/errors.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import type { Roster } from './roster.ts'

/** As often as observers read the inventory. */
const READ_MS = 10_000
/** Strangers may speak all the time: they cause no more than this. */
const HASTENED_MS = 1000

export class RosterKeeper {
  readonly #clock: ClockPort
  readonly #store: Pick<RosterStore, 'readRoster'>
  readonly #roster: Roster
  #isHastened = false
  #wake: () => void = () => {}

  constructor(
    { clock, store }: { readonly clock: ClockPort; readonly store: RosterKeeperStore },
    roster: Roster,
  ) {
    this.#clock = clock
    this.#store = store
    this.#roster = roster
  }

  /** Somebody unknown has spoken: it may have been registered a moment ago. */
  hasten(): void {
    this.#isHastened = true
    this.#wake()
  }

  /** Reads until the signal ends it. What is known stays known while the store is away. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isHastened = false
      await this.#read()
      await this.#rest(HASTENED_MS, signal)
      if (!this.#isHastened) await this.#rest(READ_MS - HASTENED_MS, signal)
    }
  }

  async #read(): Promise<void> {
    try {
      this.#roster.learn(await this.#store.readRoster())
    } catch (error) {
      if (!isCoded(error, 'STORE_UNAVAILABLE', 'STORE_CONFLICT')) throw error
    }
  }

  async #rest(afterMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = (): void => resolve()
    this.#wake = () => {
      if (afterMs > HASTENED_MS) end()
    }
    const cancel = this.#clock.schedule(afterMs, end)
    signal.addEventListener('abort', end, { once: true })
    await promise
    cancel()
    signal.removeEventListener('abort', end)
  }
}

type RosterKeeperStore = Pick<RosterStore, 'readRoster'>

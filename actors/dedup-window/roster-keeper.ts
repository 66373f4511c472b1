/** Keeps a roster as the store has it: reads it now and then, and soon after somebody unknown has spoken. */
import { sleep, type ClockPort } from '../ports/clock.ts'
import type { RosterStore } from '../ports/roster-store.ts'
import { isStoreAway } from '../ports/store.ts'
import type { Roster } from './roster.ts'

/** As often as observers read the inventory. */
const READ_MS = 10_000
/** Strangers may speak all the time: they cause no more than this. */
const HASTENED_MS = 1000

export class RosterKeeper {
  readonly #clock: ClockPort
  readonly #store: Pick<RosterStore, 'readRoster'>
  readonly #roster: Roster
  #hastened = new AbortController()

  constructor(
    { clock, store }: { readonly clock: ClockPort; readonly store: RosterKeeperStore },
    roster: Roster,
  ) {
    this.#clock = clock
    this.#store = store
    this.#roster = roster
  }

  /** Somebody unknown has spoken: it may have been registered a moment ago. */
  expedite(): void {
    this.#hastened.abort()
  }

  /** Reads until the signal ends it. What is known stays known while the store is away. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#hastened = new AbortController()
      const wake = AbortSignal.any([signal, this.#hastened.signal])
      await this.#read()
      await sleep(this.#clock, HASTENED_MS, signal)
      await sleep(this.#clock, READ_MS - HASTENED_MS, wake)
    }
  }

  async #read(): Promise<void> {
    try {
      const names = await this.#store.readRoster()
      this.#roster.learn(names, this.#clock.monotonicMs())
    } catch (error) {
      if (!isStoreAway(error)) throw error
    }
  }
}

type RosterKeeperStore = Pick<RosterStore, 'readRoster'>

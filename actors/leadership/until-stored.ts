/** Repeats a write of the leader while the store is away: what was decided must not be lost (promise L1). */
import { sleep, type ClockPort } from '../ports/clock.ts'
import { isStoreAway } from '../ports/store.ts'

/** From a conflict that is over at once to a restart of the database: the pauses double between these. */
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 5000

/** Resolves with what `write` answers. Throws anything else than that the store is away, and when aborted. */
export async function untilStored<Value>(
  clock: ClockPort,
  signal: AbortSignal,
  write: () => Promise<Value>,
): Promise<Value> {
  for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)) {
    signal.throwIfAborted()
    try {
      return await write()
    } catch (error) {
      if (!isStoreAway(error)) throw error
    }
    await sleep(clock, pauseMs)
  }
}

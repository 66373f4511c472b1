/**
 * Registers a webhook as an observer in the store, which may not be available or not migrated yet at the start.
 */
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { RosterStore } from '../../actors/ports/roster-store.ts'
import { describeError } from '../../schema/errors.ts'

const RETRY_MS = 2000

export interface RegistrationWorld {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly store: Pick<RosterStore, 'registerObserver'>
}

/**
 * Tries again until it succeeds or the signal ends it. Until then the engine ignores what the
 * observer reports.
 */
export async function registerObserver(
  { clock, log, store }: RegistrationWorld,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await store.registerObserver(name, 'webhook')
      return
    } catch (error) {
      log.warn({ observer: name, reason: describeError(error) }, 'the observer is not registered')
    }
    await sleep(clock, RETRY_MS)
  }
}

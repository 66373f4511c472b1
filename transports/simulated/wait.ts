/** Waiting on the simulated world's clock. */
import type { ClockPort } from '../../actors/ports/clock.ts'

/** Resolves after a time of the clock, earlier when the signal aborts; the caller looks at the signal. */
export function wait(clock: ClockPort, forMs: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal === undefined) {
    clock.schedule(forMs, resolve)
    return promise
  }
  if (signal.aborted) return Promise.resolve()
  const onAbort = (): void => {
    cancel()
    resolve()
  }
  const cancel = clock.schedule(forMs, () => {
    signal.removeEventListener('abort', onAbort)
    resolve()
  })
  signal.addEventListener('abort', onAbort, { once: true })
  return promise
}

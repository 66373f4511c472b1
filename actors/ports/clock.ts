/** Time and random numbers, as ports so that the simulator can control both. */

/** Ends something, such as a timer. A second call does no harm. */
export type Cancel = () => void

export interface ClockPort {
  /** Milliseconds of a clock that never jumps; only differences have a meaning. */
  monotonicMs(): number
  /** Milliseconds since 1970 UTC; for records only. */
  wallMs(): number
  /** Calls back once, after at least `afterMs`. */
  schedule(afterMs: number, callback: () => void): Cancel
}

/**
 * Resolves after `afterMs`, or when the signal aborts. It never rejects: the caller checks the
 * signal.
 */
export async function sleep(
  clock: ClockPort,
  afterMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted === true) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = (): void => resolve()
  const cancel = clock.schedule(afterMs, end)
  signal?.addEventListener('abort', end, { once: true })
  await promise
  cancel()
  signal?.removeEventListener('abort', end)
}

export interface RandomPort {
  /** A number in [0, 1). */
  next(): number
  /** A version 4 UUID (RFC 9562). */
  uuid(): string
  /**
   * A separate random source. Numbers drawn elsewhere do not change its numbers, so that a run can
   * be repeated.
   */
  fork(name: string): RandomPort
}

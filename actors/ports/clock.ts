/** Time and chance, so that the simulator can own both. */

/** Ends what it stands for; harmless when called twice. */
export type Cancel = () => void

export interface ClockPort {
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  monotonicMs(): number
  /** Milliseconds since 1970 UTC; for records only. */
  wallMs(): number
  /** Calls back once, after at least `afterMs`. */
  schedule(afterMs: number, callback: () => void): Cancel
}

/** Resolves after `afterMs`, or as soon as the signal aborts. It never rejects: the caller looks at the signal. */
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
  /** A chance of its own: what others draw does not change it, where chance is to repeat itself. */
  fork(name: string): RandomPort
}

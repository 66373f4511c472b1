/** A deadline for every request that the gateway makes to another service. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError, type ErrorCode } from '../../schema/errors.ts'

/**
 * Fails with `code` when the answer takes longer than `afterMs`. The signal tells the other side to
 * stop.
 */
export async function withDeadline<Answer>(
  clock: ClockPort,
  afterMs: number,
  code: ErrorCode,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const abort = new AbortController()
  const late = Promise.withResolvers<never>()
  const cancel = clock.schedule(afterMs, () => {
    late.reject(new CodedError(code, `no answer within ${afterMs} ms`))
    abort.abort()
  })
  try {
    return await Promise.race([ask(abort.signal), late.promise])
  } finally {
    cancel()
  }
}

/** A deadline around everything that the gateway asks of others. */
import type { ClockPort } from '../../actors/ports/clock.ts'
import { CodedError, type ErrorCode } from '../../schema/errors.ts'

/** Fails with `code` when the answer takes longer than `afterMs`; the signal tells the other side to give up. */
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

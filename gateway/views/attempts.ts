/** The evacuations that were requested for one move; they are shown with it since 1.4. */
import { Type, type Static } from 'typebox'
import type { MoveId } from '../../schema/ids.ts'
import type { MoveAttempt } from '../../schema/records.ts'
import { timeText } from './times.ts'

const NullableString = Type.Union([Type.String(), Type.Null()])

/**
 * One attempt. `run` is the attempt at the whole recovery; `target` is null when Nova chose the
 * host; `outcome` is null while the attempt is in flight.
 */
export const AttemptView = Type.Object({
  number: Type.Integer(),
  run: Type.Integer(),
  target: NullableString,
  requested_at: Type.String(),
  ended_at: NullableString,
  outcome: NullableString,
  reason: NullableString,
})

/** The attempts of one move, in the order in which they were made. */
export const attemptViews = (
  attempts: readonly MoveAttempt[],
  move: MoveId,
): Static<typeof AttemptView>[] =>
  attempts
    .filter((attempt) => attempt.move === move)
    .map(({ number, run, target, requestedAt, endedAt, outcome, reason }) => ({
      number,
      run,
      target,
      requested_at: timeText(requestedAt),
      ended_at: endedAt === null ? null : timeText(endedAt),
      // Clients of 1.4 know only this word.
      outcome: outcome === 'refused' || outcome === 'no-valid-host' ? 'failed' : outcome,
      reason,
    }))

/** The evacuations that were asked for to make one move: shown with it since 1.4. */
import { Type, type Static } from 'typebox'
import type { MoveId } from '../../schema/ids.ts'
import type { MoveAttempt } from '../../schema/records.ts'
import { timeText } from './times.ts'

const NullableString = Type.Union([Type.String(), Type.Null()])

/** One attempt. `run` is the attempt at the whole recovery; `target` is null where the choice was Nova's, `outcome` while it goes on. */
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
      // A word that the clients of 1.4 know.
      outcome: outcome === 'refused' || outcome === 'no-valid-host' ? 'failed' : outcome,
      reason,
    }))

/** Ways on for a recovery, once a decision is made or whoever worked on it has answered: again, later, or no more. Pure. */
import type { NotificationStatus } from '../../schema/records.ts'
import { pauseMs } from './backoff.ts'
import type { Recovery } from './recovery.ts'
import {
  decideLater,
  nextTurn,
  withPhase,
  withRecovery,
  type SegmentRules,
  type SegmentState,
  type SegmentStep,
} from './segment-state.ts'

/** Another attempt after a pause, or the end when there were enough. */
export function tryAgain(
  rules: SegmentRules,
  state: SegmentState,
  recovery: Recovery,
  reason: string,
): SegmentStep {
  if (failuresOf(recovery) >= rules.runsMax) return conclude(state, recovery, 'failed', reason)
  return nextTurn(withPhase(state, recovery, { kind: 'suspending' }), [
    { type: 'recovery.suspend', recovery, reason },
  ])
}

/** Attempts that failed, when this one has, too. */
const failuresOf = ({ run, firstRun }: Recovery): number => run - firstRun + 1

/** Twice the pause after each failure. */
export function onSuspended(
  { retryIntervalMs }: SegmentRules,
  state: SegmentState,
  recovery: Recovery,
  chance: number,
): SegmentStep {
  if (recovery.phase.kind !== 'suspending') return [state, []]
  const afterMs = pauseMs(retryIntervalMs, failuresOf(recovery), chance)
  return [withPhase(state, recovery, { kind: 'pausing' }), [decideLater(recovery, afterMs)]]
}

/** Not now: the reason is recorded when it changes, and the question asked again later. */
export function hold(
  rules: Pick<SegmentRules, 'retryIntervalMs'>,
  state: SegmentState,
  recovery: Recovery,
  reason: string,
): SegmentStep {
  const next = withRecovery(state, {
    ...recovery,
    lastHeld: reason,
    phase: { kind: 'held', reason },
  })
  return nextTurn(next, [
    { type: 'recovery.note-held', recovery, reason },
    decideLater(recovery, rules.retryIntervalMs),
  ])
}

/** Ended by an operator. */
export function cancel(state: SegmentState, recovery: Recovery, reason: string): SegmentStep {
  const next = withPhase(state, recovery, { kind: 'concluding', to: 'ignored' })
  return nextTurn(next, [{ type: 'recovery.cancel', recovery, reason }])
}

/** Ended. */
export function conclude(
  state: SegmentState,
  recovery: Recovery,
  to: NotificationStatus,
  reason: string,
): SegmentStep {
  const next = withPhase(state, recovery, { kind: 'concluding', to })
  return nextTurn(next, [{ type: 'recovery.conclude', recovery, to, reason }])
}

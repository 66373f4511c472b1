/** Ways on for a recovery, once a decision is made or whoever worked on it has answered: again, later, or no more. Pure. */
import type { NotificationId } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import { pauseMs } from './backoff.ts'
import { isSmall, type Recovery } from './recovery.ts'
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
  return nextTurn(withPhase(state, recovery, { kind: 'pausing' }), [decideLater(recovery, afterMs)])
}

/** Not now: the reason is recorded when it changes, and the question asked again later. */
export function hold(
  rules: Pick<SegmentRules, 'retryIntervalMs'>,
  state: SegmentState,
  recovery: Recovery,
  reason: string,
): SegmentStep {
  const phase = { kind: 'held', reason, behind: null } as const
  const next = withRecovery(state, { ...recovery, lastHeld: reason, phase })
  const crowd = isSmall(recovery) ? Math.ceil(state.recoveries.size / CROWD) : 1
  return nextTurn(next, [
    { type: 'recovery.note-held', recovery, reason },
    decideLater(recovery, crowd * rules.retryIntervalMs),
  ])
}

/** Of more recoveries than these in a segment, smaller ones are looked at less often: so that looking takes no more time. */
const CROWD = 200

/** The recovery of its host comes first: when that ends, it is its turn. */
export function holdBehind(
  state: SegmentState,
  recovery: Recovery,
  { reason, behind }: { readonly reason: string; readonly behind: NotificationId },
): SegmentStep {
  const phase = { kind: 'held', reason, behind } as const
  const next = withRecovery(state, { ...recovery, lastHeld: reason, phase })
  return nextTurn(next, [{ type: 'recovery.note-held', recovery, reason }])
}

/**
 * The leader itself sees the host alive: it is looked at again for a while, for whoever reports a host a moment before it dies is
 * right in the end. Meanwhile it takes no place under the caps.
 */
export function onContradicted(
  rules: SegmentRules,
  state: SegmentState,
  recovery: Recovery,
  reason: string,
): SegmentStep {
  const seenAlive = recovery.seenAlive + 1
  if (seenAlive >= rules.aliveLooksMax) return conclude(state, recovery, 'ignored', reason)
  const retryIntervalMs = rules.aliveLookMs
  const [next, effects] = hold({ retryIntervalMs }, state, { ...recovery, seenAlive }, reason)
  return [next, [{ type: 'flight.leave', host: recovery.host }, ...effects]]
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

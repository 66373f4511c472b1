/** What a recovery does after a decision or an answer: it tries again, waits, or ends. Pure. */
import type { NotificationId } from '../../schema/ids.ts'
import type { EndStatus } from '../../schema/records.ts'
import type { KernelEffect } from '../kernel/behaviour.ts'
import { pauseMs } from '../policy/backoff.ts'
import type {
  RecoveryEffects,
  Known,
  RecoveryMessage,
  RecoveryOrder,
  RecoveryRules,
  RecoveryState,
  RecoveryStep,
} from './recovery-messages.ts'
import { isInstanceOrServiceFault } from './summary.ts'

interface Charter {
  readonly order: RecoveryOrder
  readonly rules: Pick<RecoveryRules, 'heldRecheckMs' | 'aliveLooksMax' | 'aliveLookMs'>
}

/** The recovery waits for its turn, and is then decided. */
export const queue = (
  { known }: RecoveryState,
  reason: string | null,
  effects: RecoveryEffects = [],
): RecoveryStep => [{ kind: 'queued', reason, known }, effects]

/** Another attempt after a pause, or the end when there were enough attempts. */
export function tryAgain(rules: RecoveryRules, state: RecoveryState, reason: string): RecoveryStep {
  const { known } = state
  if (failuresOf(known) >= rules.runsMax) return conclude(state, 'failed', reason)
  return [
    { kind: 'suspending', reason, known },
    [{ type: 'recovery.suspend', run: known.run, reason }],
  ]
}

/** How many attempts have failed, including this one. */
const failuresOf = ({ run, firstRun }: Known): number => run - firstRun + 1

/** The pause doubles after each failure. */
export function onSuspended(
  { firstPauseMs }: RecoveryRules,
  state: RecoveryState,
  chance: number,
): RecoveryStep {
  if (state.kind !== 'suspending') return [state, []]
  const { known, reason } = state
  const afterMs = pauseMs(firstPauseMs, failuresOf(known), chance)
  return [{ kind: 'pausing', reason, known }, [decideAfter(afterMs)]]
}

/**
 * How long the recovery is held: until another recovery ends, or for a given time; otherwise for
 * the usual time.
 */
interface Until {
  readonly behind?: NotificationId
  readonly afterMs?: number
  /** What the reason rests on. */
  readonly evidence?: readonly string[]
}

/**
 * Holds the recovery: its reason is recorded when it changes, and the decision is made again later.
 */
export function hold(
  { order, rules }: Charter,
  state: RecoveryState,
  reason: string,
  { behind, afterMs = rules.heldRecheckMs, evidence = [] }: Until = {},
): RecoveryStep {
  const { lastHeld, crowd } = state.known
  const known = { ...state.known, lastHeld: reason }
  const times = isInstanceOrServiceFault(order) ? Math.ceil(crowd / CROWD) : 1
  return [
    { kind: 'held', reason, behind: behind ?? null, known },
    [
      ...(lastHeld === reason ? [] : [{ type: 'recovery.note-held', reason, evidence } as const]),
      ...(behind === undefined ? [decideAfter(times * afterMs)] : []),
    ],
  ]
}

/**
 * The recovery waits for one that the store knows, but that the segment does not know yet, or no
 * longer.
 */
export function onReleased({ heldRecheckMs }: RecoveryRules, state: RecoveryState): RecoveryStep {
  if (state.kind !== 'held' || state.behind === null) return [state, []]
  return [{ ...state, behind: null }, [decideAfter(heldRecheckMs)]]
}

/**
 * When a segment has more recoveries than this, instance and service faults are checked less often, so that the
 * checks take no more time.
 */
const CROWD = 200

const decideAfter = (afterMs: number): KernelEffect<RecoveryMessage> => ({
  type: 'timer.start',
  name: 'decide',
  afterMs,
  message: { type: 'recovery.decide-due' },
})

/**
 * The leader itself sees the host alive. It looks again for some time, because a host may be
 * reported shortly before it dies. Meanwhile the recovery takes no place under the caps.
 */
export function onContradicted(
  charter: Charter,
  state: RecoveryState,
  reason: string,
): RecoveryStep {
  const { aliveLooksMax, aliveLookMs: afterMs } = charter.rules
  const seenAlive = state.known.seenAlive + 1
  if (seenAlive >= aliveLooksMax) return conclude(state, 'ignored', reason)
  const seen = { ...state, known: { ...state.known, seenAlive } }
  const [next, effects] = hold(charter, seen, reason, { afterMs })
  return [next, [{ type: 'flight.leave' }, ...effects]]
}

/** Ends the recovery because an operator cancelled it. */
export const cancel = ({ known }: RecoveryState, reason: string): RecoveryStep => [
  { kind: 'concluding', reason, to: 'ignored', known },
  [{ type: 'recovery.cancel', reason }],
]

/** Ends the recovery. */
export const conclude = ({ known }: RecoveryState, to: EndStatus, reason: string): RecoveryStep => [
  { kind: 'concluding', reason: `${to}: ${reason}`, to, known },
  [{ type: 'recovery.conclude', certified: known.certified, to, reason }],
]

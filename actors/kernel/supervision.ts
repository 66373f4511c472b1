/** When a crashed actor may start again (Erlang's restart intensity, with backoff), and how much may wait for it. */

/** `drop-oldest` suits repeated states, where only the newest counts; `drop-newest` suits work that its sender repeats. */
export type Overflow = 'drop-oldest' | 'drop-newest'

export interface ChildPolicy {
  /** Crashes allowed within `periodMs`; one more stops the actor and crashes its parent. */
  readonly intensity: number
  readonly periodMs: number
  /** Pause before the first restart; doubles with every crash in the period. */
  readonly backoffMsMin: number
  readonly backoffMsMax: number
  readonly mailboxCapacity: number
  readonly overflow: Overflow
  /** How long effects in flight may go on once the actor is told to stop. */
  readonly stopDeadlineMs: number
}

/** Leaves: five restarts in half a minute. */
export const LEAF: ChildPolicy = {
  intensity: 5,
  periodMs: 30_000,
  backoffMsMin: 100,
  backoffMsMax: 5000,
  mailboxCapacity: 1000,
  overflow: 'drop-newest',
  stopDeadlineMs: 5000,
}

/** Supervisors: fewer restarts, because intensities multiply up the tree, and room for what their children tell. */
export const SUPERVISOR: ChildPolicy = { ...LEAF, intensity: 3, mailboxCapacity: 10_000 }

export type CrashVerdict =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly crashesAt: readonly number[] }
  | { readonly kind: 'give-up' }

/** Judges a crash by the times of earlier ones. `chance` in [0, 1) jitters the pause between half and all of it. */
export function judgeCrash(
  policy: ChildPolicy,
  earlierCrashesAt: readonly number[],
  nowMs: number,
  chance: number,
): CrashVerdict {
  const crashesAt = [...earlierCrashesAt.filter((at) => nowMs - at < policy.periodMs), nowMs]
  if (crashesAt.length > policy.intensity) return { kind: 'give-up' }
  const pauseMs = Math.min(policy.backoffMsMax, policy.backoffMsMin * 2 ** (crashesAt.length - 1))
  return { kind: 'restart', afterMs: Math.round(pauseMs * (0.5 + chance / 2)), crashesAt }
}

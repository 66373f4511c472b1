/**
 * Decides when a crashed actor may start again (Erlang's restart intensity, with backoff), and how
 * many messages may wait for it.
 */

/**
 * `drop-oldest` is for repeated states, of which only the newest counts; `drop-newest` is for work
 * that its sender repeats.
 */
export type Overflow = 'drop-oldest' | 'drop-newest'

/**
 * What follows when an actor has crashed too often. `escalate`: it stops, and its parent crashes in
 * its place; of an actor without a parent, the process ends. `isolate`: it is given up for a while
 * with all below it, and the rest goes on; after `againMs` it is tried again.
 */
export type AtLimit =
  { readonly kind: 'escalate' } | { readonly kind: 'isolate'; readonly againMs: number }

export interface ChildPolicy {
  /** Crashes that are allowed within `periodMs`. `atLimit` says what follows one more. */
  readonly intensity: number
  readonly periodMs: number
  /** The pause before the first restart. It doubles with every crash in the period. */
  readonly backoffMsMin: number
  readonly backoffMsMax: number
  readonly mailboxCapacity: number
  readonly overflow: Overflow
  /** How long effects in flight may continue after the actor is told to stop. */
  readonly stopDeadlineMs: number
  readonly atLimit: AtLimit
}

/** Actors without children: five restarts in half a minute. */
export const LEAF: ChildPolicy = {
  intensity: 5,
  periodMs: 30_000,
  backoffMsMin: 100,
  backoffMsMax: 5000,
  mailboxCapacity: 1000,
  overflow: 'drop-newest',
  stopDeadlineMs: 5000,
  atLimit: { kind: 'escalate' },
}

/**
 * Supervisors: fewer restarts, because intensities multiply up the tree, and a larger mailbox for
 * the messages of their children.
 */
export const SUPERVISOR: ChildPolicy = { ...LEAF, intensity: 3, mailboxCapacity: 10_000 }

export type CrashVerdict =
  | { readonly kind: 'restart'; readonly afterMs: number; readonly crashesAt: readonly number[] }
  | { readonly kind: 'give-up' }

/**
 * Judges a crash by the times of earlier ones. `chance` in [0, 1) varies the pause between half of
 * it and all of it.
 */
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

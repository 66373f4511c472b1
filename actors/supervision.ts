/**
 * How each kind of actor is supervised: how often it may crash, what follows then, and how many messages may wait for it. The
 * strategy is the same everywhere: a crashed actor is restarted alone, and what is below it is stopped and started anew by it.
 *
 * `escalate`: its parent cannot do its work without it. A fence that crashes for ever crashes its recovery; an engine that
 * cannot listen or cannot begin a recovery must not lead, so in the end its process ends, and another engine takes over.
 * `isolate`: the others can go on without it. It is given up for a while, an alarm is raised, and it is tried again.
 */
import { LEAF, SUPERVISOR, type ChildPolicy } from './kernel/supervision.ts'
import type { Actors } from './registry.ts'

/**
 * The pause before a branch that was given up is tried again. Long enough for crashes for ever to cost nothing, and
 * short enough for a cause that has passed.
 */
const AGAIN_MS = 60_000

const isolated = (policy: ChildPolicy): ChildPolicy => ({
  ...policy,
  atLimit: { kind: 'isolate', againMs: AGAIN_MS },
})

/** Every observer of every host may speak in the same moment. */
const EVERYBODY = 10_000

/** A leader takes up to 20 s to crash too often because of its children, so its supervisor counts for longer. */
const LEASE_HOLDER_PERIOD_MS = 120_000

export const SUPERVISION: Readonly<Record<keyof Actors, ChildPolicy>> = {
  'lease-holder': { ...SUPERVISOR, periodMs: LEASE_HOLDER_PERIOD_MS },
  leader: SUPERVISOR,
  // What finds no room is repeated: observations by their observers, faults by the bus.
  intake: { ...LEAF, mailboxCapacity: EVERYBODY },
  // Observations repeat themselves, and what is unfinished is read again and again: only the newest counts.
  'dedup-window': { ...SUPERVISOR, overflow: 'drop-oldest' },
  returner: isolated(LEAF),
  reconciler: isolated(LEAF),
  'guest-follower': isolated(LEAF),
  housekeeper: isolated(LEAF),
  segment: isolated(SUPERVISOR),
  recovery: isolated(SUPERVISOR),
  fence: LEAF,
  evacuator: LEAF,
  'instance-recovery': LEAF,
  'process-recovery': LEAF,
  observer: isolated({ ...SUPERVISOR, overflow: 'drop-oldest' }),
  'host-watcher': isolated(LEAF),
  'instance-watcher': isolated(LEAF),
  'host-heartbeat': isolated(LEAF),
}

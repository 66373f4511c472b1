/** Carries out the dedup window's effects on the store. */
import { isCoded } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import { SUPERVISOR } from '../kernel/supervision.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { Acceptance, NotificationStore, RecoveryStore } from '../ports/store.ts'
import {
  EMPTY_WINDOW,
  dedupWindow,
  type DedupWindowEffect,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowRules,
} from './dedup-window.ts'

export interface WindowWorld {
  readonly clock: ClockPort
  readonly store: NotificationStore & RecoveryStore
  readonly rules: WindowRules
  /** Reports of one fault within so many ms are duplicates of each other. */
  readonly duplicateWindowMs: number
}

/** The actor that folds reports into incidents, and tells the leader. */
export function defineDedupWindow(
  world: WindowWorld,
  leader: ActorRef<LeaderMessage>,
): AnyDefinition {
  return define<DedupWindowState, DedupWindowMessage, DedupWindowEffect>({
    initial: EMPTY_WINDOW,
    behaviour: dedupWindow(world.rules, leader),
    first: { type: 'window.begin' },
    // Observations repeat themselves, and what is unfinished is read again and again: only the newest counts.
    policy: { ...SUPERVISOR, overflow: 'drop-oldest' },
    perform: (effect) => performWindow(world, effect),
  })
}

async function performWindow(
  world: WindowWorld,
  effect: DedupWindowEffect,
): Promise<DedupWindowMessage> {
  switch (effect.type) {
    case 'unfinished.read': {
      const unfinished = await unlessAway(() => world.store.listUnfinished())
      return { type: 'window.looked', unfinished, atMs: world.clock.monotonicMs() }
    }
    case 'fault.report': {
      const acceptance = await unlessAway(() => report(world, effect))
      const { host } = effect
      return { type: 'window.reported', host, acceptance, atMs: world.clock.monotonicMs() }
    }
    default:
      return assertNever(effect)
  }
}

type Report = DedupWindowEffect & { readonly type: 'fault.report' }

/** What our own watchers say goes the way of every report: a row first. A new failure duplicates only what is unfinished. */
function report(world: WindowWorld, { hostName, anew }: Report): Promise<Acceptance> {
  return world.store.acceptNotification({
    type: 'COMPUTE_HOST',
    hostName,
    generatedAt: world.clock.wallMs(),
    payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
    duplicateWindowMs: anew ? 0 : world.duplicateWindowMs,
  })
}

async function unlessAway<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await call()
  } catch (error) {
    if (isCoded(error, 'STORE_UNAVAILABLE', 'STORE_CONFLICT')) return undefined
    throw error
  }
}

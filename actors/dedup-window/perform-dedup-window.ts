/** Carries out the dedup window's effects on the store. */
import { isCoded } from '../../schema/errors.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type AnyDefinition } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import { SUPERVISOR } from '../kernel/supervision.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import type { ClockPort } from '../ports/clock.ts'
import type {
  Acceptance,
  InventoryStore,
  NotificationStore,
  RecoveryStore,
} from '../ports/store.ts'
import {
  EMPTY_WINDOW,
  SMALL_PAGE,
  dedupWindow,
  type DedupWindowEffect,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowRules,
} from './dedup-window.ts'

export interface WindowWorld {
  readonly clock: ClockPort
  readonly store: NotificationStore &
    RecoveryStore &
    Pick<InventoryStore, 'findHost' | 'getSegment'>
  readonly rules: WindowRules
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
      const page = { afterId: effect.afterId, max: SMALL_PAGE }
      const unfinished = await unlessAway(() => world.store.listUnfinished(page))
      return { type: 'window.looked', unfinished, atMs: world.clock.monotonicMs() }
    }
    case 'fault.report': {
      const acceptance = await unlessAway(() => report(world, effect))
      const { host } = effect
      const atMs = world.clock.monotonicMs()
      return acceptance?.kind === 'on-maintenance' || acceptance?.kind === 'segment-disabled'
        ? { type: 'window.kept-out', host, atMs }
        : { type: 'window.reported', host, acceptance, atMs }
    }
    default:
      return assertNever(effect)
  }
}

type Report = DedupWindowEffect & { readonly type: 'fault.report' }

/**
 * What our own watchers say goes the way of every report: a row first. It is a duplicate of what is unfinished, and of nothing
 * else: what an operator forbade a minute ago may be allowed by now. In a disabled segment the first row tells why nothing is
 * done, and no other one is needed.
 */
async function report(
  { store, clock }: WindowWorld,
  { hostName, repeated }: Report,
): Promise<Acceptance | { readonly kind: 'segment-disabled' }> {
  const host = repeated ? await store.findHost(hostName) : undefined
  if (host?.onMaintenance === true) return { kind: 'on-maintenance' }
  const segment = host === undefined ? undefined : await store.getSegment(host.segment)
  if (segment?.enabled === false) return { kind: 'segment-disabled' }
  return store.acceptNotification({
    type: 'COMPUTE_HOST',
    hostName,
    generatedAt: clock.wallMs(),
    // Of a cluster that fences our observers know nothing: nobody trusts them as one.
    payload: { event: 'STOPPED', host_status: 'NORMAL' },
    duplicateWindowMs: 0,
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

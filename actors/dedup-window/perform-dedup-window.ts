/** Carries out the dedup window's effects on the store. */
import { bmcsOf, parseControlAttributes } from '../../schema/control-attributes.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import { SUPERVISION } from '../supervision.ts'
import type { LeaderMessage } from '../leadership/leader.ts'
import {
  isStoreAway,
  type Acceptance,
  type InventoryStore,
  type NotificationStore,
  type RecoveryStore,
} from '../ports/store.ts'
import type { EarlyProbes } from '../verification/early-probes.ts'
import type { HostObservations } from '../verification/host-observations.ts'
import type { Contradictions } from '../verification/contradictions.ts'
import type { Look } from '../verification/look.ts'
import { lookAtHost, type LookWorld } from '../verification/look-at-host.ts'
import { SMALL_PAGE, dedupWindow } from './dedup-window.ts'
import {
  EMPTY_WINDOW,
  type DedupWindowEffect,
  type DedupWindowMessage,
  type DedupWindowState,
  type WindowRules,
} from './window-state.ts'

export interface WindowWorld extends LookWorld {
  readonly contradictions: Contradictions
  readonly observations: HostObservations
  readonly earlyProbes: EarlyProbes
  readonly store: NotificationStore &
    RecoveryStore &
    Pick<InventoryStore, 'findHost' | 'getSegment'>
  readonly rules: WindowRules
}

/** The actor that folds reports into incidents, and tells the leader. */
export function defineDedupWindow(
  world: WindowWorld,
  leader: ActorRef<LeaderMessage>,
): Definition<DedupWindowMessage> {
  return define<DedupWindowState, DedupWindowMessage, DedupWindowEffect>({
    initial: EMPTY_WINDOW,
    behaviour: dedupWindow(world.rules, leader),
    first: { type: 'window.begin' },
    policy: SUPERVISION['dedup-window'],
    perform: (effect, signal) => performWindow(world, effect, signal),
  })
}

async function performWindow(
  world: WindowWorld,
  effect: DedupWindowEffect,
  signal: AbortSignal,
): Promise<DedupWindowMessage | undefined> {
  switch (effect.type) {
    case 'unfinished.read': {
      const page = { afterId: effect.afterId, max: SMALL_PAGE }
      const unfinished = await unlessAway(() => world.store.listUnfinished(page))
      const observations = new Map(
        (unfinished ?? []).map(({ notification: { sourceHost } }) => [
          sourceHost,
          world.observations.of(sourceHost),
        ]),
      )
      const atMs = world.clock.monotonicMs()
      return { type: 'window.looked', part: effect.part, unfinished, observations, atMs }
    }
    case 'host.look': {
      const look = await unlessAway(() => lookAt(world, effect, signal))
      return {
        type: 'window.host-looked',
        host: effect.host,
        look,
        observations: world.observations.of(effect.host),
        atMs: world.clock.monotonicMs(),
      }
    }
    case 'host.probe-early':
      await unlessAway(() => probeEarly(world, effect))
      return undefined
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

/** Begins to ask the host, unless that was done a moment ago. */
async function probeEarly(
  { store, shell, earlyProbes }: WindowWorld,
  { host, hostName }: DedupWindowEffect & { readonly type: 'host.probe-early' },
): Promise<void> {
  if (!earlyProbes.isDue(host)) return
  const registered = await store.findHost(hostName)
  const { ssh } = parseControlAttributes(registered?.controlAttributes ?? '')
  if (ssh !== undefined && earlyProbes.isDue(host)) earlyProbes.begin(host, ssh, shell)
}

/** Looks at a host of which contradictory things are said; what is new goes into the log. */
async function lookAt(
  world: WindowWorld,
  { host, hostName, before, said }: DedupWindowEffect & { readonly type: 'host.look' },
  signal: AbortSignal,
): Promise<Look | undefined> {
  const registered = await world.store.findHost(hostName)
  if (registered === undefined) return undefined
  const attributes = parseControlAttributes(registered.controlAttributes)
  const { ssh } = attributes
  const [bmc] = bmcsOf(attributes)
  const look = await lookAtHost(
    world,
    { host, hostName, ssh, bmc, reportedAt: undefined, isOrdered: false },
    signal,
  )
  if (look.finding !== before) {
    const fields = { host: hostName, reason: look.reason, said }
    world.contradictions.note(
      fields,
      'what is said of a host is contradicted, and the leader has looked',
    )
  }
  return look
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
    if (isStoreAway(error)) return undefined
    throw error
  }
}

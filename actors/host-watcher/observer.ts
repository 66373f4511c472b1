/** One monitor's view of the hosts that are assigned to it: starts their watchers, and says what they see, or that it is blind. */
import type { HostId } from '../../schema/ids.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import { withEntry } from '../kernel/with-entry.ts'
import type { ComputeService } from '../ports/compute.ts'
import type { ChannelMeaning } from '../ports/observations.ts'
import type { RegisteredMonitor } from '../ports/roster-store.ts'
import { refOf, startChild, stopChild } from '../registry.ts'
import { assignedTo } from '../verification/assignment.ts'
import {
  NO_REGISTRATIONS,
  afterLook,
  monitorsOf,
  type Registrations,
} from '../verification/registrations.ts'
import { blindByAnchor, blindByCount, blindByStall } from './blindness.ts'
import { computeSign } from './compute-sign.ts'
import type { WatchedHost } from './host-watcher.ts'
import { neighboursOf } from './watched-domains.ts'
import { NO_STRAYS, isNone, newStrays, straysOf, type Strays } from './membership.ts'

export type ObserverMessage =
  | { readonly type: 'observer.begin' }
  | { readonly type: 'observer.tick-due' } // private: our own timer
  | {
      readonly type: 'observer.ticked' // private
      readonly atMs: number
      readonly bus: 'connected' | 'away'
    }
  | {
      readonly type: 'observer.anchors' // private
      /** Why no anchor is reached; undefined when one is. */
      readonly unreached: string | undefined
    }
  | {
      readonly type: 'observer.inventory' // private; undefined while the store is away
      readonly inventory: Inventory | undefined
      readonly atMs: number
    }
  | {
      readonly type: 'observer.services' // private; undefined while Compute is away
      readonly services: readonly ComputeService[] | undefined
      readonly atMs: number
    }
  | {
      readonly type: 'observer.watched' // from a host-watcher
      readonly host: HostId
      readonly state: HostState
      readonly evidence: readonly string[]
      readonly channels: readonly ChannelMeaning[]
      readonly atMs: number
    }
  /** From the kernel: the watcher of this host crashes again and again. */
  | { readonly type: 'observer.watcher-given-up'; readonly host: HostId }

/** What the store says. */
export interface Inventory {
  /** All registered hosts, assigned to us or not. */
  readonly hosts: readonly WatchedHost[]
  readonly monitors: readonly RegisteredMonitor[]
}

export interface Sight {
  readonly watched: WatchedHost
  readonly state: HostState
  readonly evidence: readonly string[]
  readonly channels: readonly ChannelMeaning[] | undefined
  /** When its watcher said so. */
  readonly seenAtMs: number
  readonly announceAtMs: number
  /** Until then every word of it is passed on: it is being asked because a neighbour fails. */
  readonly awaitedUntilMs: number
}

export interface ObserverState {
  readonly kind: 'sighted' | 'blind'
  readonly sights: ReadonlyMap<HostId, Sight>
  readonly lastTickMs: number | undefined
  /** Blind at least until this moment: what the blind eye has gathered still comes in. */
  readonly blindUntilMs: number
  /** Why it is blind; empty while it sees. */
  readonly reason: string
  /** Why no anchor was reached the last time; undefined when one was. */
  readonly unreached: string | undefined
  readonly anchorsAtMs: number
  readonly inventoryAtMs: number
  readonly servicesAtMs: number
  readonly registrations: Registrations
  /** Names of all registered hosts; undefined until the store was read. */
  readonly registered: readonly string[] | undefined
  /** undefined until both lists were read. */
  readonly strays: Strays | undefined
}

export type ObserverEffect =
  | { readonly type: 'clock.read' }
  | { readonly type: 'anchors.ask' }
  | { readonly type: 'inventory.read' }
  | { readonly type: 'services.read' }
  /** What tells the failure domains of hosts is read again, when it is old. */
  | { readonly type: 'aggregates.read' }
  /** Says in the store that we observe: what we say counts for as long as it is there. */
  | { readonly type: 'registration.renew' }
  /** The hosts that only one side knows have changed; `found` has those that were fine before. */
  | { readonly type: 'strays.report'; readonly strays: Strays; readonly found: Strays }
  /** Closes what was kept open to a host that is no longer watched, or not in this way. */
  | { readonly type: 'channels.forget'; readonly watched: WatchedHost }
  | {
      readonly type: 'observation.announce'
      readonly watched: WatchedHost
      readonly state: HostState
      readonly evidence: readonly string[]
      readonly channels: readonly ChannelMeaning[] | undefined
    }

export interface ObserverRules {
  /** Milliseconds, as all times here. */
  readonly tickMs: number
  /** How often an unchanged state is said again. */
  readonly repeatMs: number
  /** How often the anchors are asked. */
  readonly anchorsMs: number
  /** How often the registered hosts are read again. */
  readonly inventoryMs: number
  /** How often the compute services are read again, all in one request. */
  readonly servicesMs: number
  /** How long the neighbours of a new suspect may take to answer. */
  readonly companionsMs: number
  /** How long it stays blind after the cause has gone: until every host was probed anew. */
  readonly regainMs: number
  /** How many monitors watch one host. */
  readonly observersPerHost: number
}

type ObserverStep = Step<ObserverState, ObserverEffect | KernelEffect<ObserverMessage>>
type Effects = readonly (ObserverEffect | KernelEffect<ObserverMessage>)[]

export const NEW_OBSERVER: ObserverState = {
  kind: 'sighted',
  sights: new Map(),
  lastTickMs: undefined,
  blindUntilMs: 0,
  reason: '',
  unreached: undefined,
  anchorsAtMs: -Infinity,
  inventoryAtMs: -Infinity,
  servicesAtMs: -Infinity,
  registrations: NO_REGISTRATIONS,
  registered: undefined,
  strays: undefined,
}

/** `node` is the name under which it registers. */
export const observer =
  (node: string, rules: ObserverRules) =>
  (state: ObserverState, message: ObserverMessage): ObserverStep => {
    switch (message.type) {
      case 'observer.begin':
      case 'observer.tick-due':
        return [state, [{ type: 'clock.read' }]]
      case 'observer.ticked':
        return onTicked(rules, state, message)
      case 'observer.anchors':
        return [{ ...state, unreached: message.unreached }, []]
      case 'observer.inventory':
        return onInventory({ node, rules }, state, message)
      case 'observer.services':
        return onServices(state, message)
      case 'observer.watched':
        return onWatched(rules, state, message)
      case 'observer.watcher-given-up':
        return onWatcherGivenUp(state, message.host)
      default:
        return assertNever(message)
    }
  }

function onTicked(
  rules: ObserverRules,
  state: ObserverState,
  { atMs, bus }: ObserverMessage & { readonly type: 'observer.ticked' },
): ObserverStep {
  const stall = blindByStall(atMs - (state.lastTickMs ?? atMs), rules.tickMs)
  const cause = stall ?? blindByAnchor(bus, state.unreached) ?? blindByCount(statesOf(state))
  const blindUntilMs = cause === undefined ? state.blindUntilMs : atMs + rules.regainMs
  const reason = cause ?? (atMs < blindUntilMs ? state.reason : '')
  const kind = reason === '' ? 'sighted' : 'blind'
  const [dutiesDone, duties] = dutiesOf(rules, state, atMs)
  const ticked: ObserverState = {
    ...dutiesDone,
    kind,
    reason,
    blindUntilMs,
    lastTickMs: atMs,
    sights: stall === undefined ? state.sights : unseen(state, stall),
  }
  const [next, said] = sayDue(rules, ticked, kind === state.kind ? atMs : Infinity)
  const tick: KernelEffect<ObserverMessage> = {
    type: 'timer.start',
    name: 'tick',
    afterMs: rules.tickMs,
    message: { type: 'observer.tick-due' },
  }
  return [next, [tick, ...duties, ...said]]
}

/** What is due again of what is read, and written, now and then. */
function dutiesOf(rules: ObserverRules, state: ObserverState, atMs: number): ObserverStep {
  const ofAnchors = atMs - state.anchorsAtMs >= rules.anchorsMs
  const ofStore = atMs - state.inventoryAtMs >= rules.inventoryMs
  const ofCompute = atMs - state.servicesAtMs >= rules.servicesMs
  const done = {
    ...state,
    anchorsAtMs: ofAnchors ? atMs : state.anchorsAtMs,
    inventoryAtMs: ofStore ? atMs : state.inventoryAtMs,
    servicesAtMs: ofCompute ? atMs : state.servicesAtMs,
  }
  const duties = [
    ...(ofAnchors ? ANCHOR_DUTIES : []),
    ...(ofStore ? STORE_DUTIES : []),
    ...(ofCompute ? COMPUTE_DUTIES : []),
  ]
  return [done, duties]
}

const ANCHOR_DUTIES = [{ type: 'anchors.ask' }] as const
const STORE_DUTIES = [{ type: 'inventory.read' }, { type: 'registration.renew' }] as const
const COMPUTE_DUTIES = [{ type: 'services.read' }, { type: 'aggregates.read' }] as const

/** What was seen before a stall is too old to be said again, life included. */
function unseen({ sights }: ObserverState, reason: string): ReadonlyMap<HostId, Sight> {
  const entries = [...sights].map(
    ([host, sight]) =>
      [host, { ...sight, state: 'blind', evidence: [reason], channels: undefined }] as const,
  )
  return new Map(entries)
}

function* statesOf(state: ObserverState): Iterable<HostState> {
  for (const sight of state.sights.values()) yield shownState(sight)
}

/** An operator who keeps a host out of service may switch it off: life is said all the same, doubt and death are not. */
const shownState = ({ state, watched }: Sight): HostState =>
  watched.maintenance === 'operator' && (state === 'suspect' || state === 'dead')
    ? 'maintenance'
    : state

/** Says again what was not said for a while; everything at once when sight was lost or came back (`dueMs` infinite). */
function sayDue(
  rules: ObserverRules,
  state: ObserverState,
  dueMs: number,
): readonly [ObserverState, Effects] {
  const due = [...state.sights.values()].filter(({ announceAtMs }) => announceAtMs <= dueMs)
  if (due.length === 0) return [state, []]
  const sights = new Map(state.sights)
  for (const sight of due) {
    sights.set(sight.watched.host, {
      ...sight,
      announceAtMs: (state.lastTickMs ?? 0) + rules.repeatMs,
    })
  }
  return [{ ...state, sights }, due.map((sight) => announce(state, sight, state.lastTickMs ?? 0))]
}

/** A blind observer may take life for death, never death for life: life it says, for the rest it is blind. */
function announce(state: ObserverState, sight: Sight, atMs: number): ObserverEffect {
  const { watched, evidence, seenAtMs } = sight
  const olderMs = Math.max(0, Math.round(atMs - seenAtMs))
  const channels = sight.channels?.map((each) => ({ ...each, ageMs: each.ageMs + olderMs }))
  const shown = shownState(sight)
  return state.kind === 'blind' && shown !== 'alive' && shown !== 'maintenance'
    ? {
        type: 'observation.announce',
        watched,
        state: 'blind',
        evidence: [state.reason],
        channels: undefined,
      }
    : { type: 'observation.announce', watched, state: shown, evidence, channels }
}

function onWatched(
  rules: ObserverRules,
  state: ObserverState,
  {
    host,
    state: seen,
    evidence,
    channels,
    atMs,
  }: ObserverMessage & { readonly type: 'observer.watched' },
): ObserverStep {
  const before = state.sights.get(host)
  if (before === undefined) return [state, []]
  const news = seen !== before.state
  // Death is said at the next tick, when it is known how many others seem to fail with it.
  const announceAtMs = news && seen === 'dead' ? 0 : before.announceAtMs
  const sight = { ...before, state: seen, evidence, channels, announceAtMs, seenAtMs: atMs }
  const next = { ...state, sights: withEntry(state.sights, host, sight) }
  const atOnce = (news && seen !== 'dead') || (seen === 'alive' && atMs <= before.awaitedUntilMs)
  const said = atOnce ? [announce(next, sight, atMs)] : []
  if (!news || seen !== 'suspect') return [next, said]
  const [after, hastened] = hastenNeighbours(rules, next, { of: sight, atMs })
  return [after, [...said, ...hastened]]
}

/** Nobody looks at the host any more: what was seen of it last must not be said again. */
function onWatcherGivenUp(state: ObserverState, host: HostId): ObserverStep {
  const before = state.sights.get(host)
  if (before === undefined) return [state, []]
  const evidence = ['the watcher of this host has crashed too often']
  const sight: Sight = { ...before, state: 'blind', evidence, channels: undefined }
  const next = { ...state, sights: withEntry(state.sights, host, sight) }
  return [next, [announce(next, sight, sight.seenAtMs)]]
}

/** Hosts that fail together are then noticed together, however seldom a healthy host is asked. */
function hastenNeighbours(
  { companionsMs }: ObserverRules,
  state: ObserverState,
  { of, atMs }: { readonly of: Sight; readonly atMs: number },
): ObserverStep {
  const living = [...state.sights.values()].filter((each) => each.state === 'alive')
  const neighbours = neighboursOf(
    of.watched,
    living.map(({ watched }) => watched),
  )
  if (neighbours.length === 0) return [state, []]
  const sights = new Map(state.sights)
  const effects = neighbours.flatMap((host) => {
    const sight = sights.get(host)
    if (sight === undefined) return []
    sights.set(host, { ...sight, awaitedUntilMs: atMs + companionsMs })
    return [tell(refOf('host-watcher', host), { type: 'watcher.neighbour-suspect', atMs })]
  })
  return [{ ...state, sights }, effects]
}

/** While the store is away, the hosts that we know are watched all the same. */
function onInventory(
  { node, rules }: { readonly node: string; readonly rules: ObserverRules },
  state: ObserverState,
  { inventory, atMs }: ObserverMessage & { readonly type: 'observer.inventory' },
): ObserverStep {
  if (inventory === undefined) return [state, []]
  const { hosts } = inventory
  const registrations = afterLook(state.registrations, inventory.monitors, atMs)
  // We run, though our row may not be there yet.
  const monitors = new Map([[node, 'unsure' as const], ...monitorsOf(registrations)])
  const own = hosts.filter(({ host }) =>
    assignedTo(host, monitors, rules.observersPerHost).includes(node),
  )
  const registered = hosts.map(({ hostName }) => hostName)
  return watchOnly({ ...state, registrations, registered }, own)
}

/** Starts watchers for new hosts, ends those of hosts that are gone, and restarts those whose settings changed. */
function watchOnly(state: ObserverState, hosts: readonly WatchedHost[]): ObserverStep {
  const sights = new Map<HostId, Sight>()
  const effects: (ObserverEffect | KernelEffect<ObserverMessage>)[] = []
  for (const watched of hosts) {
    const before = state.sights.get(watched.host)
    const isSame = before?.watched.fingerprint === watched.fingerprint
    if (before !== undefined && !isSame) effects.push(...stopWatching(before.watched))
    if (isUnwatchable(watched)) {
      sights.set(watched.host, misconfigured(watched, before?.announceAtMs ?? 0))
      continue
    }
    if (before !== undefined && isSame) {
      sights.set(watched.host, { ...before, watched })
      continue
    }
    const sight = { watched, state: 'blind', evidence: [], channels: undefined } as const
    sights.set(watched.host, { ...sight, ...NEVER_SEEN })
    effects.push(startChild('host-watcher', watched.host, watched))
  }
  for (const { watched } of state.sights.values()) {
    if (!sights.has(watched.host)) effects.push(...stopWatching(watched))
  }
  return [{ ...state, sights }, effects]
}

/** Each watcher is told of its own service. What only one side knows is reported when that has changed. */
function onServices(
  state: ObserverState,
  { services, atMs }: ObserverMessage & { readonly type: 'observer.services' },
): ObserverStep {
  if (services === undefined) return [state, []]
  const byHost = new Map(services.map((service) => [service.host, service]))
  const words = [...state.sights.values()].flatMap(({ watched, state: seen }) => {
    const service = byHost.get(watched.hostName)
    if (service === undefined || (seen === 'misconfigured' && isUnwatchable(watched))) return []
    const shown = computeSign(service, atMs)
    return shown === undefined
      ? []
      : [tell(refOf('host-watcher', watched.host), { type: 'watcher.compute', ...shown, atMs })]
  })
  if (state.registered === undefined) return [state, words]
  const strays = straysOf(state.registered, byHost.keys())
  const found = newStrays(strays, state.strays ?? NO_STRAYS)
  const isChanged =
    state.strays === undefined || !isNone(found) || !isNone(newStrays(state.strays, strays))
  const report = isChanged ? [{ type: 'strays.report', strays, found } as const] : []
  return [{ ...state, strays }, [...words, ...report]]
}

/** Its settings name no channel that could be probed, and not because nobody wrote any. */
const isUnwatchable = ({ ssh, power, problems }: WatchedHost): boolean =>
  ssh === undefined && power === undefined && problems.length > 0

const NEVER_SEEN = { seenAtMs: 0, announceAtMs: 0, awaitedUntilMs: -Infinity } as const

const misconfigured = (watched: WatchedHost, announceAtMs: number): Sight => ({
  watched,
  state: 'misconfigured',
  evidence: watched.problems.slice(0, EVIDENCE_MAX).map((text) => text.slice(0, TEXT_LENGTH_MAX)),
  channels: undefined,
  ...NEVER_SEEN,
  announceAtMs,
})

/** An observation carries some sentences of so many characters at most, not all that is wrong. */
const EVIDENCE_MAX = 4
const TEXT_LENGTH_MAX = 200

const stopWatching = (watched: WatchedHost): Effects => [
  stopChild('host-watcher', watched.host),
  { type: 'channels.forget', watched },
]

/** One monitor's view of all hosts: starts their watchers, and says what they see, or that it is blind. */
import type { HostId } from '../../schema/ids.ts'
import type { HostState } from '../../schema/messages/observation.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import { withEntry } from '../kernel/with-entry.ts'
import { startChild, stopChild } from '../registry.ts'
import { blindByCount, blindByStall } from './blindness.ts'
import type { WatchedHost } from './host-watcher.ts'

export type ObserverMessage =
  | { readonly type: 'observer.begin' }
  | { readonly type: 'observer.tick-due' } // private: our own timer
  | { readonly type: 'observer.ticked'; readonly atMs: number } // private
  | { readonly type: 'observer.inventory'; readonly hosts: readonly WatchedHost[] | undefined } // private
  | {
      readonly type: 'observer.watched' // from a host-watcher
      readonly host: HostId
      readonly state: HostState
      readonly evidence: readonly string[]
    }

export interface Sight {
  readonly watched: WatchedHost
  readonly state: HostState
  readonly evidence: readonly string[]
  readonly announceAtMs: number
}

export interface ObserverState {
  readonly kind: 'sighted' | 'blind'
  readonly sights: ReadonlyMap<HostId, Sight>
  readonly lastTickMs: number | undefined
  /** Blind at least until this moment: what the blind eye has gathered still comes in. */
  readonly blindUntilMs: number
  /** Why it is blind; empty while it sees. */
  readonly reason: string
  readonly inventoryAtMs: number
}

export type ObserverEffect =
  | { readonly type: 'clock.read' }
  | { readonly type: 'inventory.read' }
  /** Says in the store that we observe: what we say counts for as long as it is there. */
  | { readonly type: 'registration.renew' }
  /** Closes what was kept open to a host that is no longer watched, or not in this way. */
  | { readonly type: 'channels.forget'; readonly watched: WatchedHost }
  | {
      readonly type: 'observation.announce'
      readonly watched: WatchedHost
      readonly state: HostState
      readonly evidence: readonly string[]
    }

/** Milliseconds. */
export interface ObserverRules {
  readonly tickMs: number
  /** How often an unchanged state is said again. */
  readonly repeatMs: number
  /** How often the registered hosts are read again. */
  readonly inventoryMs: number
  /** How long it stays blind after the cause has gone: until every host was probed anew. */
  readonly regainMs: number
}

type ObserverStep = Step<ObserverState, ObserverEffect | KernelEffect<ObserverMessage>>
type Effects = readonly (ObserverEffect | KernelEffect<ObserverMessage>)[]

export const NEW_OBSERVER: ObserverState = {
  kind: 'sighted',
  sights: new Map(),
  lastTickMs: undefined,
  blindUntilMs: 0,
  reason: '',
  inventoryAtMs: -Infinity,
}

export const observer =
  (rules: ObserverRules) =>
  (state: ObserverState, message: ObserverMessage): ObserverStep => {
    switch (message.type) {
      case 'observer.begin':
      case 'observer.tick-due':
        return [state, [{ type: 'clock.read' }]]
      case 'observer.ticked':
        return onTicked(rules, state, message.atMs)
      case 'observer.inventory':
        return message.hosts === undefined ? [state, []] : onInventory(state, message.hosts)
      case 'observer.watched':
        return onWatched(state, message)
      default:
        return assertNever(message)
    }
  }

function onTicked(rules: ObserverRules, state: ObserverState, atMs: number): ObserverStep {
  const stall = blindByStall(atMs - (state.lastTickMs ?? atMs), rules.tickMs)
  const cause = stall ?? blindByCount(statesOf(state))
  const blindUntilMs = cause === undefined ? state.blindUntilMs : atMs + rules.regainMs
  const reason = cause ?? (atMs < blindUntilMs ? state.reason : '')
  const kind = reason === '' ? 'sighted' : 'blind'
  const readInventory = atMs - state.inventoryAtMs >= rules.inventoryMs
  const inventoryAtMs = readInventory ? atMs : state.inventoryAtMs
  const ticked: ObserverState = {
    kind,
    reason,
    blindUntilMs,
    inventoryAtMs,
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
  return [next, [tick, ...(readInventory ? STORE_DUTIES : []), ...said]]
}

const STORE_DUTIES = [{ type: 'inventory.read' }, { type: 'registration.renew' }] as const

/** What was seen before a stall is too old to be said again, life included. */
function unseen({ sights }: ObserverState, reason: string): ReadonlyMap<HostId, Sight> {
  const entries = [...sights].map(
    ([host, sight]) => [host, { ...sight, state: 'blind', evidence: [reason] }] as const,
  )
  return new Map(entries)
}

function* statesOf(state: ObserverState): Iterable<HostState> {
  for (const sight of state.sights.values()) yield sight.state
}

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
  return [{ ...state, sights }, due.map((sight) => announce(state, sight))]
}

/** A blind observer may take life for death, never death for life: life it says, for the rest it is blind. */
function announce(state: ObserverState, sight: Sight): ObserverEffect {
  const { watched } = sight
  return state.kind === 'blind' && sight.state !== 'alive'
    ? { type: 'observation.announce', watched, state: 'blind', evidence: [state.reason] }
    : { type: 'observation.announce', watched, state: sight.state, evidence: sight.evidence }
}

function onWatched(
  state: ObserverState,
  { host, state: seen, evidence }: ObserverMessage & { readonly type: 'observer.watched' },
): ObserverStep {
  const before = state.sights.get(host)
  if (before === undefined) return [state, []]
  const news = seen !== before.state
  // Death is said at the next tick, when it is known how many others seem to fail with it.
  const announceAtMs = news && seen === 'dead' ? 0 : before.announceAtMs
  const sight = { ...before, state: seen, evidence, announceAtMs }
  const next = { ...state, sights: withEntry(state.sights, host, sight) }
  const atOnce = news && seen !== 'dead'
  return [next, atOnce ? [announce(next, sight)] : []]
}

/** Starts watchers for new hosts, ends those of hosts that are gone, and restarts those whose settings changed. */
function onInventory(state: ObserverState, hosts: readonly WatchedHost[]): ObserverStep {
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
      sights.set(watched.host, before)
      continue
    }
    sights.set(watched.host, { watched, state: 'blind', evidence: [], announceAtMs: 0 })
    effects.push(startChild('host-watcher', watched.host, watched))
  }
  for (const { watched } of state.sights.values()) {
    if (!sights.has(watched.host)) effects.push(...stopWatching(watched))
  }
  return [{ ...state, sights }, effects]
}

/** Its settings name no channel that could be probed, and not because nobody wrote any. */
const isUnwatchable = ({ ssh, ipmi, problems }: WatchedHost): boolean =>
  ssh === undefined && ipmi === undefined && problems.length > 0

const misconfigured = (watched: WatchedHost, announceAtMs: number): Sight => ({
  watched,
  state: 'misconfigured',
  evidence: watched.problems.slice(0, EVIDENCE_MAX).map((text) => text.slice(0, TEXT_LENGTH_MAX)),
  announceAtMs,
})

/** An observation carries some sentences of so many characters at most, not all that is wrong. */
const EVIDENCE_MAX = 4
const TEXT_LENGTH_MAX = 200

const stopWatching = (watched: WatchedHost): Effects => [
  stopChild('host-watcher', watched.host),
  { type: 'channels.forget', watched },
]

/**
 * Engines, the key of the lease, and the store's epoch as a machine with every interleaving: what is explored is the shipped
 * behaviour `leaseHolder` and the shipped `LeadershipTerm`; the world around them is this file (`ops/docs/leadership.md`).
 *
 * Nothing forces an engine to take its next step, so each one may stand still for any time, between any two steps. A message may
 * be slow, lost, or applied with its answer lost; one that its sender has given up may still arrive.
 */
import {
  leaseHolder,
  CANDIDATE,
  type LeaseMessage,
  type LeaseState,
} from '../../actors/leadership/lease-holder.ts'
import { LeadershipTerm } from '../../actors/leadership/leadership-term.ts'
import type { Epoch } from '../../schema/ids.ts'
import { epoch as epochOf } from '../../schema/ids.ts'

/** In ticks; as with the configuration, the TTL exceeds two renewals and the margin. */
export const TIMING = { ttlMs: 4, renewIntervalMs: 1, campaignIntervalMs: 1, marginMs: 1 } as const

/** What is broken on purpose. */
export type Sabotage =
  'none' | 'no-own-clock' | 'epoch-not-checked' | 'release-what-was-taken-again'

export interface ModelOptions {
  readonly engines: number
  readonly sabotage: Sabotage
  /** Whether the server may lose the lease at any moment, as after a loss of its disk. */
  readonly losesLease: boolean
}

type CallKind = 'create' | 'renew' | 'release'

/** A call on the lease: one compare-and-set write, and if that is refused, a read and a second write. */
interface Call {
  readonly kind: CallKind
  /** The revision that the lease holder has named; 0 for a create. */
  readonly of: number
  readonly startedAt: number
  readonly stage: 'write' | 'read' | 'rewrite' | 'answered'
  /** What the present write expects; when answered: the new revision, or -1 when it was refused. */
  readonly revision: number
  /** The engine has begun to take the lease again since then. */
  readonly overtaken: boolean
}

/** A write whose sender waits no more: it may still arrive. */
type Ghost =
  { readonly kind: 'take' | 'free'; readonly revision: number } | { readonly kind: 'claim' }

interface Engine {
  readonly state: LeaseState
  readonly term: { readonly epoch: Epoch; readonly until: number } | null
  /** When each timer is due. */
  readonly timers: Readonly<Record<string, number>>
  readonly calls: readonly Call[]
  /** asked: on its way to the store; else the epoch that the store has answered. */
  readonly claim: 'none' | 'asked' | Epoch
  /** An irreversible step: its intent is on its way to the store, or stored. */
  readonly act: { readonly epoch: Epoch; readonly stored: boolean } | null
  readonly ghost: Ghost | null
}

export interface World {
  readonly now: number
  readonly lease: {
    readonly by: number
    readonly revision: number
    readonly writtenAt: number
  } | null
  readonly revisions: number
  readonly epoch: number
  readonly engines: readonly Engine[]
}

export interface Move {
  readonly text: string
  readonly world: World
  /** What the move itself did wrong. */
  readonly violation?: string
}

/** More calls of one engine at the same time do not matter: the lease holder has at most two at once. */
const CALLS_MAX = 3

/** Nobody has the lease, and every engine campaigns. */
export function begin({ engines }: ModelOptions): World {
  const engine: Engine = {
    state: CANDIDATE,
    term: null,
    timers: { campaign: 0 },
    calls: [],
    claim: 'none',
    act: null,
    ghost: null,
  }
  return {
    now: 0,
    lease: null,
    revisions: 0,
    epoch: 0,
    engines: Array.from({ length: engines }, () => engine),
  }
}

/** Whether the engine may act now, by the shipped rule. */
function live(world: World, at: number): Epoch | undefined {
  const held = world.engines[at]?.term ?? null
  if (held === null) return undefined
  const term = new LeadershipTerm({ monotonicMs: () => world.now })
  term.hold(held.epoch, held.until)
  return term.current()
}

/** Two engines that may act at the same moment; undefined when all is well. */
export function twoHolders(world: World): string | undefined {
  const holders = world.engines.flatMap((_engine, at) => live(world, at) ?? [])
  return holders.length < 2 ? undefined : `two engines may act: epochs ${holders.join(' and ')}`
}

/** Everything that may happen next. */
export function* moves(world: World, options: ModelOptions): Generator<Move> {
  yield { text: 'time passes', world: { ...world, now: world.now + 1 } }
  if (world.lease !== null) {
    const age = world.now - world.lease.writtenAt
    // Early by the margin, or later by any time.
    if (age >= TIMING.ttlMs - TIMING.marginMs || options.losesLease) {
      yield { text: 'the server deletes the lease', world: { ...world, lease: null } }
    }
  }
  for (let at = 0; at < world.engines.length; at += 1) yield* movesOf(world, at, options)
}

function* movesOf(world: World, at: number, options: ModelOptions): Generator<Move> {
  const engine = world.engines[at]
  if (engine === undefined) return
  const name = `engine ${at + 1}`
  for (const [timer, due] of Object.entries(engine.timers)) {
    if (due > world.now) continue
    const { [timer]: _fired, ...timers } = engine.timers
    const fired = replaced(world, at, { ...engine, timers })
    yield { text: `${name}: ${timer}`, world: told(fired, at, MESSAGES[timer], options) }
  }
  for (let index = 0; index < engine.calls.length; index += 1) {
    yield* movesOfCall(world, { at, index, name }, options)
  }
  yield* movesOfClaim(world, at, options)
  yield* movesOfAct(world, at, options)
  if (engine.ghost !== null) {
    const applied = appliedGhost(replaced(world, at, { ...engine, ghost: null }), at, engine.ghost)
    yield { text: `${name}: a ${engine.ghost.kind} that it gave up arrives`, world: applied }
  }
}

const MESSAGES: Readonly<Record<string, LeaseMessage>> = {
  campaign: { type: 'lease.campaign' },
  renew: { type: 'lease.renew-due' },
  'own-clock': { type: 'lease.expired' },
}

function* movesOfCall(
  world: World,
  { at, index, name }: { readonly at: number; readonly index: number; readonly name: string },
  options: ModelOptions,
): Generator<Move> {
  const engine = world.engines[at]
  const call = engine?.calls[index]
  if (engine === undefined || call === undefined) return
  const others = engine.calls.toSpliced(index, 1)
  if (call.stage === 'answered') {
    const without = replaced(world, at, { ...engine, calls: others })
    const message = answerTo(call)
    yield { text: `${name}: answer to ${call.kind}`, world: told(without, at, message, options) }
    yield {
      text: `${name}: answer to ${call.kind} is lost`,
      world: told(without, at, unknown(call), options),
    }
    return
  }
  const { next, lease, revisions } = visited(world, at, call, options)
  const calls = engine.calls.toSpliced(index, 1, next)
  const seen = { ...world, lease, revisions }
  const visit = replaced(seen, at, { ...engine, calls })
  yield { text: `${name}: the server handles ${call.kind} (${call.stage})`, world: visit }
  // The sender gives up; its write may still arrive.
  const kind = call.kind === 'release' ? 'free' : 'take'
  const ghost: Ghost | null =
    call.stage === 'read' ? engine.ghost : { kind, revision: call.revision }
  for (const left of ghost === engine.ghost ? [ghost] : [ghost, engine.ghost]) {
    const without = replaced(world, at, { ...engine, calls: others, ghost: left })
    const fate = left === engine.ghost ? 'is lost' : 'is given up'
    yield {
      text: `${name}: ${call.kind} ${fate}`,
      world: told(without, at, unknown(call), options),
    }
  }
}

/** What one message of a call finds and does on the server, as in the transport of NATS. */
function visited(
  world: World,
  at: number,
  call: Call,
  { sabotage }: ModelOptions,
): { readonly next: Call; readonly lease: World['lease']; readonly revisions: number } {
  const { lease, revisions } = world
  const same = { lease, revisions }
  if (call.stage === 'read') {
    return mayGoOn(call, lease === null ? 'free' : lease.by === at ? 'ours' : 'taken', sabotage)
      ? { ...same, next: { ...call, stage: 'rewrite', revision: lease?.revision ?? 0 } }
      : { ...same, next: { ...call, stage: 'answered', revision: -1 } }
  }
  if ((lease?.revision ?? 0) !== call.revision) {
    const stage = call.stage === 'write' ? 'read' : 'answered'
    return { ...same, next: { ...call, stage, revision: -1 } }
  }
  const revision = revisions + 1
  const written = call.kind === 'release' ? null : { by: at, revision, writtenAt: world.now }
  return { lease: written, revisions: revision, next: { ...call, stage: 'answered', revision } }
}

/** Whether a call writes once more after it has read whose lease it is. */
function mayGoOn(
  { kind, overtaken }: Call,
  found: 'free' | 'ours' | 'taken',
  sabotage: Sabotage,
): boolean {
  if (kind === 'create') return found !== 'taken'
  const isOverdue = kind === 'release' && overtaken && sabotage !== 'release-what-was-taken-again'
  return found === 'ours' && !isOverdue
}

function answerTo({ kind, of, startedAt, revision }: Call): LeaseMessage | undefined {
  if (kind === 'release') return undefined
  if (kind === 'create') {
    return revision < 0
      ? { type: 'lease.missed' }
      : { type: 'lease.taken', revision, startedAtMs: startedAt }
  }
  return revision < 0
    ? { type: 'lease.lost', of }
    : { type: 'lease.renewed', of, revision, startedAtMs: startedAt }
}

function unknown({ kind, of }: Call): LeaseMessage | undefined {
  if (kind === 'release') return undefined
  return kind === 'create' ? { type: 'lease.missed' } : { type: 'lease.renew-failed', of }
}

function* movesOfClaim(world: World, at: number, options: ModelOptions): Generator<Move> {
  const engine = world.engines[at]
  if (engine === undefined || engine.claim === 'none') return
  const name = `engine ${at + 1}`
  const idle = replaced(world, at, { ...engine, claim: 'none' })
  const refused: LeaseMessage = { type: 'lease.epoch-refused', reason: 'no answer' }
  if (engine.claim === 'asked') {
    const epoch = world.epoch + 1
    const answered = replaced(world, at, { ...engine, claim: epochOf(epoch) })
    yield { text: `${name}: the store raises the epoch to ${epoch}`, world: { ...answered, epoch } }
    const late = replaced(world, at, { ...engine, claim: 'none', ghost: { kind: 'claim' } })
    yield { text: `${name}: the claim is given up`, world: told(late, at, refused, options) }
    return
  }
  const claimed: LeaseMessage = { type: 'lease.epoch-claimed', epoch: engine.claim }
  yield { text: `${name}: it has epoch ${engine.claim}`, world: told(idle, at, claimed, options) }
  yield { text: `${name}: the epoch's answer is lost`, world: told(idle, at, refused, options) }
}

/** An irreversible step: the intent in the store, then the check of the term, then the act. */
function* movesOfAct(world: World, at: number, options: ModelOptions): Generator<Move> {
  const engine = world.engines[at]
  if (engine === undefined) return
  const name = `engine ${at + 1}`
  const { act } = engine
  if (act === null) {
    const epoch = live(world, at)
    if (epoch === undefined) return
    const sent = replaced(world, at, { ...engine, act: { epoch, stored: false } })
    yield { text: `${name}: sends an intent of epoch ${epoch}`, world: sent }
    return
  }
  const done = replaced(world, at, { ...engine, act: null })
  if (act.stored) {
    const acts = live(world, at) === act.epoch
    yield {
      text: `${name}: ${acts ? 'acts' : 'does not act'} with epoch ${act.epoch}`,
      world: done,
    }
    return
  }
  const isStale = act.epoch !== world.epoch
  if (isStale && options.sabotage !== 'epoch-not-checked') {
    const deposed: LeaseMessage = { type: 'lease.deposed', epoch: act.epoch }
    yield {
      text: `${name}: the store refuses epoch ${act.epoch}`,
      world: told(done, at, deposed, options),
    }
    return
  }
  const stored = replaced(world, at, { ...engine, act: { ...act, stored: true } })
  const violation = `a write of epoch ${act.epoch} has changed the store, whose epoch is ${world.epoch}`
  yield {
    text: `${name}: the store has the intent of epoch ${act.epoch}`,
    world: stored,
    ...(isStale ? { violation } : {}),
  }
}

function appliedGhost(world: World, at: number, ghost: Ghost): World {
  if (ghost.kind === 'claim') return { ...world, epoch: world.epoch + 1 }
  if ((world.lease?.revision ?? 0) !== ghost.revision) return world
  const revision = world.revisions + 1
  const lease = ghost.kind === 'free' ? null : { by: at, revision, writtenAt: world.now }
  return { ...world, lease, revisions: revision }
}

const replaced = (world: World, at: number, engine: Engine): World => ({
  ...world,
  engines: world.engines.with(at, engine),
})

/** The shipped behaviour takes a message, and its effects are done. Timers end with the state that started them. */
function told(
  world: World,
  at: number,
  message: LeaseMessage | undefined,
  options: ModelOptions,
): World {
  const engine = world.engines[at]
  if (engine === undefined || message === undefined) return world
  const [state, effects] = leaseHolder(TIMING)(engine.state, message)
  const timers = state.kind === engine.state.kind ? engine.timers : {}
  let next: Engine = { ...engine, state, timers }
  for (const effect of effects) next = performed(next, effect, world.now, options)
  return replaced(world, at, next)
}

type Effects = ReturnType<ReturnType<typeof leaseHolder>>[1]

function performed(
  engine: Engine,
  effect: Effects[number],
  now: number,
  { sabotage }: ModelOptions,
): Engine {
  switch (effect.type) {
    case 'timer.start': {
      if (effect.name === 'own-clock' && sabotage === 'no-own-clock') return engine
      return { ...engine, timers: { ...engine.timers, [effect.name]: now + effect.afterMs } }
    }
    case 'lease.create': {
      const calls = engine.calls.map((call) => ({ ...call, overtaken: true }))
      return called({ ...engine, term: null, calls }, 'create', 0, now)
    }
    case 'lease.renew':
      return called(engine, 'renew', effect.revision, now)
    case 'lease.release':
      return called(engine, 'release', effect.revision, now)
    case 'epoch.claim':
      return { ...engine, claim: 'asked' }
    case 'term.hold': {
      const ends = effect.startedAtMs + TIMING.ttlMs - TIMING.marginMs
      const until = sabotage === 'no-own-clock' ? Infinity : ends
      return { ...engine, term: { epoch: effect.epoch, until } }
    }
    case 'term.end':
      return { ...engine, term: null }
    default:
      return engine // proclamations, and the leader's actors: what they do is `act`
  }
}

function called(engine: Engine, kind: CallKind, of: number, now: number): Engine {
  if (engine.calls.length === CALLS_MAX) return engine
  const call: Call = { kind, of, startedAt: now, stage: 'write', revision: of, overtaken: false }
  return { ...engine, calls: [...engine.calls, call] }
}

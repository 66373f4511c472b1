/**
 * Watches all guests of one compute host: receives the events of its hypervisor, asks the agents of the guests for heartbeats, and
 * reports faults until the bus has accepted them.
 */
import type { InstanceId } from '../../schema/ids.ts'
import type { ListedGuest } from '../../schema/messages/observation.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { SpooledFault } from '../ports/fault-spool.ts'
import type { GuestEvent, GuestNews, GuestSign, GuestView } from '../ports/guest.ts'
import type { KeptRun, KeptRuns } from '../ports/run-record.ts'
import { afterSign, failsNow } from './guest-health.ts'
import { isToBeKept, recalled, runsOf, type LastKept } from './guests-that-ran.ts'
import { isDue, listOf } from './guest-list.ts'
import { silence } from './guest-meanings.ts'
import {
  EMPTY_OUTBOX,
  added,
  isOld,
  refused,
  refuted,
  sendable,
  taken,
  type Outbox,
} from './outbox.ts'
import {
  afterEvent,
  afterGap,
  canBeAsked,
  newcomer,
  seenAgain,
  settled,
  type GuestOutcome,
  type Saying,
  type WatchedGuest,
} from './watched-guest.ts'

/** When something was found out, and a name for it that is unique. */
export interface Moment {
  readonly atMs: number
  readonly wallMs: number
  readonly id: string
}

/** All but the first are private. */
export type InstanceWatcherMessage =
  | { readonly type: 'guests.begin' }
  | {
      readonly type: 'runs.found'
      readonly kept: KeptRuns | undefined
      /** The present boot of the host; undefined where the system does not tell. */
      readonly boot: string | undefined
      readonly moment: Moment
    }
  | { readonly type: 'guests.told'; readonly news: readonly GuestNews[]; readonly moment: Moment }
  | { readonly type: 'guests.round' }
  | {
      readonly type: 'guests.heard'
      readonly signs: ReadonlyMap<InstanceId, GuestSign>
      readonly askedAtMs: number
      readonly moment: Moment
    }
  | { readonly type: 'guest.settled'; readonly instance: InstanceId; readonly moment: Moment }
  | {
      readonly type: 'reports.found'
      readonly faults: readonly SpooledFault[]
      readonly wallMs: number
    }
  | { readonly type: 'report.taken'; readonly id: string }
  | { readonly type: 'report.refused'; readonly id: string; readonly wallMs: number }
  | { readonly type: 'reports.retry' }

export interface InstanceWatcherState {
  readonly kind: 'listening'
  readonly guests: ReadonlyMap<InstanceId, WatchedGuest>
  readonly outbox: Outbox
  /** Whether guests were asked since the start: the first snapshot begins it. */
  readonly rounds: 'none-yet' | 'going-on'
  /** Whether the bus accepted the last report. */
  readonly bus: 'takes' | 'refuses'
  /** While it is away, nothing is known of its guests. */
  readonly hypervisor: 'answers' | 'away'
  /** When the engine was told which guests run, monotonic. */
  readonly listedAtMs: number | undefined
  /** What is on disk for the next process; undefined until it was written. */
  readonly lastKept: LastKept | undefined
}

export type InstanceWatcherEffect =
  | { readonly type: 'guests.listen'; readonly from: 'snapshot' | 'last-call' }
  | { readonly type: 'guests.ask'; readonly instances: readonly InstanceId[] }
  /** What an earlier process has kept of the guests that ran. */
  | { readonly type: 'runs.find' }
  | { readonly type: 'runs.keep'; readonly runs: readonly KeptRun[]; readonly keptAt: number }
  | { readonly type: 'reports.find' }
  /** Keeps it, then hands it to the bus. */
  | { readonly type: 'report.submit'; readonly fault: SpooledFault }
  | { readonly type: 'report.forget'; readonly id: string }
  /** Tells the engine which guests run here. */
  | { readonly type: 'guests.list'; readonly guests: readonly ListedGuest[] }
  | { readonly type: 'remark'; readonly instance: InstanceId | undefined; readonly text: string }

export interface InstanceWatcherRules {
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Heartbeats missed in a row that make a guest failed. */
  readonly samples: number
}

type Effect = InstanceWatcherEffect | KernelEffect<InstanceWatcherMessage>
type InstanceWatcherStep = Step<InstanceWatcherState, Effect>

export const NO_GUESTS: InstanceWatcherState = {
  kind: 'listening',
  guests: new Map(),
  outbox: EMPTY_OUTBOX,
  rounds: 'none-yet',
  bus: 'takes',
  hypervisor: 'away',
  listedAtMs: undefined,
  lastKept: undefined,
}

/** The second event of one fault comes 2 s after the first at most. */
const SETTLE_MS = 5000
/** Between two tries to hand reports over. */
const RETRY_MS = 5000

export const instanceWatcher =
  (rules: InstanceWatcherRules) =>
  (state: InstanceWatcherState, message: InstanceWatcherMessage): InstanceWatcherStep => {
    switch (message.type) {
      case 'guests.begin':
        return [state, [{ type: 'reports.find' }, { type: 'runs.find' }]]
      case 'runs.found':
        return onRunsFound(state, message)
      case 'guests.told':
        return onTold(state, message)
      case 'guests.round':
        return onRound(state)
      case 'guests.heard':
        return onHeard(rules, state, message)
      case 'guest.settled':
        return onSettled(state, message)
      case 'reports.found':
        return onFound(state, message)
      case 'report.taken':
        return onTaken(state, message.id)
      case 'report.refused':
        return onRefused(state, message)
      case 'reports.retry':
        return sending(state, [])
      default:
        return assertNever(message)
    }
  }

type MessageOf<Type extends InstanceWatcherMessage['type']> = InstanceWatcherMessage & {
  readonly type: Type
}

/** The time in which no process ran here is a gap like one in which libvirt was away: the first snapshot shows what it hid. */
function onRunsFound(
  state: InstanceWatcherState,
  { kept, boot, moment }: MessageOf<'runs.found'>,
): InstanceWatcherStep {
  const listen: Effect = { type: 'guests.listen', from: 'snapshot' }
  const found = recalled(kept, { boot, ...moment })
  if (found.kind === 'counts') return [{ ...state, guests: found.guests }, [listen]]
  return [state, found.text === undefined ? [listen] : [remark(undefined, found.text), listen]]
}

function onTold(
  before: InstanceWatcherState,
  { news, moment }: MessageOf<'guests.told'>,
): InstanceWatcherStep {
  const work = new Work(before, moment)
  for (const each of news) {
    switch (each.type) {
      case 'snapshot':
        onSnapshot(work, each.guests)
        break
      case 'seen':
        work.see(each.guest)
        break
      case 'happened':
        onEvent(work, each.instance, each.event)
        break
      case 'lost':
        work.hypervisor = 'away'
        work.effects.push(remark(undefined, `the hypervisor is away: ${each.reason}`))
        break
      default:
        return assertNever(each)
    }
  }
  work.effects.push({ type: 'guests.listen', from: 'last-call' })
  const hasBegun = before.rounds === 'none-yet' && news.some(({ type }) => type === 'snapshot')
  if (!hasBegun) return work.step()
  return work.step({ rounds: 'going-on' }, [next(0)])
}

/** A guest that is not in the snapshot has left this host. If it comes back, nothing is known of it. */
function onSnapshot(work: Work, views: readonly GuestView[]): void {
  const before = work.guests
  work.guests = new Map()
  work.hypervisor = 'answers'
  for (const view of views) {
    work.take(afterGap(before.get(view.instance), view, work.moment.atMs))
    if (view.power === 'running') work.refute(view.instance, 'runs')
  }
}

function onEvent(work: Work, instance: InstanceId, event: GuestEvent): void {
  const guest = work.guests.get(instance)
  if (guest === undefined) return
  if (event === 'undefined' && guest.power !== 'running') {
    work.guests.delete(instance)
    return
  }
  if (event === 'started') work.refute(instance, 'runs')
  const outcome = afterEvent(guest, event, work.moment.atMs)
  work.take(outcome)
  if (outcome.guest.held === undefined || outcome.guest.held === guest.held) return
  const { moment } = work
  work.effects.push({
    type: 'timer.start',
    name: `settle ${instance}`,
    afterMs: SETTLE_MS,
    message: {
      type: 'guest.settled',
      instance,
      moment: {
        atMs: moment.atMs + SETTLE_MS,
        wallMs: moment.wallMs,
        id: `${moment.id}.${instance}`.slice(0, ID_CHARS_MAX),
      },
    },
  })
}

/**
 * Healthy guests are asked first, because a guest that hangs takes the whole timeout. A round without questions ends like the others:
 * the engine is told which guests run.
 */
function onRound(state: InstanceWatcherState): InstanceWatcherStep {
  const instances = [...state.guests.values()]
    .filter(canBeAsked)
    .toSorted((one, other) => one.health.missed - other.health.missed)
    .map(({ instance }) => instance)
  return [state, [{ type: 'guests.ask', instances }]]
}

function onHeard(
  { intervalMs, samples }: InstanceWatcherRules,
  state: InstanceWatcherState,
  { signs, askedAtMs, moment }: MessageOf<'guests.heard'>,
): InstanceWatcherStep {
  const work = new Work(state, moment)
  for (const [instance, sign] of signs) {
    const guest = work.guests.get(instance)
    const isOutdated = guest === undefined || guest.changedAtMs > askedAtMs || !canBeAsked(guest)
    if (isOutdated) continue
    const health = afterSign(guest.health, sign)
    const fault = failsNow(health, samples) ? silence(health.missed) : undefined
    const answersSinceMs =
      sign === 'alive' ? (guest.answersSinceMs ?? moment.atMs) : guest.answersSinceMs
    work.take({ guest: { ...guest, health, answersSinceMs }, say: fault })
    if (sign === 'alive') work.refute(instance, 'answers')
  }
  const { atMs } = moment
  const tells =
    state.hypervisor === 'answers' && isDue(work.guests.values(), state.listedAtMs, atMs)
  if (!tells) return work.step({}, [next(intervalMs)])
  const guests = listOf(work.guests.values(), atMs)
  return work.step({ listedAtMs: atMs }, [next(intervalMs), { type: 'guests.list', guests }])
}

function onSettled(
  state: InstanceWatcherState,
  { instance, moment }: MessageOf<'guest.settled'>,
): InstanceWatcherStep {
  const guest = state.guests.get(instance)
  if (guest === undefined) return [state, []]
  const work = new Work(state, moment)
  work.take(settled(guest, moment.atMs))
  return work.step()
}

/** Takes the reports that an earlier process could not send. They wait a little, because the first look may refute them. */
function onFound(
  state: InstanceWatcherState,
  { faults, wallMs }: MessageOf<'reports.found'>,
): InstanceWatcherStep {
  const effects: Effect[] = []
  let { outbox } = state
  for (const fault of faults) {
    // Before the first snapshot, a guest is only known to have run once.
    const isRefuted =
      fault.gravity === 'stopped' &&
      state.hypervisor === 'answers' &&
      state.guests.get(fault.instance)?.power === 'running'
    const change =
      isRefuted || isOld(fault, wallMs) ? { outbox, dropped: [fault] } : added(outbox, fault)
    outbox = change.outbox
    effects.push(...dropped(change.dropped, 'it is not true any more, or too old'))
  }
  return [{ ...state, outbox }, outbox.size === 0 ? effects : [...effects, retry]]
}

const retry: Effect = {
  type: 'timer.start',
  name: 'retry',
  afterMs: RETRY_MS,
  message: { type: 'reports.retry' },
}

function onTaken(state: InstanceWatcherState, id: string): InstanceWatcherStep {
  const outbox = taken(state.outbox, id)
  return sending({ ...state, outbox, bus: 'takes' }, [{ type: 'report.forget', id }])
}

function onRefused(
  state: InstanceWatcherState,
  { id, wallMs }: MessageOf<'report.refused'>,
): InstanceWatcherStep {
  const change = refused(state.outbox, id, wallMs)
  const told =
    state.bus === 'refuses' ? [] : [remark(undefined, 'the bus takes no faults: they wait for it')]
  const effects = [...dropped(change.dropped, 'too old'), ...told, retry]
  return [{ ...state, outbox: change.outbox, bus: 'refuses' }, effects]
}

const next = (afterMs: number): Effect => ({
  type: 'timer.start',
  name: 'heartbeats',
  afterMs,
  message: { type: 'guests.round' },
})

const remark = (instance: InstanceId | undefined, text: string): Effect => ({
  type: 'remark',
  instance,
  text,
})

const dropped = (faults: readonly SpooledFault[], because: string): readonly Effect[] =>
  faults.flatMap(({ id, instance, event, domainEvent }) => [
    remark(instance, `the fault ${event} ${domainEvent} is not reported: ${because}`),
    { type: 'report.forget', id },
  ])

/** Sends what may be sent now. */
function sending(state: InstanceWatcherState, effects: readonly Effect[]): InstanceWatcherStep {
  const { outbox, faults } = sendable(state.outbox)
  const submits = faults.map((fault) => ({ type: 'report.submit', fault }) as const)
  return [{ ...state, outbox }, [...effects, ...submits]]
}

/** Message ids are no longer than this. */
const ID_CHARS_MAX = 64

/** The next state and its effects, while one message is worked off. */
class Work {
  readonly moment: Moment
  readonly effects: Effect[] = []
  guests: Map<InstanceId, WatchedGuest>
  hypervisor: InstanceWatcherState['hypervisor']
  readonly #before: InstanceWatcherState
  #outbox: Outbox
  #reports = 0

  constructor(before: InstanceWatcherState, moment: Moment) {
    this.moment = moment
    this.guests = new Map(before.guests)
    this.hypervisor = before.hypervisor
    this.#before = before
    this.#outbox = before.outbox
  }

  see(view: GuestView): void {
    const { instance } = view
    const guest = this.guests.get(instance)
    const { atMs } = this.moment
    const seen = guest === undefined ? newcomer(view, atMs) : seenAgain(guest, view, atMs)
    this.guests.set(instance, seen)
  }

  take({ guest, say }: GuestOutcome): void {
    this.guests.set(guest.instance, guest)
    if (say !== undefined) this.#say(guest.instance, say)
  }

  refute(instance: InstanceId, seen: 'runs' | 'answers'): void {
    const change = refuted(this.#outbox, instance, seen)
    this.#outbox = change.outbox
    this.effects.push(...dropped(change.dropped, `the guest ${seen} again`))
  }

  step(
    change: Partial<InstanceWatcherState> = {},
    effects: readonly Effect[] = [],
  ): InstanceWatcherStep {
    const { guests, hypervisor } = this
    const [lastKept, keeping] = this.#kept()
    const state = { ...this.#before, ...change, guests, hypervisor, lastKept, outbox: this.#outbox }
    return sending(state, [...effects, ...this.effects, ...keeping])
  }

  /** While the hypervisor is away, nobody knows which guests run: what was kept stays, and grows old. */
  #kept(): readonly [LastKept | undefined, readonly Effect[]] {
    const { lastKept } = this.#before
    const { atMs, wallMs } = this.moment
    if (this.hypervisor === 'away') return [lastKept, []]
    const runs = runsOf(this.guests.values())
    if (!isToBeKept(runs, lastKept, atMs)) return [lastKept, []]
    return [{ runs, atMs }, [{ type: 'runs.keep', runs, keptAt: wallMs }]]
  }

  #say(instance: InstanceId, say: Saying): void {
    if (say.kind === 'remark') {
      this.effects.push(remark(instance, say.text))
      return
    }
    this.#reports += 1
    const change = added(this.#outbox, {
      id: `${this.moment.id}.${this.#reports}`.slice(0, ID_CHARS_MAX),
      instance,
      gravity: say.gravity,
      event: say.event,
      domainEvent: say.domainEvent,
      evidence: [say.text],
      foundAt: this.moment.wallMs,
    })
    this.#outbox = change.outbox
    this.effects.push(...dropped(change.dropped, 'too many wait for the bus'))
  }
}

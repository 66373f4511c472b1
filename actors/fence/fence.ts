/** Climbs the fence plan of one failed host, rung by rung, until it is proved dead: before, nobody may restart its instances. */
import type { DeathCertificate, CertificateGround } from '../../schema/records.ts'
import { rungTitle, type Rung } from '../../schema/segment-policy.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { PowerState } from '../ports/power.ts'
import type { Deceased } from './death-certificate.ts'

/** What the fence answers to the segment. */
export type FenceReply =
  | { readonly type: 'fence.confirmed'; readonly certificate: DeathCertificate }
  | ({ readonly type: 'fence.unconfirmed' } & Refusal)
  | ({ readonly type: 'fence.refused' } & Refusal)
  | ({ readonly type: 'fence.abandoned' } & Refusal)

interface Refusal {
  readonly notification: Deceased['notification']
  readonly reason: string
}

export interface FenceOrder extends Deceased {
  /** The fence plan, first rung first. */
  readonly rungs: readonly Rung[]
  /** What is as good as a confirmation once no rung is left; null: nothing is. */
  readonly lastResort: Extract<CertificateGround, 'operator' | 'consent'> | null
  readonly replyTo: ActorRef<FenceReply>
}

/** Milliseconds. */
export interface FenceTiming {
  /** First pause after a failure; doubles. */
  readonly retryMs: number
  /** Pause between an order and reading it back, and between two looks for an operator's word. */
  readonly verifyMs: number
}

/** Every answer says from which rung it comes: one that comes late must not be taken for another one's. */
export type FenceMessage =
  | { readonly type: 'fence.begin' }
  | { readonly type: 'fence.abandon'; readonly reason: string } // evidence of life
  | { readonly type: 'fence.forbid'; readonly reason: string } // an operator's word
  | { readonly type: 'fence.power-read'; readonly rung: number; readonly power: PowerState } // private
  | { readonly type: 'fence.power-off-ordered'; readonly rung: number } // private
  | FenceFailure // private
  | { readonly type: 'fence.forbidden'; readonly reason: string } // private: no grant for the intent
  | { readonly type: 'fence.read-due'; readonly rung: number } // private: our own timer
  | { readonly type: 'fence.deadline-passed'; readonly rung: number } // private: our own timer
  | { readonly type: 'fence.certified'; readonly certificate: DeathCertificate } // private

interface FenceFailure {
  readonly type: 'fence.power-failed'
  readonly rung: number
  readonly reason: string
  readonly hopeless: boolean
}

export type FenceState =
  | { readonly kind: 'idle' }
  | Climbing
  | { readonly kind: 'certifying' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unfenced'; readonly reason: string }

interface Climbing {
  readonly kind: 'climbing'
  /** Index of the rung that is tried. */
  readonly rung: number
  /** Rungs through which power off was ordered: from the first one on there is no way back. */
  readonly ordered: readonly number[]
  /** Of these, those whose order was carried out, as they say; only then is an agent or a command believed. */
  readonly carriedOut: readonly number[]
  /** Of these, those that read on before they were ordered: they do not read off whatever they are asked. */
  readonly readOn: readonly number[]
  /** On this rung. */
  readonly failures: number
  readonly lastFailure: string
  /** What speaks for its life since an order was out; null: nothing. */
  readonly life: string | null
  /** Why each of the rungs below could not help. */
  readonly spent: readonly string[]
}

export type FenceEffect =
  | { readonly type: 'rung.read'; readonly rung: number }
  | { readonly type: 'rung.off'; readonly rung: number }
  | { readonly type: 'rung.spent'; readonly reason: string }
  | {
      readonly type: 'certificate.save'
      readonly ground: CertificateGround
      /** Null: none of them. */
      readonly rung: number | null
      /** What that rung read before it was ordered; null: it was not ordered. */
      readonly before: PowerState | null
    }

type Effects = readonly (FenceEffect | KernelEffect<FenceMessage>)[]
type FenceStep = Step<FenceState, FenceEffect | KernelEffect<FenceMessage>>

export const fence =
  (order: FenceOrder, timing: FenceTiming) =>
  (state: FenceState, message: FenceMessage): FenceStep => {
    if (message.type === 'fence.begin') return climb(order, 0, UNTRIED)
    if (message.type === 'fence.certified') return onCertified(order, state, message.certificate)
    if (state.kind !== 'climbing') return [state, []]
    switch (message.type) {
      case 'fence.abandon':
      case 'fence.forbid':
        if (state.ordered.length === 0) {
          return giveUp(order, GIVEN_UP[message.type], message.reason)
        }
        // An order that is out is read back: the records must tell whether the host is off. No other one follows on a live host.
        return message.type === 'fence.abandon'
          ? [{ ...state, life: message.reason }, []]
          : [state, []]
      case 'fence.forbidden':
        return giveUp(order, 'fence.refused', message.reason)
      case 'fence.power-read':
        return onPowerRead(order, timing, state, message)
      case 'fence.power-off-ordered':
      case 'fence.power-failed':
      case 'fence.read-due':
      case 'fence.deadline-passed':
        return message.rung === state.rung ? onRung(order, timing, state, message) : [state, []]
      default:
        return assertNever(message)
    }
  }

const UNTRIED = { ordered: [], carriedOut: [], readOn: [], spent: [] } as const

const GIVEN_UP = { 'fence.abandon': 'fence.abandoned', 'fence.forbid': 'fence.refused' } as const

type OfThisRung = Extract<
  FenceMessage,
  {
    readonly type:
      'fence.power-off-ordered' | 'fence.power-failed' | 'fence.read-due' | 'fence.deadline-passed'
  }
>

function onRung(
  order: FenceOrder,
  timing: FenceTiming,
  state: Climbing,
  message: OfThisRung,
): FenceStep {
  switch (message.type) {
    case 'fence.power-off-ordered':
      return onOrdered(timing, state)
    case 'fence.power-failed':
      return onPowerFailed(order, timing, state, message)
    case 'fence.read-due':
      return [state, [{ type: 'rung.read', rung: state.rung }]]
    case 'fence.deadline-passed':
      return nextRung(order, state)
    default:
      return assertNever(message)
  }
}

function onOrdered({ verifyMs }: FenceTiming, state: Climbing): FenceStep {
  const { rung, carriedOut } = state
  const all = carriedOut.includes(rung) ? carriedOut : [...carriedOut, rung]
  return [{ ...state, carriedOut: all }, [readAfter(rung, verifyMs)]]
}

/** Begins with a rung, if there is one left. */
function climb(
  order: FenceOrder,
  rung: number,
  so: Pick<Climbing, 'ordered' | 'carriedOut' | 'readOn' | 'spent'>,
): FenceStep {
  const next = order.rungs[rung]
  if (next === undefined) return exhausted(order, so.spent)
  const deadline: KernelEffect<FenceMessage> = {
    type: 'timer.start',
    name: 'deadline',
    afterMs: next.limitMs,
    message: { type: 'fence.deadline-passed', rung },
  }
  const lastFailure = UNANSWERED[next.kind]
  return [
    { kind: 'climbing', rung, failures: 0, lastFailure, life: null, ...so },
    [deadline, { type: 'rung.read', rung }],
  ]
}

const UNANSWERED: Readonly<Record<Rung['kind'], string>> = {
  bmc: 'the BMC has not answered yet',
  agent: 'the fence agent has not answered yet',
  command: 'the command has not answered yet',
  operator: 'no operator has confirmed it yet',
}

/** Off is a success where it proves something; otherwise it means to order, as on does, and again if need be. */
function onPowerRead(
  order: FenceOrder,
  timing: FenceTiming,
  state: Climbing,
  { rung, power }: FenceMessage & { readonly type: 'fence.power-read' },
): FenceStep {
  const read = order.rungs[rung]
  if (read === undefined) return [state, []]
  if (power === 'off' && isProof(read, state.carriedOut.includes(rung))) {
    const ground = groundOf(read, state.ordered.length > 0)
    const before = beforeOrder(state, rung)
    return [{ kind: 'certifying' }, [{ type: 'certificate.save', ground, rung, before }]]
  }
  if (rung !== state.rung) return [state, []]
  if (read.kind === 'operator') return [state, [readAfter(rung, timing.verifyMs)]]
  const off: FenceEffect = { type: 'rung.off', rung }
  if (!state.ordered.includes(rung)) {
    const readOn = power === 'on' ? [...state.readOn, rung] : state.readOn
    return [{ ...state, readOn, ordered: [...state.ordered, rung] }, [off]]
  }
  const isDue = power === 'off' || (state.failures + 1) % READS_PER_ORDER === 0
  const again = isDue && state.life === null ? off : readAfter(rung, timing.verifyMs)
  if (power === 'off') return [state, [again]]
  const lastFailure = `power off was ordered and ${WHO[read.kind]} still reads on`
  return [{ ...state, failures: state.failures + 1, lastFailure }, [again]]
}

/**
 * A BMC is the host's own, and reads its power. An agent or a command is a program that reads what somebody wrote it to read:
 * it has to have carried out an order of ours, and to read off after it.
 */
const isProof = ({ kind }: Rung, isCarriedOut: boolean): boolean =>
  kind === 'bmc' || kind === 'operator' || isCarriedOut

function beforeOrder({ ordered, readOn }: Climbing, rung: number): PowerState | null {
  if (!ordered.includes(rung)) return null
  return readOn.includes(rung) ? 'on' : 'off'
}

/** A machine may take some seconds to go down before the order is worth repeating. */
const READS_PER_ORDER = 3

const WHO: Readonly<Record<Exclude<Rung['kind'], 'operator'>, string>> = {
  bmc: 'the BMC',
  agent: 'the fence agent',
  command: 'the command',
}

function groundOf({ kind }: Rung, ordered: boolean): CertificateGround {
  if (kind === 'operator') return 'operator'
  if (kind === 'command') return 'storage-cut-off'
  return ordered ? 'power-off-confirmed' : 'already-off'
}

function onPowerFailed(
  order: FenceOrder,
  timing: FenceTiming,
  state: Climbing,
  failure: FenceFailure,
): FenceStep {
  const next = { ...state, failures: state.failures + 1, lastFailure: failure.reason }
  if (failure.hopeless) return nextRung(order, next)
  return [next, [readAfter(state.rung, timing.retryMs * 2 ** Math.min(state.failures, 4))]]
}

/** This rung is used up, and says why. */
function nextRung(order: FenceOrder, state: Climbing): FenceStep {
  const { ordered, carriedOut, readOn, lastFailure, life } = state
  if (life !== null) return giveUp(order, 'fence.abandoned', `${life}; ${lastFailure}`)
  const [next, effects] = climb(order, state.rung + 1, {
    ordered,
    carriedOut,
    readOn,
    spent: [...state.spent, lastFailure],
  })
  if (next.kind !== 'climbing') return [next, effects]
  const [from, to] = [order.rungs[state.rung], order.rungs[next.rung]]
  const titles = [from, to].map((rung) => (rung === undefined ? '' : rungTitle(rung)))
  const reason = `${titles[0]} could not confirm it (${lastFailure}); next is ${titles[1]}`
  const more: Effects = [
    { type: 'timer.cancel', name: 'read' },
    { type: 'rung.spent', reason },
  ]
  return [next, [...more, ...effects]]
}

/** No rung is left: what the segment takes instead of a confirmation, or an honest refusal. */
function exhausted({ lastResort, ...order }: FenceOrder, spent: readonly string[]): FenceStep {
  if (lastResort !== null) {
    const save: FenceEffect = {
      type: 'certificate.save',
      ground: lastResort,
      rung: null,
      before: null,
    }
    return [{ kind: 'certifying' }, [save]]
  }
  const reason = `power off is not confirmed: ${spent.join('; ')}`
  return giveUp({ ...order, lastResort }, 'fence.unconfirmed', reason)
}

function onCertified(
  order: FenceOrder,
  state: FenceState,
  certificate: DeathCertificate,
): FenceStep {
  if (state.kind !== 'certifying') return [state, []]
  return [{ kind: 'fenced' }, [tell(order.replyTo, { type: 'fence.confirmed', certificate })]]
}

function giveUp(
  order: FenceOrder,
  type: 'fence.unconfirmed' | 'fence.refused' | 'fence.abandoned',
  reason: string,
): FenceStep {
  const reply: FenceReply = { type, notification: order.notification, reason }
  return [{ kind: 'unfenced', reason }, [tell(order.replyTo, reply)]]
}

const readAfter = (rung: number, afterMs: number): KernelEffect<FenceMessage> => ({
  type: 'timer.start',
  name: 'read',
  afterMs,
  message: { type: 'fence.read-due', rung },
})

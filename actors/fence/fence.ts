/**
 * Tries the rungs of one failed host's fence plan in order, until the host is proved dead. Its instances may not be restarted before. Pure.
 *
 * | state      | event                                     | next state | when                                                                                               |
 * | ---------- | ----------------------------------------- | ---------- | -------------------------------------------------------------------------------------------------- |
 * | idle       | fence.begin                               | climbing   | the first rung is read, and the leader looks at the host meanwhile                                 |
 * | idle       | fence.begin                               | unfenced   | the plan has neither a rung nor a last resort                                                      |
 * | climbing   | fence.abandon                             | climbing   | the host is seen alive, and an order is out: it is read back, and no other order follows           |
 * | climbing   | fence.abandon                             | unfenced   | the host is seen alive, and no order is out                                                        |
 * | climbing   | fence.forbid                              | unfenced   | operators forbid to go on, and no order is out                                                     |
 * | climbing   | fence.forbidden                           | unfenced   | the store does not grant an order                                                                  |
 * | climbing   | fence.looked                              | climbing   | the look is remembered; an order that waited for it is given, or is read back if the host is alive |
 * | climbing   | fence.looked                              | certifying | a certificate waited for the look, and nothing contradicts it                                      |
 * | climbing   | fence.looked                              | unfenced   | the host is seen alive, and no order is out, or no rung is left                                    |
 * | climbing   | fence.look-expired                        | climbing   | the next order or certificate needs another look                                                   |
 * | climbing   | fence.look-expired                        | unfenced   | the host was seen alive, and no order is out                                                       |
 * | climbing   | fence.power-read                          | climbing   | on, or off without proof: an order is given, or the power is read again; a look comes first        |
 * | climbing   | fence.power-read                          | certifying | off, which proves the death, and the leader sees no life                                           |
 * | climbing   | fence.power-read                          | unfenced   | the leader sees the host alive, and no order is out, or no rung is left                            |
 * | climbing   | fence.power-off-ordered, fence.read-due   | climbing   | the power is read, after an order not at once                                                      |
 * | climbing   | fence.power-failed                        | climbing   | the power is read again after a pause                                                              |
 * | climbing   | fence.power-failed, fence.deadline-passed | climbing   | the rung cannot help, or its time is over: the next rung begins                                    |
 * | climbing   | fence.power-failed, fence.deadline-passed | certifying | no rung is left, and the segment has a last resort                                                 |
 * | climbing   | fence.power-failed, fence.deadline-passed | unfenced   | no rung is left, and no last resort; or the host is seen alive                                     |
 * | certifying | fence.certified                           | fenced     | the death certificate is stored                                                                    |
 *
 * Every other message leaves the fence as it is. An answer of an earlier rung counts only when it proves the death. Each order
 * and the certificate wait for a look of the leader, unless there is a recent one (`guarded-action.ts`).
 */
import type { DeathCertificate } from '../../schema/records.ts'
import { rungTitle, type Rung } from '../../schema/segment-policy.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { tell, type KernelEffect, type Step } from '../kernel/behaviour.ts'
import { LOOK_MS, LOOK_VALID_MS, type Look } from '../verification/look.ts'
import { needsLook, objectionTo, unlessReadOn, type GuardedAction } from './guarded-action.ts'
import { beforeOrder, groundOf, isProof } from './proof.ts'
import type {
  Climbing,
  FenceEffect,
  FenceFailure,
  FenceMessage,
  FenceOrder,
  FenceReply,
  FenceState,
  FenceTiming,
} from './fence-messages.ts'

type Effects = readonly (FenceEffect | KernelEffect<FenceMessage>)[]
type FenceStep = Step<FenceState, FenceEffect | KernelEffect<FenceMessage>>

export const fence =
  (order: FenceOrder, timing: FenceTiming) =>
  (state: FenceState, message: FenceMessage): FenceStep => {
    if (message.type === 'fence.begin') {
      return state.kind === 'idle' ? begin(order, timing) : [state, []]
    }
    if (message.type === 'fence.certified') return onCertified(order, state, message.certificate)
    if (state.kind !== 'climbing') return [state, []]
    switch (message.type) {
      case 'fence.abandon':
      case 'fence.forbid':
        if (state.ordered.length === 0) {
          return giveUp(order, GIVEN_UP[message.type], message.reason)
        }
        // An order that was given is read back, because the records must tell whether the host is
        // off. When the host is alive, no other order follows.
        return message.type === 'fence.abandon'
          ? [{ ...state, life: message.reason }, []]
          : [state, []]
      case 'fence.forbidden':
        return giveUp(order, 'fence.refused', message.reason)
      case 'fence.looked':
        return onLooked(order, timing, state, message.look)
      case 'fence.look-expired':
        return onLookExpired(order, state)
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

/** The leader looks at the host while the first rung is read. */
function begin(order: FenceOrder, timing: FenceTiming): FenceStep {
  const look = { finding: 'awaited', waiting: null } as const
  const untried = { ordered: [], carriedOut: [], readOn: [], spent: [], look }
  const [state, effects] = climb(order, timing, 0, untried)
  return [state, [{ type: 'host.look', besides: 0, isOrdered: false }, ...effects]]
}

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
      return nextRung(order, timing, state)
    default:
      return assertNever(message)
  }
}

function onOrdered({ verifyMs }: FenceTiming, state: Climbing): FenceStep {
  const { rung, ordered, carriedOut } = state
  if (!ordered.includes(rung)) return [state, []]
  const all = carriedOut.includes(rung) ? carriedOut : [...carriedOut, rung]
  return [{ ...state, carriedOut: all }, [readAfter(rung, verifyMs)]]
}

/** Begins with a rung, if one is left. */
function climb(
  order: FenceOrder,
  timing: FenceTiming,
  rung: number,
  so: Pick<Climbing, 'ordered' | 'carriedOut' | 'readOn' | 'spent' | 'look'>,
): FenceStep {
  const next = order.rungs[rung]
  const fresh = { kind: 'climbing', rung, failures: 0, life: null, ...so } as const
  if (next === undefined) return exhausted(order, timing, { ...fresh, lastFailure: '' })
  const deadline: KernelEffect<FenceMessage> = {
    type: 'timer.start',
    name: 'deadline',
    afterMs: next.limitMs,
    message: { type: 'fence.deadline-passed', rung },
  }
  const lastFailure = UNANSWERED[next.kind]
  return [{ ...fresh, lastFailure }, [deadline, { type: 'rung.read', rung }]]
}

const UNANSWERED: Readonly<Record<Rung['kind'], string>> = {
  bmc: 'the BMC has not answered yet',
  redfish: 'the BMC has not answered yet over Redfish',
  ipmi: 'the BMC has not answered yet over IPMI',
  agent: 'the fence agent has not answered yet',
  command: 'the command has not answered yet',
  operator: 'no operator has confirmed it yet',
}

/**
 * A reading of off ends the rung when it proves the death. Otherwise the order is given, as after a
 * reading of on, and repeated when necessary.
 */
function onPowerRead(
  order: FenceOrder,
  timing: FenceTiming,
  climbing: Climbing,
  { rung, power }: FenceMessage & { readonly type: 'fence.power-read' },
): FenceStep {
  const state = { ...climbing, look: unlessReadOn(climbing.look, rung, power) }
  const read = order.rungs[rung]
  if (read === undefined) return [state, []]
  if (power === 'off' && isProof(read, state.carriedOut.includes(rung))) {
    const ground = groundOf(read, state.ordered.length > 0)
    const before = beforeOrder(state, rung)
    return afterLook(order, timing, state, { type: 'certificate.save', ground, rung, before })
  }
  if (rung !== state.rung) return [state, []]
  if (read.kind === 'operator') return [state, [readAfter(rung, timing.verifyMs)]]
  const off: GuardedAction = { type: 'rung.off', rung }
  if (!state.ordered.includes(rung)) {
    const readOn = power === 'on' ? [...state.readOn, rung] : state.readOn
    return afterLook(order, timing, { ...state, readOn }, off)
  }
  const isDue = power === 'off' || (state.failures + 1) % READS_PER_ORDER === 0
  const lastFailure = `power off was ordered and ${WHO[read.kind]} still reads on`
  const failed = { failures: state.failures + 1, lastFailure }
  const next = power === 'off' ? state : { ...state, ...failed }
  return isDue && state.life === null
    ? afterLook(order, timing, next, off)
    : [next, [readAfter(rung, timing.verifyMs)]]
}

/** Does something irreversible only after the leader itself has looked and seen no life. */
function afterLook(
  order: FenceOrder,
  timing: FenceTiming,
  state: Climbing,
  action: GuardedAction,
): FenceStep {
  const { look, ordered, rung } = state
  if (!needsLook(action, ordered)) return carryOut(state, action)
  if (look.finding === 'awaited') return [{ ...state, look: { ...look, waiting: action } }, []]
  if (look.finding === 'none') {
    const next = { ...state, look: { finding: 'awaited', waiting: action } as const }
    return [next, [{ type: 'host.look', besides: rung, isOrdered: ordered.length > 0 }]]
  }
  const objection = objectionTo(order, action, look)
  return objection === undefined
    ? carryOut(state, action)
    : onSeenAlive(order, timing, state, objection)
}

function carryOut(state: Climbing, action: GuardedAction): FenceStep {
  const { look, ordered } = state
  if (action.type === 'certificate.save') return [{ kind: 'certifying' }, [{ ...action, look }]]
  const all = ordered.includes(action.rung) ? ordered : [...ordered, action.rung]
  return [{ ...state, ordered: all }, [{ ...action, look }]]
}

function onLooked(order: FenceOrder, timing: FenceTiming, state: Climbing, look: Look): FenceStep {
  if (state.look.finding !== 'awaited') return [state, []]
  const { waiting } = state.look
  const seen = { ...state, look }
  // The rung that is read meanwhile may show that a device is broken. Therefore the fence waits
  // even when the host is seen alive.
  const afterMs = look.finding === 'alive' ? LOOK_MS : LOOK_VALID_MS
  const expiry: KernelEffect<FenceMessage> = {
    type: 'timer.start',
    name: 'look',
    afterMs,
    message: { type: 'fence.look-expired' },
  }
  if (waiting === null) return [seen, [expiry]]
  const [next, effects] = afterLook(order, timing, seen, waiting)
  return [next, next.kind === 'climbing' ? [expiry, ...effects] : effects]
}

function onLookExpired(order: FenceOrder, state: Climbing): FenceStep {
  const { look, ordered } = state
  if (look.finding === 'awaited') return [state, []]
  return look.finding === 'alive' && ordered.length === 0
    ? giveUp(order, 'fence.contradicted', look.reason)
    : [{ ...state, look: { finding: 'none' } }, []]
}

/**
 * When the host is seen alive: an order that was given is read back; without an order, or with no
 * rung left, the fence ends.
 */
function onSeenAlive(
  order: FenceOrder,
  { verifyMs }: FenceTiming,
  state: Climbing,
  life: string,
): FenceStep {
  const isOver = state.ordered.length === 0 || order.rungs[state.rung] === undefined
  if (isOver) return giveUp(order, 'fence.contradicted', life)
  const next = { ...state, life, look: { finding: 'none' } as const }
  return [next, [readAfter(state.rung, verifyMs)]]
}

/** Readings before the order is repeated: a machine may take some seconds to power off. */
const READS_PER_ORDER = 3

const WHO: Readonly<Record<Exclude<Rung['kind'], 'operator'>, string>> = {
  bmc: 'the BMC',
  redfish: 'the BMC',
  ipmi: 'the BMC',
  agent: 'the fence agent',
  command: 'the command',
}

function onPowerFailed(
  order: FenceOrder,
  timing: FenceTiming,
  state: Climbing,
  failure: FenceFailure,
): FenceStep {
  const next = { ...state, failures: state.failures + 1, lastFailure: failure.reason }
  if (failure.hopeless) return nextRung(order, timing, next)
  return [next, [readAfter(state.rung, timing.retryMs * 2 ** Math.min(state.failures, 4))]]
}

/** Ends this rung with a reason, and begins the next one. */
function nextRung(order: FenceOrder, timing: FenceTiming, state: Climbing): FenceStep {
  const { ordered, carriedOut, readOn, lastFailure, life } = state
  if (life !== null) return giveUp(order, 'fence.abandoned', `${life}; ${lastFailure}`)
  const look = state.look.finding === 'awaited' ? { ...state.look, waiting: null } : state.look
  const spent = [...state.spent, lastFailure]
  const so = { ordered, carriedOut, readOn, spent, look }
  const [next, effects] = climb(order, timing, state.rung + 1, so)
  if (next.kind !== 'climbing' || order.rungs[next.rung] === undefined) return [next, effects]
  const [from, to] = [order.rungs[state.rung], order.rungs[next.rung]]
  const titles = [from, to].map((rung) => (rung === undefined ? '' : rungTitle(rung)))
  const reason = `${titles[0]} could not confirm it (${lastFailure}); next is ${titles[1]}`
  const more: Effects = [
    { type: 'timer.cancel', name: 'read' },
    { type: 'rung.spent', reason },
  ]
  return [next, [...more, ...effects]]
}

/** What operators can do about a host that cannot be fenced. */
export const WAYS_OUT =
  "ways out: correct the host's control_attributes or the fence device; switch the host off and give confirm-dead; or set " +
  "trust_reports or another fence plan in the segment's policy"

/**
 * No rung is left: the segment's last resort replaces the confirmation, or the fence reports that
 * the host is not fenced.
 */
function exhausted(order: FenceOrder, timing: FenceTiming, state: Climbing): FenceStep {
  const { lastResort: ground } = order
  if (ground !== null) {
    const save = { type: 'certificate.save', ground, rung: null, before: null } as const
    return afterLook(order, timing, state, save)
  }
  const reason = `power off is not confirmed: ${state.spent.join('; ')} (${WAYS_OUT})`
  return giveUp(order, 'fence.unconfirmed', reason)
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
  type: Exclude<FenceReply['type'], 'fence.confirmed'>,
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

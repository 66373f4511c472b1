/**
 * The fence with one rung: read, order, read back; its deadline, its ends, and the order after
 * which it cannot go back.
 */
import test from 'ava'
import { WAYS_OUT, fence } from '../../../actors/fence/fence.ts'
import type { FenceMessage, FenceReply, FenceState } from '../../../actors/fence/fence-messages.ts'
import { tell, type KernelEffect, type Tell } from '../../../actors/kernel/behaviour.ts'
import { fenceOrder, FENCE_TIMING, BMC } from '../fence-order.ts'
import { UNSEEN, N1, certificateRow } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const ORDER = fenceOrder(BMC)
const behaviour = fence(ORDER, FENCE_TIMING)

const climbing = (
  change: Partial<FenceState & { readonly kind: 'climbing' }> = {},
): FenceState => ({
  kind: 'climbing',
  look: UNSEEN,
  life: null,
  rung: 0,
  ordered: [],
  carriedOut: [],
  readOn: [],
  failures: 0,
  lastFailure: 'the BMC has not answered yet',
  spent: [],
  ...change,
})
const ORDERED = climbing({ ordered: [0], readOn: [0] })
const CARRIED_OUT = climbing({ ordered: [0], carriedOut: [0], readOn: [0] })
const CERTIFYING: FenceState = { kind: 'certifying' }
const unfenced = (reason: string): FenceState => ({ kind: 'unfenced', reason })

const reply = (message: FenceReply): Tell => tell(ORDER.replyTo, message)
const refusal = (
  type: 'fence.unconfirmed' | 'fence.refused' | 'fence.abandoned',
  reason: string,
): Tell => reply({ type, notification: N1, reason })
const readAfter = (afterMs: number): KernelEffect<FenceMessage> =>
  timer<FenceMessage>('read', afterMs, { type: 'fence.read-due', rung: 0 })
const failed = (reason: string, hopeless = false): FenceMessage => ({
  type: 'fence.power-failed',
  rung: 0,
  reason,
  hopeless,
})
const read = (power: 'on' | 'off', rung = 0): FenceMessage => ({
  type: 'fence.power-read',
  rung,
  power,
})
const STILL_ON = 'power off was ordered and the BMC still reads on'
const certificate = certificateRow()

testSteps(behaviour, [
  {
    title: 'a fence begins with a look, a reading and a deadline',
    state: { kind: 'idle' },
    message: { type: 'fence.begin' },
    next: climbing({ look: { finding: 'awaited', waiting: null } }),
    effects: [
      { type: 'host.look', besides: 0, isOrdered: false },
      timer<FenceMessage>('deadline', 60_000, { type: 'fence.deadline-passed', rung: 0 }),
      { type: 'rung.read', rung: 0 },
    ],
  },
  {
    title: 'a host that is off already needs no order',
    state: climbing(),
    message: read('off'),
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'already-off', rung: 0, before: null, look: UNSEEN },
    ],
  },
  {
    title: 'a host that is on is ordered off',
    state: climbing(),
    message: read('on'),
    next: ORDERED,
    effects: [{ type: 'rung.off', rung: 0, look: UNSEEN }],
  },
  {
    title: 'an order is no proof: the power is read back',
    state: ORDERED,
    message: { type: 'fence.power-off-ordered', rung: 0 },
    next: CARRIED_OUT,
    effects: [readAfter(500)],
  },
  {
    title: 'a host that reads off after the order is fenced',
    state: ORDERED,
    message: read('off'),
    next: CERTIFYING,
    effects: [
      {
        type: 'certificate.save',
        ground: 'power-off-confirmed',
        rung: 0,
        before: 'on',
        look: UNSEEN,
      },
    ],
  },
  {
    title: 'a host that still reads on is read again',
    state: ORDERED,
    message: read('on'),
    next: climbing({ ordered: [0], readOn: [0], failures: 1, lastFailure: STILL_ON }),
    effects: [readAfter(500)],
  },
  {
    title: 'a host that reads on for the third time is ordered off again',
    state: climbing({ ordered: [0], failures: 2, lastFailure: STILL_ON }),
    message: read('on'),
    next: climbing({ ordered: [0], failures: 3, lastFailure: STILL_ON }),
    effects: [{ type: 'rung.off', rung: 0, look: UNSEEN }],
  },
  {
    title: 'a BMC that does not answer is asked again after a pause',
    state: climbing(),
    message: failed('silence'),
    next: climbing({ failures: 1, lastFailure: 'silence' }),
    effects: [readAfter(1000)],
  },
  {
    title: 'pauses double with each failure',
    state: climbing({ failures: 2, lastFailure: 'silence' }),
    message: failed('silence'),
    next: climbing({ failures: 3, lastFailure: 'silence' }),
    effects: [readAfter(4000)],
  },
  {
    title: 'pauses stop growing after the fifth failure',
    state: climbing({ failures: 9, lastFailure: 'silence' }),
    message: failed('silence'),
    next: climbing({ failures: 10, lastFailure: 'silence' }),
    effects: [readAfter(16_000)],
  },
  {
    title: 'a failure after the order is followed by a reading, not by success',
    state: ORDERED,
    message: failed('silence'),
    next: climbing({ ordered: [0], readOn: [0], failures: 1, lastFailure: 'silence' }),
    effects: [readAfter(1000)],
  },
  {
    title: 'a reading that is due is made',
    state: ORDERED,
    message: { type: 'fence.read-due', rung: 0 },
    effects: [{ type: 'rung.read', rung: 0 }],
  },
  {
    title: 'a hopeless failure ends the rung at once',
    state: climbing(),
    message: failed('wrong password', true),
    next: unfenced(`power off is not confirmed: wrong password (${WAYS_OUT})`),
    effects: [
      refusal('fence.unconfirmed', `power off is not confirmed: wrong password (${WAYS_OUT})`),
    ],
  },
  {
    title: 'a deadline without confirmation ends the fence as unconfirmed',
    state: climbing({ ordered: [0], failures: 4, lastFailure: STILL_ON }),
    message: { type: 'fence.deadline-passed', rung: 0 },
    next: unfenced(`power off is not confirmed: ${STILL_ON} (${WAYS_OUT})`),
    effects: [
      refusal('fence.unconfirmed', `power off is not confirmed: ${STILL_ON} (${WAYS_OUT})`),
    ],
  },
  {
    title: 'evidence of life before the order calls the fence off',
    state: climbing({ failures: 3, lastFailure: 'silence' }),
    message: { type: 'fence.abandon', reason: 'seen alive' },
    next: unfenced('seen alive'),
    effects: [refusal('fence.abandoned', 'seen alive')],
  },
  {
    title: 'an operator command before the order ends the fence as refused',
    state: climbing(),
    message: { type: 'fence.forbid', reason: 'paused' },
    next: unfenced('paused'),
    effects: [refusal('fence.refused', 'paused')],
  },
  {
    title: 'an order that was given is read back, whatever an operator commands',
    state: ORDERED,
    message: { type: 'fence.forbid', reason: 'paused' },
  },
  {
    title: 'evidence of life after the order comes too late for it, and is remembered',
    state: ORDERED,
    message: { type: 'fence.abandon', reason: 'seen alive' },
    next: { ...ORDERED, life: 'seen alive' } as FenceState,
  },
  {
    title: 'evidence of life during certification comes too late',
    state: CERTIFYING,
    message: { type: 'fence.abandon', reason: 'seen alive' },
  },
  {
    title: 'when the store forbids the intent, the fence ends as refused',
    state: ORDERED,
    message: { type: 'fence.forbidden', reason: 'the segment is disabled' },
    next: unfenced('the segment is disabled'),
    effects: [refusal('fence.refused', 'the segment is disabled')],
  },
  {
    title: 'the segment is told about a stored certificate',
    state: CERTIFYING,
    message: { type: 'fence.certified', certificate },
    next: { kind: 'fenced' },
    effects: [reply({ type: 'fence.confirmed', certificate })],
  },
  {
    title: 'an unexpected certificate is not told',
    state: climbing(),
    message: { type: 'fence.certified', certificate },
  },
])

const consenting = fence({ ...ORDER, lastResort: 'consent' }, FENCE_TIMING)

testSteps(consenting, [
  {
    title: 'a deadline with consent leads to a certificate on that ground',
    state: climbing({ ordered: [0] }),
    message: { type: 'fence.deadline-passed', rung: 0 },
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'consent', rung: null, before: null, look: UNSEEN },
    ],
  },
  {
    title: 'consent is used when the BMC is hopeless too',
    state: climbing(),
    message: failed('no IPMI settings', true),
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'consent', rung: null, before: null, look: UNSEEN },
    ],
  },
  {
    title: 'consent does not replace a reading of off',
    state: climbing(),
    message: read('off'),
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'already-off', rung: 0, before: null, look: UNSEEN },
    ],
  },
])

const ENDS: readonly FenceState[] = [{ kind: 'fenced' }, unfenced('over'), CERTIFYING]
const LATE: readonly FenceMessage[] = [
  read('on'),
  read('off'),
  failed('silence'),
  failed('silence', true),
  { type: 'fence.power-off-ordered', rung: 0 },
  { type: 'fence.forbidden', reason: 'late' },
  { type: 'fence.read-due', rung: 0 },
  { type: 'fence.deadline-passed', rung: 0 },
  { type: 'fence.abandon', reason: 'late' },
  { type: 'fence.forbid', reason: 'late' },
]

test('late messages do not change a fence that has ended its rungs', (t) => {
  for (const state of ENDS) {
    for (const message of LATE) t.deepEqual(behaviour(state, message), [state, []], message.type)
  }
})

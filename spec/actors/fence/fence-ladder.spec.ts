/** Several rungs: when a fence goes to the next rung, and which answers of earlier rungs count. */
import { WAYS_OUT, fence } from '../../../actors/fence/fence.ts'
import type { FenceMessage, FenceReply, FenceState } from '../../../actors/fence/fence-messages.ts'
import { tell, type Tell } from '../../../actors/kernel/behaviour.ts'
import { fenceOrder, FENCE_TIMING, BMC, AGENT, COMMAND, OPERATOR } from '../fence-order.ts'
import { UNSEEN, N1 } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const ORDER = fenceOrder(BMC, AGENT, COMMAND, OPERATOR)

type Climbing = FenceState & { readonly kind: 'climbing' }

const climbing = (change: Partial<Climbing>): FenceState => ({
  kind: 'climbing',
  look: UNSEEN,
  life: null,
  rung: 0,
  ordered: [],
  carriedOut: [],
  readOn: [],
  failures: 0,
  lastFailure: 'no operator has confirmed it yet',
  spent: [],
  ...change,
})
const CERTIFYING: FenceState = { kind: 'certifying' }
const unfenced = (reason: string): FenceState => ({ kind: 'unfenced', reason })
const refusal = (type: 'fence.unconfirmed' | 'fence.abandoned', reason: string): Tell => {
  const message: FenceReply = { type, notification: N1, reason }
  return tell(ORDER.replyTo, message)
}
const failed = (reason: string, hopeless: boolean): FenceMessage => ({
  type: 'fence.power-failed',
  rung: 0,
  reason,
  hopeless,
})
const read = (power: 'on' | 'off', rung: number): FenceMessage => ({
  type: 'fence.power-read',
  rung,
  power,
})

const ladder = fence(ORDER, FENCE_TIMING)
const SPENT = ['silence']
const AGENT_ANSWERS = 'the fence agent has not answered yet'
const onAgent = (change: Partial<FenceState & { readonly kind: 'climbing' }> = {}): FenceState =>
  climbing({ rung: 1, lastFailure: AGENT_ANSWERS, spent: SPENT, ...change })

const step = (rung: number, reason: string, limitMs: number) => [
  { type: 'timer.cancel', name: 'read' } as const,
  { type: 'rung.spent', reason } as const,
  timer<FenceMessage>('deadline', limitMs, { type: 'fence.deadline-passed', rung }),
  { type: 'rung.read', rung } as const,
]

testSteps(ladder, [
  {
    title: 'a rung whose time is up gives its reason, and the next rung begins',
    state: climbing({ ordered: [0], failures: 3, lastFailure: 'silence' }),
    message: { type: 'fence.deadline-passed', rung: 0 },
    next: onAgent({ ordered: [0] }),
    effects: step(1, 'bmc could not confirm it (silence); next is fence_apc', 30_000),
  },
  {
    title: 'a hopeless rung ends at once',
    state: onAgent(),
    message: { type: 'fence.power-failed', rung: 1, reason: 'no settings', hopeless: true },
    next: climbing({
      rung: 2,
      lastFailure: 'the command has not answered yet',
      spent: [...SPENT, 'no settings'],
    }),
    effects: step(
      2,
      'fence_apc could not confirm it (no settings); next is command/blocklist',
      20_000,
    ),
  },
  {
    title: 'power off is ordered through each rung separately',
    state: onAgent({ ordered: [0] }),
    message: read('on', 1),
    next: onAgent({ ordered: [0, 1], readOn: [1] }),
    effects: [{ type: 'rung.off', rung: 1, look: UNSEEN }],
  },
  {
    title: 'an earlier rung that still reads off proves the death',
    state: onAgent({ ordered: [0] }),
    message: read('off', 0),
    next: CERTIFYING,
    effects: [
      {
        type: 'certificate.save',
        ground: 'power-off-confirmed',
        rung: 0,
        before: 'off',
        look: UNSEEN,
      },
    ],
  },
  {
    title: 'an earlier rung that still reads on changes nothing',
    state: onAgent(),
    message: read('on', 0),
  },
  {
    title: 'a failure of an earlier rung changes nothing',
    state: onAgent(),
    message: failed('silence', true),
  },
  {
    title: 'evidence of life comes too late when an order was given',
    state: onAgent({ ordered: [0] }),
    message: { type: 'fence.abandon', reason: 'seen alive' },
    next: onAgent({ ordered: [0], life: 'seen alive' }),
  },
  {
    title: 'a host that is seen alive is given up before the next rung',
    state: climbing({ ordered: [0], life: 'seen alive' }),
    message: { type: 'fence.deadline-passed', rung: 0 },
    next: unfenced('seen alive; no operator has confirmed it yet'),
    effects: [refusal('fence.abandoned', 'seen alive; no operator has confirmed it yet')],
  },
  {
    title: 'a host that is seen alive gets no second order through the same rung',
    state: climbing({ ordered: [0], failures: 2, life: 'seen alive' }),
    message: read('on', 0),
    next: climbing({
      ordered: [0],
      failures: 3,
      life: 'seen alive',
      lastFailure: 'power off was ordered and the BMC still reads on',
    }),
    effects: [timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 0 })],
  },
  {
    title: 'a command that reads off proves that the host is cut off from its storage',
    state: climbing({ rung: 2, ordered: [2], carriedOut: [2], readOn: [2] }),
    message: read('off', 2),
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'storage-cut-off', rung: 2, before: 'on', look: UNSEEN },
    ],
  },
  {
    title: 'an agent that reads off before our order is ordered anyway',
    state: onAgent({ ordered: [0], carriedOut: [0], readOn: [0] }),
    message: read('off', 1),
    next: onAgent({ ordered: [0, 1], carriedOut: [0], readOn: [0] }),
    effects: [{ type: 'rung.off', rung: 1, look: UNSEEN }],
  },
  {
    title: 'a command that reads off before our order is ordered anyway',
    state: climbing({ rung: 2 }),
    message: read('off', 2),
    next: climbing({ rung: 2, ordered: [2] }),
    effects: [{ type: 'rung.off', rung: 2, look: UNSEEN }],
  },
  {
    title: 'a command that reads off after a failed order is ordered again',
    state: climbing({ rung: 2, ordered: [2], failures: 1, lastFailure: 'syntax error' }),
    message: read('off', 2),
    effects: [{ type: 'rung.off', rung: 2, look: UNSEEN }],
  },
  {
    title:
      'a command that reads off after an order that failed is not ordered again for a host that is seen alive',
    state: climbing({ rung: 2, ordered: [2], failures: 1, life: 'seen alive' }),
    message: read('off', 2),
    effects: [timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 2 })],
  },
  {
    title: 'an order that an agent carried out is noted, and read back',
    state: onAgent({ ordered: [0, 1] }),
    message: { type: 'fence.power-off-ordered', rung: 1 },
    next: onAgent({ ordered: [0, 1], carriedOut: [1] }),
    effects: [timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 1 })],
  },
  {
    title:
      'an agent that read off before the order and reads off after it proves the death, with less evidence',
    state: onAgent({ ordered: [1], carriedOut: [1] }),
    message: read('off', 1),
    next: CERTIFYING,
    effects: [
      {
        type: 'certificate.save',
        ground: 'power-off-confirmed',
        rung: 1,
        before: 'off',
        look: UNSEEN,
      },
    ],
  },
  {
    title: 'a BMC that reads off proves the death although only another rung was ordered',
    state: climbing({ rung: 0, ordered: [1] }),
    message: read('off', 0),
    next: CERTIFYING,
    effects: [
      {
        type: 'certificate.save',
        ground: 'power-off-confirmed',
        rung: 0,
        before: null,
        look: UNSEEN,
      },
    ],
  },
  {
    title: 'an earlier agent without an order of its own proves nothing by reading off late',
    state: climbing({ rung: 2, ordered: [0] }),
    message: read('off', 1),
  },
  {
    title: 'an operator is waited for, not ordered',
    state: climbing({ rung: 3 }),
    message: read('on', 3),
    effects: [timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 3 })],
  },
  {
    title: "an operator's word is as good as a confirmed power off",
    state: climbing({ rung: 3, ordered: [0] }),
    message: read('off', 3),
    next: CERTIFYING,
    effects: [
      { type: 'certificate.save', ground: 'operator', rung: 3, before: null, look: UNSEEN },
    ],
  },
  {
    title: 'the reason after the last rung says why each rung failed',
    state: climbing({ rung: 3, lastFailure: 'nobody came', spent: ['a', 'b', 'c'] }),
    message: { type: 'fence.deadline-passed', rung: 3 },
    next: unfenced(`power off is not confirmed: a; b; c; nobody came (${WAYS_OUT})`),
    effects: [
      refusal(
        'fence.unconfirmed',
        `power off is not confirmed: a; b; c; nobody came (${WAYS_OUT})`,
      ),
    ],
  },
])

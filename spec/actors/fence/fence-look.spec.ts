/**
 * The leader looks before it fences: what is done after which look, and what is never done to a
 * host that it sees alive.
 */
import test from 'ava'
import * as fc from 'fast-check'
import { fence } from '../../../actors/fence/fence.ts'
import type { FenceMessage, FenceReply, FenceState } from '../../../actors/fence/fence-messages.ts'
import { tell, type Tell } from '../../../actors/kernel/behaviour.ts'
import type { Finding, Look } from '../../../actors/verification/look.ts'
import { holds } from '../../support/holds.ts'
import { fenceOrder, FENCE_TIMING, BMC, COMMAND } from '../fence-order.ts'
import { N1, SEEN, UNSEEN } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'

const ORDER = fenceOrder(BMC, COMMAND)
type Climbing = FenceState & { readonly kind: 'climbing' }

const climbing = (change: Partial<Climbing> = {}): Climbing => ({
  kind: 'climbing',
  look: { finding: 'awaited', waiting: null },
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
const look = (finding: Finding): Look => ({ ...UNSEEN, finding, reason: `finds ${finding}` })
const looked = (finding: Finding): FenceMessage => ({ type: 'fence.looked', look: look(finding) })
const read = (power: 'on' | 'off', rung = 0): FenceMessage => ({
  type: 'fence.power-read',
  rung,
  power,
})
const OFF = { type: 'rung.off', rung: 0 } as const
const CERTIFICATE = {
  type: 'certificate.save',
  ground: 'already-off',
  rung: 0,
  before: null,
} as const
const expiresAfter = (afterMs: number) =>
  timer<FenceMessage>('look', afterMs, { type: 'fence.look-expired' })
const refusal = (type: 'fence.contradicted' | 'fence.abandoned', reason: string): Tell => {
  const message: FenceReply = { type, notification: N1, reason }
  return tell(ORDER.replyTo, message)
}
const contradicted = (reason: string): Tell => refusal('fence.contradicted', reason)
const unfenced = (reason: string): FenceState => ({ kind: 'unfenced', reason })
const NONE = { finding: 'none' } as const

testSteps(fence(ORDER, FENCE_TIMING), [
  {
    title: 'an order waits for the look',
    state: climbing(),
    message: read('on'),
    next: climbing({ look: { finding: 'awaited', waiting: OFF }, readOn: [0] }),
    effects: [],
  },
  {
    title: 'a certificate waits for the look too',
    state: climbing(),
    message: read('off'),
    next: climbing({ look: { finding: 'awaited', waiting: CERTIFICATE } }),
    effects: [],
  },
  {
    title: 'a host that reads on before the look ends gets no certificate',
    state: climbing({
      look: { finding: 'awaited', waiting: CERTIFICATE },
      ordered: [0],
      readOn: [0],
    }),
    message: read('on'),
    next: climbing({
      look: { finding: 'awaited', waiting: null },
      ordered: [0],
      readOn: [0],
      failures: 1,
      lastFailure: 'power off was ordered and the BMC still reads on',
    }),
    effects: [timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 0 })],
  },
  {
    title:
      'the waiting action is done when the look shows no life, and the look is valid for ten seconds',
    state: climbing({ look: { finding: 'awaited', waiting: OFF }, readOn: [0] }),
    message: looked('nothing'),
    next: climbing({ look: look('nothing'), ordered: [0], readOn: [0] }),
    effects: [expiresAfter(10_000), { ...OFF, look: look('nothing') }],
  },
  {
    title: 'a host that is seen alive is not ordered off',
    state: climbing({ look: { finding: 'awaited', waiting: OFF } }),
    message: looked('alive'),
    next: unfenced('finds alive'),
    effects: [contradicted('finds alive')],
  },
  {
    title: 'a host whose nova-compute is seen alive is not ordered off',
    state: climbing({ look: { finding: 'awaited', waiting: OFF } }),
    message: looked('beating'),
    next: unfenced('finds beating'),
    effects: [contradicted('finds beating')],
  },
  {
    title: 'a BMC that reads off for a host that is seen alive is not believed',
    state: climbing({ look: { finding: 'awaited', waiting: CERTIFICATE } }),
    message: looked('alive'),
    next: unfenced('finds alive; bmc reads off, which cannot be'),
    effects: [contradicted('finds alive; bmc reads off, which cannot be')],
  },
  {
    title: 'a BMC that reads off counts more than a heartbeat that is some seconds old',
    state: climbing({ look: { finding: 'awaited', waiting: CERTIFICATE } }),
    message: looked('beating'),
    next: { kind: 'certifying' },
    effects: [{ ...CERTIFICATE, look: look('beating') }],
  },
  {
    title: 'a refused connection is evidence of life when the power reads on',
    state: climbing({ look: { finding: 'awaited', waiting: OFF } }),
    message: looked('answers'),
    next: unfenced('finds answers; bmc reads its power as on'),
    effects: [contradicted('finds answers; bmc reads its power as on')],
  },
  {
    title: 'a refused connection is no evidence of life when the power reads off',
    state: climbing({ look: { finding: 'awaited', waiting: CERTIFICATE } }),
    message: looked('answers'),
    next: { kind: 'certifying' },
    effects: [{ ...CERTIFICATE, look: look('answers') }],
  },
  {
    title: 'when the host is alive, its BMC has some time to show whether it is broken',
    state: climbing(),
    message: looked('alive'),
    next: climbing({ look: look('alive') }),
    effects: [expiresAfter(3000)],
  },
  {
    title: 'a host that is seen alive is not fenced, whatever its BMC answers',
    state: climbing({ look: look('alive') }),
    message: { type: 'fence.look-expired' },
    next: unfenced('finds alive'),
    effects: [contradicted('finds alive')],
  },
  {
    title: 'a look is too old after some time',
    state: climbing({ look: look('nothing') }),
    message: { type: 'fence.look-expired' },
    next: climbing({ look: NONE }),
    effects: [],
  },
  {
    title: 'with an old look, the leader looks again before it orders power off',
    state: climbing({ look: NONE }),
    message: read('on'),
    next: climbing({ look: { finding: 'awaited', waiting: OFF }, readOn: [0] }),
    effects: [{ type: 'host.look', besides: 0, isOrdered: false }],
  },
  {
    title: 'after an order, only a look without a heartbeat counts',
    state: climbing({ look: NONE, ordered: [0], readOn: [0] }),
    message: read('off'),
    next: climbing({
      look: {
        finding: 'awaited',
        waiting: { ...CERTIFICATE, ground: 'power-off-confirmed', before: 'on' },
      },
      ordered: [0],
      readOn: [0],
    }),
    effects: [{ type: 'host.look', besides: 0, isOrdered: true }],
  },
  {
    title: 'a host that is seen alive after an order is read back and gets no other order',
    state: climbing({ look: { finding: 'awaited', waiting: OFF }, ordered: [0], failures: 3 }),
    message: looked('alive'),
    next: climbing({ look: NONE, ordered: [0], failures: 3, life: 'finds alive' }),
    effects: [
      expiresAfter(3000),
      timer<FenceMessage>('read', 500, { type: 'fence.read-due', rung: 0 }),
    ],
  },
  {
    title: 'a host that our order cut off from its storage may still answer',
    state: climbing({ rung: 1, look: look('alive'), ordered: [1], carriedOut: [1], readOn: [1] }),
    message: read('off', 1),
    next: { kind: 'certifying' },
    effects: [
      {
        type: 'certificate.save',
        ground: 'storage-cut-off',
        rung: 1,
        before: 'on',
        look: look('alive'),
      },
    ],
  },
  {
    title: 'evidence of life ends a fence that is looking',
    state: climbing({ look: { finding: 'awaited', waiting: OFF } }),
    message: { type: 'fence.abandon', reason: 'seen alive' },
    next: unfenced('seen alive'),
    effects: [refusal('fence.abandoned', 'seen alive')],
  },
])

const withLastResort = (lastResort: 'operator' | 'consent') =>
  fence({ ...ORDER, lastResort }, FENCE_TIMING)
const LAST = climbing({ rung: 1, look: { finding: 'awaited', waiting: null } })
const hopeless: FenceMessage = {
  type: 'fence.power-failed',
  rung: 1,
  reason: 'no program',
  hopeless: true,
}

for (const lastResort of ['operator', 'consent'] as const) {
  test(`the ground ${lastResort} waits for the look, and a living host is not given up to it`, (t) => {
    const step = withLastResort(lastResort)
    const [waiting, effects] = step(LAST, hopeless)
    t.false(effects.some(({ type }) => type === 'certificate.save'))
    const [dead, certifying] = step(waiting, looked('nothing'))
    t.is(dead.kind, 'certifying')
    t.like(certifying[0], { type: 'certificate.save', ground: lastResort })
    const [alive] = step(waiting, looked('alive'))
    t.is(alive.kind, 'unfenced')
  })
}

test('a confirmation by an operator counts more than a refused connection', (t) => {
  const [state, effects] = withLastResort('operator')(
    climbing({ look: { finding: 'awaited', waiting: OFF } }),
    looked('answers'),
  )
  t.like(state, { kind: 'climbing', ordered: [0] })
  t.like(effects[1], OFF)
})

const messages = fc.constantFrom<FenceMessage>(
  { type: 'fence.looked', look: SEEN },
  { type: 'fence.look-expired' },
  ...[0, 1].flatMap((rung): FenceMessage[] => [
    read('on', rung),
    read('off', rung),
    { type: 'fence.read-due', rung },
    { type: 'fence.deadline-passed', rung },
    { ...hopeless, rung },
    { type: 'fence.power-failed', rung, reason: 'silence', hopeless: false },
  ]),
)

test('while the leader sees the host alive, nothing is ordered or certified, whatever is read', (t) => {
  holds(
    t,
    fc.property(
      fc.array(messages),
      fc.constantFrom('operator' as const, 'consent' as const, null),
      (sequence, lastResort) => {
        const step = fence({ ...ORDER, lastResort }, FENCE_TIMING)
        let state: FenceState = { kind: 'idle' }
        for (const message of [{ type: 'fence.begin' } as const, ...sequence]) {
          const [next, effects] = step(state, message)
          const isDeed = effects.some(
            ({ type }) => type === 'rung.off' || type === 'certificate.save',
          )
          if (isDeed) return false
          state = next
        }
        return true
      },
    ),
    { numRuns: 500 },
  )
})

/**
 * The table at the top of `fence.ts` is complete: every state is played with every message, in many
 * circumstances.
 */
import test from 'ava'
import type { GuardedAction, OwnLook } from '../../../actors/fence/guarded-action.ts'
import { fence } from '../../../actors/fence/fence.ts'
import type { Climbing, FenceMessage, FenceState } from '../../../actors/fence/fence-messages.ts'
import type { Rung } from '../../../schema/segment-policy.ts'
import { AGENT, BMC, COMMAND, FENCE_TIMING, OPERATOR, fenceOrder } from '../fence-order.ts'
import { SEEN, UNSEEN, certificateRow } from '../records.ts'
import { rowsOf, stepsOf, textOf } from '../state-table.ts'

const PLANS: readonly (readonly Rung[])[] = [[], [BMC], [BMC, OPERATOR], [COMMAND, AGENT]]
const BEHAVIOURS = PLANS.flatMap((rungs) =>
  ([null, 'consent'] as const).map((lastResort) =>
    fence({ ...fenceOrder(...rungs), lastResort }, FENCE_TIMING),
  ),
)

const OFF: GuardedAction = { type: 'rung.off', rung: 0 }
const READ_OFF = { type: 'certificate.save', ground: 'already-off', rung: 0, before: null } as const
const CONSENT = { type: 'certificate.save', ground: 'consent', rung: null, before: null } as const
const LOOKS: readonly OwnLook[] = [
  { finding: 'none' },
  ...[null, OFF, READ_OFF, CONSENT].map((waiting) => ({ finding: 'awaited', waiting }) as const),
  UNSEEN,
  SEEN,
]

const climbing = (change: Partial<Climbing>): Climbing => ({
  kind: 'climbing',
  look: UNSEEN,
  rung: 0,
  ordered: [],
  carriedOut: [],
  readOn: [],
  failures: 0,
  lastFailure: 'the BMC has not answered yet',
  life: null,
  spent: [],
  ...change,
})

const STATES: readonly FenceState[] = [
  { kind: 'idle' },
  ...LOOKS.flatMap((look) =>
    [0, 1].flatMap((rung) => [
      climbing({ look, rung }),
      climbing({ look, rung, ordered: [0], readOn: [0], failures: 2 }),
      climbing({ look, rung, ordered: [0], carriedOut: [0], life: 'seen alive' }),
    ]),
  ),
  { kind: 'certifying' },
  { kind: 'fenced' },
  { kind: 'unfenced', reason: 'the power is on' },
]

const REASON = { reason: 'because' } as const
const MESSAGES: readonly FenceMessage[] = [
  { type: 'fence.begin' },
  { type: 'fence.abandon', ...REASON },
  { type: 'fence.forbid', ...REASON },
  { type: 'fence.looked', look: UNSEEN },
  { type: 'fence.looked', look: SEEN },
  { type: 'fence.look-expired' },
  ...[0, 1].flatMap((rung): readonly FenceMessage[] => [
    { type: 'fence.power-read', rung, power: 'on' },
    { type: 'fence.power-read', rung, power: 'off' },
    { type: 'fence.power-off-ordered', rung },
    { type: 'fence.power-failed', rung, ...REASON, hopeless: false },
    { type: 'fence.power-failed', rung, ...REASON, hopeless: true },
    { type: 'fence.read-due', rung },
    { type: 'fence.deadline-passed', rung },
  ]),
  { type: 'fence.forbidden', ...REASON },
  { type: 'fence.certified', certificate: certificateRow() },
]

test('everything that a fence does is in the table, and every row of the table happens', (t) => {
  t.deepEqual(textOf(stepsOf(BEHAVIOURS, STATES, MESSAGES)), textOf(rowsOf('fence/fence.ts')))
})

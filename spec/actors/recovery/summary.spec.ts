/** What a segment is told of a recovery: for the storm guard, whether it acts on its host. */
import test from 'ava'
import type {
  RecoveryKind,
  RecoveryOrder,
  RecoveryState,
} from '../../../actors/recovery/recovery-messages.ts'
import { newRecovery } from '../../../actors/recovery/recovery.ts'
import { summaryOf } from '../../../actors/recovery/summary.ts'
import { EPOCH, I1, ONE, SEGMENT, hostRow, notificationRow } from '../records.ts'

const ORDER: RecoveryOrder = {
  segment: SEGMENT,
  epoch: EPOCH,
  notification: notificationRow({ payload: { instance_uuid: I1 } }),
  hostName: ONE,
  evidence: [],
  control: { kind: 'running' },
  commandCount: 0,
  objection: null,
}
const { known } = newRecovery(ORDER)
const fence = { kind: 'fence', host: hostRow(), rungs: [], lastResort: null } as const
const restart = { kind: 'restart', fault: 'hung', mayRebuild: false, askedForAt: 0 } as const

const TABLE: readonly (readonly [RecoveryState, uncertified: boolean, certified: boolean])[] = [
  [{ kind: 'queued', reason: null, known }, false, true],
  [{ kind: 'deciding', reason: null, known }, false, true],
  [{ kind: 'held', reason: 'x', behind: null, known }, false, true],
  [{ kind: 'admitting', reason: 'x', plan: fence, known }, true, true],
  [{ kind: 'admitting', reason: 'x', plan: restart, known }, false, false],
  [{ kind: 'fencing', reason: null, known }, true, true],
  [{ kind: 'evacuating', reason: null, room: 'there', known }, true, true],
  [{ kind: 'evacuating', reason: null, room: 'awaited', known }, false, false],
  [{ kind: 'restarting', reason: null, known }, false, true],
  [{ kind: 'suspending', reason: 'x', known }, false, true],
  [{ kind: 'pausing', reason: 'x', known }, false, true],
]

for (const [state, uncertified, certified] of TABLE) {
  const what =
    state.kind === 'admitting'
      ? `admitting to ${state.plan.kind}`
      : state.kind === 'evacuating'
        ? `evacuating with room ${state.room}`
        : state.kind
  test(`a recovery that is ${what} ${uncertified ? 'acts' : 'does not act'} on its host yet`, (t) => {
    t.is(summaryOf(ORDER, state).actsOnHost, uncertified)
    const dead = { ...state, known: { ...known, certified: true } }
    t.is(summaryOf(ORDER, dead).actsOnHost, certified)
  })
}

const BUSY_WITH_GUEST: readonly RecoveryKind[] = ['admitting', 'restarting']

test('an instance counts as being recovered from the admission of its restart', (t) => {
  for (const [state] of TABLE) {
    const isItsRestart =
      BUSY_WITH_GUEST.includes(state.kind) && !(state.kind === 'admitting' && state.plan === fence)
    t.is(summaryOf(ORDER, state).instance, isItsRestart ? I1 : null)
  }
})

/** A starting nova-compute closes every evacuation from its host: such a record proves nothing while Nova has the instance there. */
import test from 'ava'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type { MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import type { Phase } from '../../../actors/evacuator/move.ts'
import { evacuationRow, I1, I2, M1, TWO } from '../records.ts'
import { asked, movingOf, ongoing, polled, RULES } from './tracks.ts'

const CLOSED = [evacuationRow({ status: 'completed' })]

/** What becomes of an evacuation under way. */
function told(message: MovingMessage) {
  const [state, effects] = onMovingMessage(RULES, movingOf([asked(ongoing(true))]), message)
  const phase: Phase | undefined = state.tracks.get(M1)?.phase
  const settled = effects.flatMap((effect) =>
    effect.type === 'move.settle' ? [effect.outcome] : [],
  )
  return { listHost: state.listHost, phase: phase?.kind, settled }
}

test('nobody knows yet: the host is looked at', (t) => {
  t.deepEqual(told(polled(1, CLOSED)), { listHost: 'yes', phase: 'ongoing', settled: [] })
})

test('it is there: the evacuation is followed like any other', (t) => {
  const there = { ...polled(1, CLOSED), onHost: new Set([I1]) }
  t.deepEqual(told(there), { listHost: 'yes', phase: 'ongoing', settled: [] })
})

test('it has left: it was moved', (t) => {
  const gone = { ...polled(1, CLOSED), onHost: new Set([I2]) }
  t.deepEqual(told(gone), { listHost: 'no', phase: 'settling', settled: ['succeeded'] })
})

test('it is there and its target is lost: it is put back', (t) => {
  const lost = { ...polled(60_001, CLOSED, [TWO]), onHost: new Set([I1]) }
  t.deepEqual(told(lost), { listHost: 'yes', phase: 'putting-back', settled: [] })
})

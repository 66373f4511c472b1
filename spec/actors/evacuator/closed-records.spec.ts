/**
 * A starting nova-compute closes every evacuation from its host. Such a record proves nothing while
 * Nova lists the instance there.
 */
import test from 'ava'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type { MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import type { Phase } from '../../../actors/evacuator/move-phase.ts'
import { evacuationRow, I1, I2, M1, TWO } from '../records.ts'
import { asked, movingOf, ongoing, polled, RULES } from './tracks.ts'

const CLOSED = [evacuationRow({ status: 'completed' })]

/** The phase of an evacuation under way after this message. */
function told(message: MovingMessage) {
  const [state, effects] = onMovingMessage(RULES, movingOf([asked(ongoing(true))]), message)
  const phase: Phase | undefined = state.tracks.get(M1)?.phase
  const settled = effects.flatMap((effect) =>
    effect.type === 'move.settle' ? [effect.outcome] : [],
  )
  return { listHost: state.listHost, phase: phase?.kind, settled }
}

test('while it is unknown, the host is listed with the next poll', (t) => {
  t.deepEqual(told(polled(1, CLOSED)), { listHost: 'yes', phase: 'ongoing', settled: [] })
})

test('when the instance is on the host, the evacuation is followed as before', (t) => {
  const there = { ...polled(1, CLOSED), onHost: new Set([I1]) }
  t.deepEqual(told(there), { listHost: 'yes', phase: 'ongoing', settled: [] })
})

test('when the instance has left the host, it has moved', (t) => {
  const gone = { ...polled(1, CLOSED), onHost: new Set([I2]) }
  t.deepEqual(told(gone), { listHost: 'no', phase: 'settling', settled: ['succeeded'] })
})

test('when the instance is on the host and its target is lost, the move is put back', (t) => {
  const lost = { ...polled(60_001, CLOSED, [TWO]), onHost: new Set([I1]) }
  t.deepEqual(told(lost), { listHost: 'yes', phase: 'putting-back', settled: [] })
})

/** A forbidden evacuation begins nothing new, and follows what is in flight to its end. */
import test from 'ava'
import { evacuator } from '../../../actors/evacuator/evacuator.ts'
import type { EvacuatorMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import { evacuationRow, I2, M1, M2, moveRow } from '../records.ts'

import {
  RULES,
  ORDER,
  BEGIN,
  surveyed,
  planned,
  forbidden,
  after,
  UNTIL_SURVEYED,
  BOTH,
  yes,
  settled,
  polled,
} from './evacuator-steps.ts'

const FORBID: EvacuatorMessage = { type: 'evacuator.forbid', reason: 'paused' }

test('when it is forbidden, nothing is requested, and evacuations in flight are followed to their end', (t) => {
  const story = [...UNTIL_SURVEYED, planned(...BOTH), yes(M1), FORBID]
  const { state, effects } = after(...story)
  t.is(state.kind, 'moving')
  t.deepEqual(effects, [])
  const followed = [...story, yes(M2), polled, settled(M1)]
  t.deepEqual(after(...followed).replies, [])
  t.deepEqual(after(...followed, settled(M2)).replies, [forbidden('paused')])
})

const back = (move: typeof M1) => ({ type: 'move.was-put-back', move, atMs: 5100 }) as const

test('a failed evacuation in flight is put back before the segment is told', (t) => {
  const story = [...UNTIL_SURVEYED, planned(...BOTH), yes(M1), yes(M2), FORBID]
  const records = [
    evacuationRow({ status: 'failed' }),
    evacuationRow({ id: 'record-2', instance: I2, status: 'failed' }),
  ]
  const failed = [
    ...story,
    { type: 'records.polled', records, lostTargets: [], atMs: 5000 } as const,
  ]
  t.deepEqual(after(...failed).replies, [])
  t.deepEqual(after(...failed, back(M1)).replies, [])
  t.deepEqual(after(...failed, back(M1), back(M2)).replies, [forbidden('paused')])
})

test('when the store forbids one request, no other is sent', (t) => {
  const refused = { type: 'move.forbidden', move: M1, reason: 'paused', atMs: 0 } as const
  const { replies, state } = after(...UNTIL_SURVEYED, planned(...BOTH), yes(M2), refused)
  t.is(state.kind === 'moving' && state.forbidden, 'paused')
  t.deepEqual(replies, [])
})

test('an evacuation that only follows does not isolate, plan or request anything', (t) => {
  const following = evacuator({ ...ORDER, forbidden: 'paused' }, RULES)
  const rows = [moveRow({ status: 'ongoing', attempts: 1 }), moveRow({ uuid: M2, instance: I2 })]
  let [state, effects] = following({ kind: 'isolating' }, BEGIN)
  t.deepEqual(effects, [{ type: 'compute.survey', isEmptied: false }])
  ;[state, effects] = following(state, surveyed())
  t.deepEqual(effects, [{ type: 'moves.plan', moves: [] }, { type: 'bookings.watch' }])
  ;[state, effects] = following(state, planned(...rows))
  t.deepEqual(
    effects.map(({ type }) => type),
    ['timer.start', 'news.await'],
  )
  ;[state, effects] = following(state, polled)
  ;[state, effects] = following(state, settled(M1))
  t.deepEqual(
    effects.filter(({ type }) => type === 'tell'),
    [forbidden('paused')],
  )
})

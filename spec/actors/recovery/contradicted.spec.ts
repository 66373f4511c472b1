/**
 * The leader looks again for some time at a host that it sees alive. Meanwhile the recovery takes
 * no place under the caps.
 */
import test from 'ava'
import { H1, N1, notificationRow } from '../records.ts'
import { about, after, consulted, recover, type Word } from './stage.ts'

const REPORT = notificationRow()
const SEEN: Word = {
  to: N1,
  message: { type: 'fence.contradicted', notification: N1, reason: 'the leader sees it alive' },
}
const ROUND: readonly Word[] = [
  about('recovery.decide-due'),
  consulted(REPORT),
  about('recovery.admitted'),
]
const FENCING: readonly Word[] = [recover(REPORT), ...ROUND.slice(1)]

test('it is held with the reason, and the leader looks again after a quarter of a minute', (t) => {
  const { phaseOf, effects } = after(...FENCING, SEEN)
  t.is(phaseOf(N1), 'held')
  t.like(effects[0], { type: 'flight.leave', about: N1 })
  t.like(effects[1], { type: 'recovery.note-held', reason: 'the leader sees it alive' })
  t.like(effects[2], { type: 'timer.start', afterMs: 15_000 })
})

const looks = (times: number) =>
  after(...FENCING, ...Array.from({ length: times - 1 }, () => [SEEN, ...ROUND]).flat(), SEEN)

test('the fourth look ends it with the reason', (t) => {
  t.is(looks(3).phaseOf(N1), 'held')
  const { phaseOf, effects } = looks(4)
  t.is(phaseOf(N1), 'concluding')
  t.like(effects.at(-1), { type: 'recovery.conclude', to: 'ignored' })
})

test('observers that see the host alive end it at once', (t) => {
  const { phaseOf } = after(...FENCING, SEEN, {
    type: 'segment.host-alive',
    host: H1,
    reason: 'seen alive by monitor-1',
  })
  t.is(phaseOf(N1), 'concluding')
})

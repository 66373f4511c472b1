/** A recovery that crashes for ever does not keep the turn of its segment. */
import test from 'ava'
import { notificationId } from '../../../schema/ids.ts'
import { H1, H2, N1 } from '../records.ts'
import { Stage, recover, reportOf, consulting } from '../recovery/stage.ts'

const SECOND = notificationId('second')

test('while a recovery is given up, the next one is decided, and the first one is not given another turn', (t) => {
  const stage = new Stage()
  stage.tell(recover(reportOf(N1, H1)))
  stage.tell(recover(reportOf(SECOND, H2)))
  t.deepEqual([...stage.state.turns], [N1])
  const effects = stage.tell({ type: 'segment.recovery-given-up', notification: N1 })
  t.deepEqual(consulting(effects), [SECOND])
  t.deepEqual([...stage.state.turns], [SECOND])
  t.is(stage.state.recoveries.get(N1)?.summary.kind, 'pausing')
})

test('what a recovery that is given up did to its host still counts', (t) => {
  const stage = new Stage()
  stage.tell(recover(reportOf(N1, H1)))
  const known = stage.state.recoveries.get(N1)
  if (known === undefined) throw new Error('no recovery')
  const summary = { ...known.summary, kind: 'fencing', actsOnHost: true } as const
  stage.tell({ type: 'segment.informed', notification: N1, summary })
  stage.tell({ type: 'segment.recovery-given-up', notification: N1 })
  t.true(stage.state.recoveries.get(N1)?.summary.actsOnHost)
  t.true(stage.state.busy.has(N1))
})

test('a recovery that has ended meanwhile is no matter', (t) => {
  const stage = new Stage()
  const before = stage.state
  t.deepEqual(stage.tell({ type: 'segment.recovery-given-up', notification: N1 }), [])
  t.is(stage.state, before)
})

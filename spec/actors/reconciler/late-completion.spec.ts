/** Of an evacuation that was given up only its own record tells that it succeeded. */
import test from 'ava'
import { lateCompletion } from '../../../actors/reconciler/late-completion.ts'
import type { Evacuation } from '../../../actors/ports/compute.ts'
import { I1, I2, TWO, evacuationRow } from '../records.ts'

const MOVE = { instance: I1, createdAt: 1_000_000, endedAt: 2_000_000 }
const done = (change: Partial<Evacuation> = {}): Evacuation =>
  evacuationRow({ status: 'done', createdAt: 1_100_000, dest: TWO, ...change })

const ROWS: readonly (readonly [title: string, record: Evacuation, dest: string | undefined])[] = [
  ['done', done(), TWO],
  ['completed, once the dead host is back', done({ status: 'completed' }), TWO],
  ['of a request at the beginning, by a clock that is behind', done({ createdAt: 990_000 }), TWO],
  ['still under way', done({ status: 'pre-migrating' }), undefined],
  ['failed', done({ status: 'failed' }), undefined],
  ['of another instance', done({ instance: I2 }), undefined],
  ['of an earlier recovery', done({ createdAt: 900_000 }), undefined],
  ['of a later recovery', done({ createdAt: 2_000_001 }), undefined],
  ['that does not say where to', done({ dest: null }), undefined],
]

for (const [title, record, dest] of ROWS) {
  test(`a record ${title}: ${dest === undefined ? 'no success' : 'a success'}`, (t) => {
    t.is(lateCompletion(MOVE, [done({ instance: I2 }), record]), dest as never)
  })
}

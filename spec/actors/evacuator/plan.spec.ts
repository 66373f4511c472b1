/** Which moves a run of a recovery takes up again, whoever leads. */
import test from 'ava'
import { dueAgain } from '../../../actors/evacuator/plan.ts'
import type { RecordedMove } from '../../../schema/records.ts'
import { moveRow } from '../records.ts'

const cases: readonly (readonly [string, Partial<RecordedMove>, number, 'again' | 'not again'])[] =
  [
    ['failed in the first run, in the second', { status: 'failed', askedInRun: 1 }, 2, 'again'],
    [
      'failed in the second run, in the second',
      { status: 'failed', askedInRun: 2 },
      2,
      'not again',
    ],
    ['failed in the second run, in the third', { status: 'failed', askedInRun: 2 }, 3, 'again'],
    ['failed in the first run, in the first', { status: 'failed', askedInRun: 1 }, 1, 'not again'],
    ['failed before anybody was asked', { status: 'failed', askedInRun: 0 }, 2, 'again'],
    ['succeeded', { status: 'succeeded', askedInRun: 1 }, 2, 'not again'],
    ['was left alone', { status: 'ignored', askedInRun: 0 }, 2, 'not again'],
    ['is under way', { status: 'ongoing', askedInRun: 1 }, 2, 'not again'],
  ]
for (const [what, change, run, expected] of cases) {
  test(`a move that ${what}, is taken up ${expected} in run ${run}`, (t) => {
    t.is(dueAgain([moveRow(change)], run).length, expected === 'again' ? 1 : 0)
  })
}

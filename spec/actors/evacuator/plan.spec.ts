/**
 * An instance that Nova lists on the dead host although it has moved it is reported, and not moved
 * again.
 */
import test from 'ava'
import { contradictions } from '../../../actors/evacuator/selection.ts'
import { plannedRow } from '../../support/planned.ts'
import { I1, I2, TWO, moveRow } from '../records.ts'

const PLANNED = [plannedRow(I1, 'web')]

test('an instance that is listed on the host and was moved is a contradiction', (t) => {
  const rows = [moveRow({ instanceName: 'web', status: 'succeeded', destHost: TWO })]
  t.deepEqual(contradictions(PLANNED, rows), [
    'web is listed here although its move to compute-2 is recorded as done: it is not requested again, because it may run there',
  ])
})

test('an instance that is not moved yet, or is no longer listed, is no contradiction', (t) => {
  t.deepEqual(contradictions(PLANNED, [moveRow()]), [])
  t.deepEqual(contradictions(PLANNED, [moveRow({ instance: I2, status: 'succeeded' })]), [])
})

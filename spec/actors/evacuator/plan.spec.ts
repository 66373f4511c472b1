/**
 * The row of an instance has its state before the first fault. An instance that Nova lists on the
 * dead host although it has moved it is reported, and not moved again.
 */
import test from 'ava'
import { contradictions, planOf, type Before } from '../../../actors/evacuator/selection.ts'
import type { TouchedMove } from '../../../schema/records.ts'
import { plannedRow } from '../../support/planned.ts'
import { I1, I2, N2, ONE, RUNNING, THREE, TWO, instanceRow, moveRow } from '../records.ts'

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

const PAUSED = { vmState: 'paused', taskState: null, powerState: 3, locked: false }
const VERDICT = { kind: 'move', haEnabled: true, priority: 500, note: null } as const
const before = (touched: readonly TouchedMove[]): Before => ({ touched, failedBefore: new Map() })
const earlier = (change: object) =>
  moveRow({ instance: I1, status: 'ongoing', origin: PAUSED, held: true, ...change })

test('a move to the host that had not restored its instance gives it the state before the first fault', (t) => {
  const instance = instanceRow({ host: TWO, locked: true })
  const moved = earlier({ sourceHost: ONE })
  t.like(planOf({ instance, verdict: VERDICT }, before([moved])), { origin: PAUSED, held: true })
})

test('a move from the host gives it only when the instance is as that move left it', (t) => {
  const failed = earlier({ sourceHost: TWO, status: 'failed' })
  const planned = (change: object) =>
    planOf(
      { instance: instanceRow({ host: TWO, locked: true, ...change }), verdict: VERDICT },
      before([failed]),
    )
  t.like(planned({}), { origin: { ...RUNNING, locked: false } })
  t.like(planned({ vmState: 'error' }), { origin: PAUSED })
  t.like(planned({ taskState: 'rebuilding' }), { origin: PAUSED })
})

test('a move of another instance says nothing', (t) => {
  const instance = instanceRow({ host: TWO })
  const other = earlier({ instance: I2, sourceHost: THREE })
  t.like(planOf({ instance, verdict: VERDICT }, before([other])), { origin: RUNNING, held: false })
})

const STOPPED = { vmState: 'stopped', taskState: null, powerState: 4 }

test('an instance that had failed before its host is to run, whatever Nova and an earlier plan call it', (t) => {
  const instance = instanceRow({ host: TWO, ...STOPPED })
  const failedBefore = new Map([[I1, N2]])
  const stopped = earlier({
    sourceHost: TWO,
    status: 'failed',
    origin: { ...STOPPED, locked: true },
  })
  const isToRun = { origin: { ...RUNNING, locked: false }, failedBefore: true }
  t.like(planOf({ instance, verdict: VERDICT }, { touched: [], failedBefore }), isToRun)
  t.like(planOf({ instance, verdict: VERDICT }, { touched: [stopped], failedBefore }), {
    origin: { ...RUNNING, locked: true },
  })
  t.like(planOf({ instance, verdict: VERDICT }, before([])), {
    origin: { ...STOPPED, locked: false },
    failedBefore: false,
  })
})

test('an instance that is left where it is keeps the state in which it was found', (t) => {
  const instance = instanceRow({ host: TWO, ...STOPPED })
  const verdict = { kind: 'leave', reason: 'its owner deletes it' } as const
  const failedBefore = new Map([[I1, N2]])
  t.like(planOf({ instance, verdict }, { touched: [], failedBefore }), {
    origin: STOPPED,
    failedBefore: false,
  })
})

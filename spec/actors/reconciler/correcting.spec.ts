/** How a late success is found and recorded. Which record is one: `late-completion.spec.ts`. */
import {
  decideCorrecting,
  type CorrectingAnswer,
  type CorrectingTask,
} from '../../../actors/reconciler/correcting.ts'
import type { Correction } from '../../../actors/ports/reconciler-store.ts'
import { testDecisions } from '../decision-table.ts'
import {
  evacuationRow,
  I1,
  I2,
  instanceRow,
  M2,
  moveRow,
  N1,
  notificationRow,
  ONE,
  THREE,
  TWO,
} from '../records.ts'

const move = moveRow({ instance: I1, endedAt: 1000 })
const other = moveRow({ uuid: M2, instance: I2, endedAt: 1000 })
const elsewhere = moveRow({ uuid: M2, instance: I2, sourceHost: THREE })
const late = { type: 'late.looked', move, dest: TWO } as const
const recorded = (correction: Correction | undefined): CorrectingAnswer => ({
  type: 'late.recorded',
  move,
  dest: TWO,
  correction,
})
const LATE = 'Nova recorded it as done after the recovery had ended'
const announcing = (step: 'finished' | 'failed', reason: string): CorrectingTask => ({
  type: 'late.announce',
  move: {
    notification: N1,
    instance: I1,
    instanceName: 'web',
    status: 'succeeded',
    dest: TWO,
    reason: LATE,
    done: 2,
    total: 3,
  },
  recovery: { notification: N1, host: ONE, step, reason, evidence: [LATE] },
})

testDecisions<null, CorrectingTask, CorrectingAnswer>(
  { file: 'reconciler/correcting.ts', initial: null, decide: decideCorrecting },
  {
    "the moves that were given up → Nova's records of each of their hosts are read": [
      {
        title: 'once for each host',
        answer: { type: 'given-up.listed', moves: [move, elsewhere, other] },
        tasks: [
          { type: 'records.list', host: ONE, moves: [move, other] },
          { type: 'records.list', host: THREE, moves: [elsewhere] },
        ],
      },
    ],
    'a record says that the move has succeeded → the instance is looked at': [
      {
        title: 'and no instance whose record says something else',
        answer: {
          type: 'records.listed',
          moves: [move, other],
          records: [
            evacuationRow({ instance: I1, status: 'done' }),
            evacuationRow({ instance: I2, status: 'failed' }),
          ],
        },
        tasks: [{ type: 'late.look', move, dest: TWO }],
      },
    ],
    'the instance is where the record says → the success is recorded': [
      {
        title: 'both say so',
        answer: { ...late, instance: instanceRow({ host: TWO }) },
        tasks: [{ type: 'late.record', move, dest: TWO }],
      },
    ],
    'the instance is elsewhere, or gone → nothing': [
      { title: 'elsewhere', answer: { ...late, instance: instanceRow({ host: ONE }) } },
      { title: 'gone', answer: { ...late, instance: undefined } },
    ],
    'the success is recorded → it is announced': [
      {
        title: 'the recovery has finished',
        answer: recorded({
          notification: notificationRow({ status: 'finished', message: 'all moved' }),
          done: 2,
          total: 3,
        }),
        tasks: [announcing('finished', 'all moved')],
      },
      {
        title: 'the recovery has still failed',
        answer: recorded({
          notification: notificationRow({ status: 'failed' }),
          done: 2,
          total: 3,
        }),
        tasks: [announcing('failed', LATE)],
      },
    ],
    'it was not so any more when it was to be recorded → nothing': [
      { title: 'nothing was changed', answer: recorded(undefined) },
    ],
    'it is announced → nothing': [{ title: 'it is over', answer: { type: 'late.announced' } }],
    'Nova or the store is away → the next round begins anew': [
      { title: 'no start either', answer: { type: 'correcting.away' }, ends: 'end-round' },
    ],
  },
)

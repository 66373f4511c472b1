/**
 * An evacuation isolates its host, surveys, plans, moves, surveys again, and tells the segment how
 * it ended.
 */
import test from 'ava'
import { evacuator } from '../../../actors/evacuator/evacuator.ts'
import type {
  EvacuatorMessage,
  EvacuatorState,
} from '../../../actors/evacuator/evacuator-messages.ts'
import { tell } from '../../../actors/kernel/behaviour.ts'
import { I1, I2, M1, M2, N1, TWO, evacuationRow, moveRow, roomRow } from '../records.ts'
import { testSteps, timer } from '../step-table.ts'
import { plannedRow } from '../../support/planned.ts'

import {
  RULES,
  ORDER,
  behaviour,
  BEGIN,
  ISOLATED,
  surveyOf,
  surveyed,
  surveyedAgain,
  planned,
  forbidden,
  SURVEYING,
  again,
  after,
  UNTIL_SURVEYED,
  BOTH,
  yes,
  settled,
  UNTIL_MOVED,
} from './evacuator-steps.ts'

const reply = (succeeded: number, failed: number, ignored: number) => [
  tell(ORDER.replyTo, {
    type: 'evacuator.finished',
    notification: N1,
    succeeded,
    failed,
    ignored,
  }),
]

testSteps(behaviour, [
  {
    title: 'an evacuation isolates its host before anything else',
    state: { kind: 'isolating' },
    message: BEGIN,
    effects: [{ type: 'compute.isolate' }],
  },
  {
    title: 'an isolated host is surveyed',
    state: { kind: 'isolating' },
    message: ISOLATED,
    next: SURVEYING,
    effects: [{ type: 'compute.survey', isEmptied: false }],
  },
  {
    title: 'the plan lists HA-enabled instances first',
    state: SURVEYING,
    message: surveyed(),
    next: { kind: 'planning', survey: surveyOf() },
    effects: [
      {
        type: 'moves.plan',
        moves: [plannedRow(I2, 'web'), plannedRow(I1, 'web')],
      },
      { type: 'bookings.watch' },
    ],
  },
  {
    title: 'a hindrance is noted, and everything asked again later',
    state: SURVEYING,
    message: { type: 'evacuator.blocked', reason: 'Nova is away' },
    next: { kind: 'blocked', reason: 'Nova is away' },
    effects: [{ type: 'note.blocked', reason: 'Nova is away' }, again],
  },
  {
    title: 'an isolation without a grant ends the evacuation until the segment decides',
    state: { kind: 'isolating' },
    message: { type: 'evacuator.forbid', reason: 'paused' },
    next: { kind: 'finished' },
    effects: [forbidden('paused')],
  },
  {
    title: 'an evacuation that waits for Nova ends at once when it is forbidden',
    state: { kind: 'blocked', reason: 'Nova is away' },
    message: { type: 'evacuator.forbid', reason: 'paused' },
    next: { kind: 'finished' },
    effects: [forbidden('paused')],
  },
  {
    title: 'a blocked evacuation begins anew',
    state: { kind: 'blocked', reason: 'Nova is away' },
    message: BEGIN,
    next: { kind: 'isolating' },
    effects: [{ type: 'compute.isolate' }],
  },
  {
    title: 'an answer to an earlier question is not taken for this one’s',
    state: { kind: 'blocked', reason: 'Nova is away' },
    message: surveyed(),
  },
  {
    title: 'a plan that nobody waits for starts nothing',
    state: SURVEYING,
    message: planned(moveRow()),
  },
  {
    title: 'a late word about a move does not wake a finished evacuation',
    state: { kind: 'finished' },
    message: yes(M1),
  },
])

test('a host without instances is finished at once', (t) => {
  const story = [BEGIN, ISOLATED, surveyed({ instances: [] }), planned()]
  t.deepEqual(after(...story).replies, reply(0, 0, 0))
})

test('planned instances are asked for in the order of the plan', (t) => {
  const { state, effects } = after(...UNTIL_SURVEYED, planned(...BOTH))
  t.is(state.kind, 'moving')
  t.deepEqual(
    effects.flatMap((effect) => (effect.type === 'move.request' ? [effect.move] : [])),
    [M1, M2],
  )
})

test('a request of an earlier leader that is under way is not made again', (t) => {
  const evacuations = [evacuationRow({ createdAt: 0 })]
  const row = moveRow({ attempts: 1, startedAt: 0 })
  const { effects } = after(BEGIN, ISOLATED, surveyed({ evacuations }), planned(row))
  t.deepEqual(
    effects.filter(({ type }) => type === 'move.request'),
    [],
  )
})

test('when all have moved, the host is looked at again for an instance that came late', (t) => {
  const { state, effects } = after(...UNTIL_MOVED, settled(M1), settled(M2))
  t.is(state.kind, 'surveying')
  t.deepEqual(effects, [{ type: 'compute.survey', isEmptied: true }])
})

test('when nothing came late, the segment hears how it ended', (t) => {
  const done = BOTH.map((row) => ({ ...row, status: 'succeeded' as const }))
  const story = [...UNTIL_MOVED, settled(M1), settled(M2), surveyed({ instances: [] })]
  const { state, replies } = after(...story, planned(...done))
  t.is(state.kind, 'finished')
  t.deepEqual(replies, reply(2, 0, 0))
})

test('an evacuation with a failure ends at once and says so', (t) => {
  const { replies } = after(...UNTIL_MOVED, settled(M1, 'failed'), settled(M2, 'ignored'))
  t.deepEqual(replies, reply(0, 1, 1))
})

test('an evacuation goes on as long as one move is open', (t) => {
  t.deepEqual(after(...UNTIL_MOVED, settled(M1, 'failed')).replies, [])
})

test('a second run may cost as many requests as the first', (t) => {
  const second = evacuator({ ...ORDER, run: 2 }, RULES)
  const story: readonly EvacuatorMessage[] = [
    ...UNTIL_SURVEYED,
    planned(moveRow({ attempts: RULES.attemptsMax })),
    {
      type: 'move.refused',
      move: M1,
      reason: 'no room',
      again: true,
      now: null,
      busy: false,
      atMs: 0,
    },
  ]
  let state: EvacuatorState = { kind: 'isolating' }
  for (const message of story) [state] = second(state, message)
  t.is(state.kind === 'moving' && state.tracks.get(M1)?.phase.kind, 'pending')
})

const NOBODY = 'no other host of the segment is in service'
const surveyTimer = timer<EvacuatorMessage>('survey', 34_000, { type: 'evacuator.survey-due' })

test('a segment without a target waits, with the reason, and looks again', (t) => {
  const until = [BEGIN, ISOLATED, surveyed({ services: [] }), planned(...BOTH)]
  const { state, effects } = after(...until)
  t.is(state.kind, 'moving')
  const news = { type: 'news.await', instances: [I1, I2] } as const
  t.deepEqual(
    effects.filter(({ type }) => type !== 'tell'),
    [{ type: 'moves.wait', moves: [M1, M2], reason: NOBODY }, news, surveyTimer],
  )
  const looking = after(...until, { type: 'evacuator.survey-due' })
  t.deepEqual(looking.effects, [{ type: 'compute.survey-again', begunAtMs: 0 }])
})

test('a reason is written once, and one survey follows the other', (t) => {
  const nobody = surveyed({ services: [] })
  const { effects } = after(
    BEGIN,
    ISOLATED,
    nobody,
    planned(...BOTH),
    surveyedAgain({ services: [] }),
  )
  t.deepEqual(effects, [surveyTimer])
})

test('whoever waited goes on when there is room, and Compute away does not end the wait', (t) => {
  const until = [BEGIN, ISOLATED, surveyed({ services: [] }), planned(...BOTH)]
  const reason = 'Nova is away'
  const away: EvacuatorMessage = { type: 'evacuator.not-surveyed-again', begunAtMs: 0, reason }
  t.deepEqual(after(...until, away).effects, [
    { type: 'note.blocked', reason: 'Nova is away' },
    surveyTimer,
  ])
  const { effects } = after(...until, away, surveyedAgain({ rooms: new Map([[TWO, roomRow(1)]]) }))
  t.deepEqual(
    effects.flatMap((effect) => (effect.type === 'move.request' ? [effect.move] : [])),
    [M1],
  )
  t.like(
    effects.find(({ type }) => type === 'moves.wait'),
    {
      moves: [M2],
      reason: 'no host of the segment has room for 1 VCPU, 2048 MB, 10 GB',
    },
  )
})

test('an answer about room that comes when all moves have ended is not taken for the next survey', (t) => {
  const late: readonly EvacuatorMessage[] = [
    surveyedAgain({ instances: [] }),
    { type: 'evacuator.not-surveyed-again', begunAtMs: 0, reason: 'Nova is away' },
  ]
  for (const message of late) t.deepEqual(behaviour(SURVEYING, message), [SURVEYING, []])
})

test('nor is it taken for an answer to the moves that have begun since, and a first survey never is', (t) => {
  const { state } = after(BEGIN, ISOLATED, surveyed({ services: [], atMs: 50 }), planned(...BOTH))
  t.is(state.kind, 'moving')
  for (const message of [surveyedAgain(), surveyed()]) {
    t.deepEqual(behaviour(state, message), [state, []])
  }
  t.notDeepEqual(behaviour(state, surveyedAgain({ services: [] }, 50)), [state, []])
})

test('an instance without a target does not keep the others waiting', (t) => {
  const evacuations = [evacuationRow({ instance: I2 })]
  const survey = surveyed({ services: [], evacuations })
  const rows = [moveRow(), moveRow({ uuid: M2, instance: I2, attempts: 1, startedAt: 0 })]
  const { state } = after(BEGIN, ISOLATED, survey, planned(...rows))
  t.is(state.kind, 'moving')
})

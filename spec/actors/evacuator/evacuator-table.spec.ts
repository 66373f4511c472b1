/** The table at the top of `evacuator.ts` is complete: every state is played with every message. */
import test from 'ava'
import { evacuator } from '../../../actors/evacuator/evacuator.ts'
import type {
  EvacuatorMessage,
  EvacuatorState,
} from '../../../actors/evacuator/evacuator-messages.ts'
import type { Phase } from '../../../actors/evacuator/move-phase.ts'
import { M1, TWO, moveRow } from '../records.ts'
import { changesOf, rowsOf, stepsOf } from '../state-table.ts'
import { ORDER, RULES, surveyOf } from './evacuator-steps.ts'
import { movingOf, ongoing, polled, refused, trackRow } from './tracks.ts'

const FOLLOWING = { ...ORDER, forbidden: 'paused' }

const PHASES: readonly Phase[] = [
  { kind: 'pending', notBeforeMs: 0, reason: null },
  { kind: 'requesting' },
  ongoing(true),
  { kind: 'putting-back', next: { kind: 'pending', notBeforeMs: 0, reason: 'failed' } },
  { kind: 'settling' },
]

const STATES: readonly EvacuatorState[] = [
  { kind: 'isolating' },
  { kind: 'surveying' },
  { kind: 'planning', survey: surveyOf() },
  ...PHASES.flatMap((phase) =>
    // A pending move alone does not keep an evacuation running that may begin nothing new.
    (phase.kind === 'pending' ? [null] : [null, 'paused']).map((forbidden) =>
      movingOf([trackRow({ phase, target: TWO, attempts: 1 })], { forbidden, polls: 1 }),
    ),
  ),
  { kind: 'blocked', reason: 'Nova is away' },
  { kind: 'finished' },
]

const MESSAGES: readonly EvacuatorMessage[] = [
  { type: 'evacuator.begin' },
  { type: 'evacuator.isolated' },
  { type: 'evacuator.surveyed', survey: surveyOf() },
  { type: 'evacuator.survey-due' },
  { type: 'evacuator.planned', moves: [moveRow()] },
  { type: 'evacuator.planned', moves: [] },
  { type: 'evacuator.surveyed-again', begunAtMs: 0, survey: surveyOf() },
  { type: 'evacuator.not-surveyed-again', begunAtMs: 0, reason: 'Nova is away' },
  { type: 'evacuator.blocked', reason: 'Nova is away' },
  { type: 'evacuator.forbid', reason: 'paused' },
  { type: 'evacuator.others-booked', takenByOthers: new Map(), atMs: 1 },
  { type: 'limiter.allowed', requests: [{ move: M1, target: TWO }], atMs: 1 },
  { type: 'records.poll-due' },
  { type: 'records.news', atMs: 1 },
  polled(1, []),
  { type: 'records.poll-failed', atMs: 1 },
  { type: 'spare.activated', host: TWO, atMs: 1 },
  { type: 'spare.refused', host: TWO, atMs: 1 },
  { type: 'move.requested', move: M1, atMs: 1, startedAt: 1 },
  { type: 'move.unknown', move: M1, atMs: 1, startedAt: 1 },
  refused(),
  { type: 'move.blocked', move: M1, reason: 'not pending', atMs: 1 },
  { type: 'move.forbidden', move: M1, reason: 'paused', atMs: 1 },
  { type: 'move.prepared', move: M1, target: TWO, done: [] },
  { type: 'move.was-put-back', move: M1, atMs: 1 },
  { type: 'move.looked', move: M1, instance: undefined, successor: null, atMs: 1 },
  { type: 'move.restored', move: M1, step: 'unlock', problem: null, allowed: 'yes' },
  { type: 'move.settled', move: M1, outcome: 'succeeded' },
  { type: 'move.settled', move: M1, outcome: 'failed' },
]

test('every change of state is in the table, and every row of the table happens', (t) => {
  const behaviours = [evacuator(ORDER, RULES), evacuator(FOLLOWING, RULES)]
  const steps = stepsOf(behaviours, STATES, MESSAGES)
  t.deepEqual(changesOf(steps), changesOf(rowsOf('evacuator/evacuator.ts')))
})

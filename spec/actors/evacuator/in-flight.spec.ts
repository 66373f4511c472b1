/** What an evacuator asks the concurrency limiter, and what it tells it. */
import test from 'ava'
import type { MoveTrack } from '../../../actors/evacuator/move-track.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import { noteInFlight, scheduleMoves } from '../../../actors/evacuator/schedule-moves.ts'
import { M1, THREE, TWO, targetRow } from '../records.ts'
import { RULES, asked, movingOf, ongoing, placesOf, trackRow } from './tracks.ts'

test('an allowed request that is not needed any more is returned, and asked for again later', (t) => {
  const [before] = scheduleMoves(RULES, movingOf([trackRow()]), 0)
  const gone = { ...before, places: placesOf(targetRow(THREE)) }
  const allowed = {
    type: 'limiter.allowed',
    requests: [{ move: M1, target: TWO }],
    atMs: 0,
  } as const
  const [, effects] = onMovingMessage(RULES, gone, allowed)
  t.deepEqual(effects, [
    { type: 'limiter.note', inFlight: [], over: [M1] },
    { type: 'limiter.ask', requests: [{ move: M1, target: THREE }] },
  ])
  const late = movingOf([asked(ongoing(true))])
  t.deepEqual(onMovingMessage(RULES, late, allowed)[1], [], 'what is in flight keeps its leave')
})

test('requests are asked for once, and withdrawn when nothing new may be begun', (t) => {
  const [state] = scheduleMoves(RULES, movingOf([trackRow()]), 0)
  t.deepEqual(scheduleMoves(RULES, state, 0)[1], [])
  const [, effects] = scheduleMoves(RULES, { ...state, forbidden: 'stopped' }, 0)
  t.deepEqual(effects, [{ type: 'limiter.ask', requests: [] }])
})

test('the limiter is told what begins, ends, or goes to another target', (t) => {
  const before = movingOf([asked(ongoing(true))])
  const step = (change: Partial<MoveTrack>) =>
    noteInFlight(before, [movingOf([asked(ongoing(true), change)]), []])
  t.deepEqual(step({ target: THREE })[1], [
    { type: 'limiter.note', inFlight: [{ move: M1, target: THREE, begun: false }], over: [] },
  ])
  t.deepEqual(step({ phase: { kind: 'settling' } })[1], [
    { type: 'limiter.note', inFlight: [], over: [M1] },
  ])
  const begun = { ...ongoing(true), nova: 'begun' } as const
  t.deepEqual(step({ phase: begun })[1], [
    { type: 'limiter.note', inFlight: [{ move: M1, target: TWO, begun: true }], over: [] },
  ])
  t.deepEqual(
    step({ phase: { kind: 'settling' }, whereabouts: 'arrived' })[1],
    [{ type: 'limiter.note', inFlight: [{ move: M1, target: TWO, begun: true }], over: [M1] }],
    'Nova has begun what has arrived',
  )
  t.deepEqual(step({})[1], [])
  t.deepEqual(noteInFlight(undefined, [before, []])[1], [
    { type: 'limiter.note', inFlight: [{ move: M1, target: TWO, begun: false }], over: [] },
  ])
})

/**
 * A moved instance returns to its earlier state, under any leader, and is unlocked for its owner.
 */
import test from 'ava'
import { step } from '../../../actors/evacuator/move.ts'
import type { End, Phase } from '../../../actors/evacuator/move-phase.ts'
import type { MoveTrack } from '../../../actors/evacuator/move-track.ts'
import type { MovingEffect, MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import type { Instance } from '../../../actors/ports/compute.ts'
import { notificationId } from '../../../schema/ids.ts'
import { M1, RUNNING, THREE, TWO, evacuationRow, instanceRow } from '../records.ts'
import {
  CONTEXT,
  asked,
  asking,
  movingOf,
  ongoing,
  polled,
  refused,
  RULES,
  trackRow,
} from './tracks.ts'

const DONE: End = { outcome: 'succeeded', dest: TWO, reason: 'Nova recorded it as done' }
const PAUSED = { ...RUNNING, vmState: 'paused', powerState: 3 }
const STOPPED = { ...RUNNING, vmState: 'stopped', powerState: 4 }
const BROKEN = { ...RUNNING, vmState: 'error', powerState: 0 }

type Looked = MovingMessage & { readonly type: 'move.looked' }
type Effects = readonly (MovingEffect | KernelEffect<MovingMessage>)[]

/** The effects in short: the orders to Nova and the writes. */
const told = (effects: Effects): readonly string[] =>
  effects.flatMap((effect) => {
    switch (effect.type) {
      case 'move.look':
        return ['look']
      case 'move.restore':
        return [effect.step]
      case 'move.settle':
        return [`${effect.outcome}: ${effect.remark ?? effect.reason}`]
      case 'move.prepare':
        return [`prepare ${effect.steps.join(', ')}`]
      case 'move.request':
        return ['request']
      default:
        return []
    }
  })

const restoring = (change: Partial<Phase & { readonly kind: 'restoring' }> = {}): Phase => ({
  kind: 'restoring',
  end: DONE,
  sinceMs: null,
  step: 'open',
  problem: null,
  ...change,
})

function looked(
  track: MoveTrack,
  instance: Partial<Instance> | undefined,
  { atMs = 0, successor = null }: Partial<Pick<Looked, 'atMs' | 'successor'>> = {},
) {
  const message: MovingMessage = {
    type: 'move.looked',
    move: M1,
    instance: instance && instanceRow({ host: TWO, ...instance }),
    successor,
    atMs,
  }
  const [state, effects] = onMovingMessage(RULES, movingOf([track]), message)
  const settled = effects.find(({ type }) => type === 'move.settle')
  return { told: told(effects), track: state.tracks.get(M1), settled }
}

const ends: readonly (readonly [string, Partial<MoveTrack>, readonly string[]])[] = [
  ['an ordinary instance', {}, ['succeeded: Nova recorded it as done']],
  [
    'a stopped one that Nova stops again',
    { origin: STOPPED },
    ['succeeded: Nova recorded it as done'],
  ],
  [
    'a stopped one that was asked for in error',
    { origin: STOPPED, askedAs: 'otherwise' },
    ['look'],
  ],
  [
    'a running one that was asked for in error',
    { askedAs: 'otherwise' },
    [`${DONE.outcome}: ${DONE.reason}`],
  ],
  ['a paused one', { origin: PAUSED, askedAs: 'otherwise' }, ['look']],
  ['one that was in error', { origin: BROKEN }, ['look']],
  ['one that we have locked', { lock: 'ours' }, ['look']],
]
for (const [what, change, expected] of ends) {
  test(`after the success of ${what}: ${expected.join()}`, (t) => {
    const track = trackRow(change)
    const event = { type: 'schedule.end', end: DONE, ask: 'nobody' } as const
    const [after, effects] = step(CONTEXT, track, event)
    t.deepEqual(told(effects), expected)
    t.is(after.whereabouts, 'arrived')
  })
}

const locked = { lock: 'ours', origin: PAUSED, phase: restoring() } as const
const views: readonly (readonly [
  string,
  Partial<MoveTrack>,
  Partial<Instance> | undefined,
  string,
])[] = [
  ['runs and was paused', locked, { locked: true }, 'pause'],
  ['is being paused', locked, { locked: true, taskState: 'pausing' }, ''],
  ['is paused as before', locked, { locked: true, vmState: 'paused' }, 'unlock'],
  ['is paused and unlocked', locked, { vmState: 'paused' }, `succeeded: ${DONE.reason}`],
  [
    'is stopped by an administrator',
    locked,
    { vmState: 'stopped' },
    'succeeded: it is stopped now, not paused as before',
  ],
  ['is gone', locked, undefined, 'ignored: the instance was deleted meanwhile'],
  ['runs and was in error', { ...locked, origin: BROKEN }, { locked: true }, 'stop'],
  [
    'is stopped and was in error',
    { ...locked, origin: BROKEN },
    { locked: true, vmState: 'stopped' },
    'call-broken',
  ],
  [
    'is in error again',
    { ...locked, origin: BROKEN },
    { locked: true, vmState: 'error' },
    'unlock',
  ],
  [
    'was given up while we had it locked',
    { ...locked, phase: restoring({ end: { ...DONE, outcome: 'failed' } }) },
    { locked: true },
    'unlock',
  ],
]
for (const [what, change, instance, expected] of views) {
  test(`a moved instance that ${what}: ${expected || 'wait'}`, (t) => {
    t.deepEqual(looked(trackRow(change), instance).told, expected === '' ? [] : [expected])
  })
}

test('an instance that does not return to its earlier state in time fails, with the reason, and is unlocked', (t) => {
  const phase = restoring({ sinceMs: 0, problem: 'Nova refuses' })
  const late = trackRow({ ...locked, phase })
  t.deepEqual(looked(late, { locked: true }, { atMs: RULES.restoreMs - 1 }).told, ['pause'])
  const { told: orders, track } = looked(late, { locked: true }, { atMs: RULES.restoreMs })
  t.deepEqual(orders, ['unlock'])
  t.like(track?.phase, {
    end: {
      outcome: 'failed',
      dest: TWO,
      reason: 'moved to compute-2, where it is active and was to be paused: Nova refuses',
    },
  })
})

const OTHER_RECOVERY = notificationId('0f0e0d0c-0000-4000-8000-00000000aaaa')

for (const instance of [
  {},
  { taskState: 'pausing' },
  { vmState: 'paused' },
  { vmState: 'error' },
]) {
  test(`a moved instance whose new host fails is handed over, still locked: ${JSON.stringify(instance)}`, (t) => {
    const successor = { notification: OTHER_RECOVERY, isCertain: true }
    const { told: orders, settled } = looked(
      trackRow(locked),
      { locked: true, ...instance },
      { successor },
    )
    t.deepEqual(orders, [`succeeded: compute-2 failed, too: ${OTHER_RECOVERY} goes on with it`])
    t.like(settled, { successor: OTHER_RECOVERY })
  })
}

test('a new host that is only said to have failed gets orders until it is late', (t) => {
  const track = trackRow({ ...locked, phase: restoring({ sinceMs: 0 }) })
  const successor = { notification: OTHER_RECOVERY, isCertain: false }
  const at = (atMs: number) => looked(track, { locked: true }, { atMs, successor }).told
  t.deepEqual(at(RULES.restoreMs - 1), ['pause'])
  t.deepEqual(at(RULES.restoreMs), [
    `succeeded: compute-2 failed, too: ${OTHER_RECOVERY} goes on with it`,
  ])
})

test('after an order, the instance is read with the next records, and only one order is open at a time', (t) => {
  const track = trackRow(locked)
  const state = movingOf([track])
  t.deepEqual(told(onMovingMessage(RULES, state, polled(1, []))[1]), [])
  const done = {
    type: 'move.restored',
    move: M1,
    step: 'pause',
    problem: null,
    allowed: 'yes',
  } as const
  const [after] = onMovingMessage(RULES, state, done)
  t.deepEqual(told(onMovingMessage(RULES, after, polled(2, []))[1]), ['look'])
})

test('while an operator forbids the order, the time limit does not run', (t) => {
  const track = trackRow({ ...locked, phase: restoring({ sinceMs: 5 }) })
  const no = {
    type: 'move.restored',
    move: M1,
    step: 'pause',
    problem: 'disabled',
    allowed: 'no',
  } as const
  const [state] = onMovingMessage(RULES, movingOf([track]), no)
  t.like(state.tracks.get(M1)?.phase, { sinceMs: null, problem: 'disabled' })
})

test('an unlocked instance ends without another reading', (t) => {
  const done = {
    type: 'move.restored',
    move: M1,
    step: 'unlock',
    problem: null,
    allowed: 'yes',
  } as const
  const [, effects] = onMovingMessage(RULES, movingOf([trackRow(locked)]), done)
  t.deepEqual(told(effects), [`succeeded: ${DONE.reason}`])
})

const prepared: readonly (readonly [string, Partial<MoveTrack>, Partial<Instance>, string])[] = [
  ['an ordinary instance', {}, {}, 'request'],
  [
    'an ordinary one whose owner stops it now',
    {},
    { taskState: 'powering-off' },
    'prepare call-broken',
  ],
  ['a stopped one', { origin: STOPPED }, { vmState: 'stopped' }, 'request'],
  [
    'a stopped one that an attempt left in error',
    { origin: STOPPED },
    { vmState: 'error' },
    'prepare lock',
  ],
  ['a paused one', { origin: PAUSED }, { vmState: 'paused' }, 'prepare lock, call-broken'],
  [
    'a paused one that is locked',
    { origin: PAUSED },
    { vmState: 'paused', locked: true },
    'prepare call-broken',
  ],
  ['one in error', { origin: BROKEN }, { vmState: 'error' }, 'prepare lock'],
  [
    'one that is being deleted now',
    {},
    { taskState: 'deleting' },
    'ignored: its owner is deleting it',
  ],
]
for (const [what, change, now, expected] of prepared) {
  test(`before the evacuation of ${what}: ${expected}`, (t) => {
    const track = trackRow({ ...change, shown: instanceRow(now) })
    const [state, effects] = asking(movingOf([track]), 0)
    t.deepEqual(told(effects), [expected])
    t.is(state.tracks.get(M1)?.lock, expected.includes('lock') ? 'ours' : 'none')
  })
}

test('a prepared instance is requested with its new state', (t) => {
  const message: MovingMessage = {
    type: 'move.prepared',
    move: M1,
    target: THREE,
    done: ['lock', 'call-broken'],
  }
  const [state, effects] = onMovingMessage(RULES, movingOf([asked()]), message)
  t.deepEqual(told(effects), ['request'])
  t.like(state.tracks.get(M1)?.shown, { vmState: 'error', taskState: null })
})

test('a refusal shows the present state, and the next attempt prepares the instance soon', (t) => {
  const now = instanceRow({ taskState: 'powering-off' })
  const [state] = onMovingMessage(RULES, movingOf([asked()]), refused({ now }))
  t.like(state.tracks.get(M1)?.phase, { kind: 'pending', notBeforeMs: 1100 })
  t.deepEqual(told(asking(state, 1100)[1]), ['prepare call-broken'])
})

test('an evacuation that another user has requested is waited for, not repeated', (t) => {
  const shown = instanceRow({ taskState: 'rebuilding' })
  const before = movingOf([trackRow({ shown, olderRecords: ['record-1'] })])
  const [state, effects] = onMovingMessage(RULES, before, polled(1, [evacuationRow()]))
  t.deepEqual(told(effects), [])
  t.deepEqual(state.tracks.get(M1)?.phase, ongoing(true, 1))
  const [, more] = onMovingMessage(RULES, state, polled(2, [evacuationRow({ status: 'done' })]))
  t.deepEqual(told(more), [`succeeded: ${DONE.reason}`])
})

test('a rebuild that no process works on is reset', (t) => {
  const shown = instanceRow({ taskState: 'rebuilding' })
  const [, effects] = asking(movingOf([trackRow({ shown })]), 0)
  t.deepEqual(told(effects), ['prepare call-broken'])
})

test('a move that was given up and succeeds late has succeeded', (t) => {
  const failed = trackRow({ attempts: 1, phase: { kind: 'ended', outcome: 'failed' } })
  const done = polled(1, [evacuationRow({ status: 'done' })])
  const [, effects] = onMovingMessage(RULES, movingOf([failed]), done)
  t.deepEqual(told(effects), ['succeeded: Nova recorded it as done, late'])
  const stuck = { ...failed, whereabouts: 'arrived' } as const
  t.deepEqual(told(onMovingMessage(RULES, movingOf([stuck]), done)[1]), [])
})

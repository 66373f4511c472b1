/** The rule of instance states, one row for each combination (`ops/docs/instance-states.md`). */
import test from 'ava'
import {
  isUsual,
  mustReset,
  nextStep,
  restorationOf,
} from '../../../actors/evacuator/restoration.ts'
import type { MoveOrigin } from '../../../schema/records.ts'

const SHUT_DOWN = 4

/**
 * vm_state, task_state, power_state; the state in the end; whether it is reset first; whether it is
 * locked for its owner.
 */
const moves = [
  ['active', null, 1, 'active', false, false],
  ['active', 'powering-off', 1, 'active', true, true],
  ['active', 'rebooting_hard', 1, 'active', true, true],
  ['active', 'image_snapshot', 1, 'active', true, true],
  ['active', 'resize_prep', 1, 'active', true, true],
  ['active', 'rebuild_spawning', 1, 'active', true, true],
  ['active', 'shelving', 1, 'active', true, true],
  ['stopped', null, 4, 'stopped', false, false],
  ['stopped', 'powering-on', 4, 'stopped', true, true],
  ['stopped', 'resize_finish', 4, 'stopped', true, true],
  ['error', null, 0, 'error', false, true],
  ['error', 'rebuilding', 0, 'error', true, true],
  ['resized', null, 1, 'active', true, true],
  ['resized', 'powering-off', 1, 'active', true, true],
  ['resized', null, SHUT_DOWN, 'stopped', true, true],
  ['resized', 'powering-on', SHUT_DOWN, 'stopped', true, true],
  ['paused', null, 3, 'paused', true, true],
  ['paused', 'unpausing', 3, 'paused', true, true],
  ['suspended', null, 7, 'stopped', true, true],
  ['suspended', 'resuming', 7, 'stopped', true, true],
  ['rescued', null, 1, 'stopped', true, true],
  ['rescued', 'unrescuing', 1, 'stopped', true, true],
  ['shelved', null, 4, 'stopped', true, true],
  ['shelved', 'unshelving', 4, 'stopped', true, true],
  ['building', 'spawning', 0, 'active', true, true],
  ['something new', null, 1, 'stopped', true, true],
] as const

for (const [vmState, taskState, powerState, wanted, isReset, isGuarded] of moves) {
  const what = `${vmState}, ${taskState ?? 'no task'}, power ${powerState}`
  test(`an instance that was ${what} is moved and is ${wanted} then`, (t) => {
    const origin: MoveOrigin = { vmState, taskState, powerState, locked: false }
    t.deepEqual(restorationOf(origin), { kind: 'move', wanted })
    t.is(mustReset(origin), isReset)
    t.is(isUsual(origin), !isGuarded)
  })
}

const left = [
  ['active', 'deleting', /deleting it/],
  ['stopped', 'soft-deleting', /deleting it/],
  ['active', 'migrating', /live-migrated/],
  ['paused', 'migrating', /live-migrated/],
  ['active', 'resize_migrating', /between two hosts/],
  ['resized', 'resize_reverting', /between two hosts/],
  ['building', 'networking', /build had not come far enough/],
  ['building', 'block_device_mapping', /build had not come far enough/],
  ['building', null, /build had not come far enough/],
  ['shelved_offloaded', null, /on no host/],
  ['soft-delete', null, /has deleted it/],
  ['deleted', null, /has deleted it/],
] as const

for (const [vmState, taskState, reason] of left) {
  test(`an instance that was ${vmState}, ${taskState ?? 'no task'}, is left`, (t) => {
    const origin: MoveOrigin = { vmState, taskState, powerState: 1, locked: false }
    const restoration = restorationOf(origin)
    t.regex(restoration.kind === 'leave' ? restoration.reason : '', reason)
    t.false(isUsual(origin))
  })
}

/** The present state, the state before the fault, and the next order. */
const steps = [
  ['active', null, 'active', 'reached'],
  ['stopped', null, 'stopped', 'reached'],
  ['paused', null, 'paused', 'reached'],
  ['error', null, 'error', 'reached'],
  ['active', null, 'stopped', 'stop'],
  ['error', null, 'stopped', 'stop'],
  ['active', null, 'error', 'stop'],
  ['stopped', null, 'error', 'call-broken'],
  ['active', null, 'paused', 'pause'],
  ['active', 'powering-off', 'stopped', 'wait'],
  ['stopped', 'powering-on', 'stopped', 'wait'],
  ['stopped', null, 'active', 'impossible'],
  ['stopped', null, 'paused', 'impossible'],
  ['soft-delete', null, 'active', 'impossible'],
] as const

for (const [vmState, taskState, wanted, expected] of steps) {
  const now = `${vmState}${taskState === null ? '' : ` (${taskState})`}`
  test(`a moved instance that is ${now} and was ${wanted}: ${expected}`, (t) => {
    const next = nextStep(wanted, { vmState, taskState, powerState: 1 })
    t.is(next.kind === 'step' ? next.step : next.kind, expected)
  })
}

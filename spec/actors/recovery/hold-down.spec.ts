/**
 * Nothing new is begun soon after a start or a partition of the engine's own. What has begun
 * continues.
 */
import test from 'ava'
import { decide } from '../../../actors/recovery/decide.ts'
import { certificateRow, notificationRow, snapshotRow, commandRow } from '../records.ts'
import { afterUnder, AT_REST, consulted, recover, RULES } from './stage.ts'

const HOLDING = { ...RULES, holdDownMs: 60_000, partitionHoldDownMs: 15_000 }
const SETTLED = { ledForMs: 60_000, inContactForMs: Infinity }
const STARTED = 'hold-down: no host is acted on in the first 60 s of a leader'
const CUT_OFF =
  "hold-down: no host is acted on in the first 15 s after a partition of the engine's own"

for (const [title, when, decision] of [
  ['has just begun to lead', { ledForMs: 59_999 }, { reason: STARTED, leftMs: 1 }],
  ['has led for a while', {}, { kind: 'fence' }],
  ['was cut off a moment ago', { inContactForMs: 14_000 }, { reason: CUT_OFF, leftMs: 1000 }],
  ['is cut off', { inContactForMs: 0 }, { reason: CUT_OFF, leftMs: 15_000 }],
  ['was cut off a while ago', { inContactForMs: 15_000 }, { kind: 'fence' }],
] as const) {
  test(`what a leader that ${title} does about a new host`, (t) => {
    const decided = decide(HOLDING, { ...AT_REST, ...SETTLED, ...when, snapshot: snapshotRow() })
    t.like(decided, { kind: 'hold-down', ...decision })
  })
}

const FRESH = { ledForMs: 0, inContactForMs: 0 }

for (const [title, snapshot] of [
  ['a recovery that has begun', { notification: notificationRow({ status: 'running' }) }],
  ['a host that is certainly dead', { certificate: certificateRow() }],
  ['a recovery that an operator approves', { commands: [commandRow({ kind: 'approve' })] }],
] as const) {
  test(`${title} does not wait`, (t) => {
    const situation = { ...AT_REST, ...FRESH, snapshot: snapshotRow(snapshot) }
    t.is(decide(HOLDING, situation).kind, 'fence')
  })
}

for (const [inContactForMs, afterMs] of [
  [14_000, 1000],
  [0, 15_000],
] as const) {
  test(`an engine in contact for ${inContactForMs} ms decides again when the hold-down is over`, (t) => {
    const asked = consulted()
    if (!('to' in asked)) return t.fail()
    const message = { ...asked.message, ...SETTLED, inContactForMs }
    const { effects, phaseOf } = afterUnder(HOLDING, [recover(), { ...asked, message }])
    t.is(phaseOf(), 'held')
    t.like(
      effects.find(({ type }) => type === 'timer.start'),
      { afterMs },
    )
  })
}

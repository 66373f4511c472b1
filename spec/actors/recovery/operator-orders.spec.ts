/**
 * Pause, cancel and stop work in every phase of a recovery: what is under way is followed, and
 * nothing new is begun.
 */
import test from 'ava'
import type { Notification } from '../../../schema/records.ts'
import type { Control } from '../../../schema/recovery-control.ts'
import { H1, I1, N1, certificateRow, moveRow, commandRow } from '../records.ts'
import {
  UNTIL_EVACUATING,
  UNTIL_FENCING,
  about,
  after,
  concluded,
  consulted,
  evacuated,
  fenced,
  forbidden,
  recover,
  reportOf,
  started,
  suspended,
  unfenced,
  type Word,
} from './stage.ts'

const PAUSED: Control = { kind: 'paused', reason: 'paused by alice: lunch' }
const CANCELLED: Control = { kind: 'cancelled', reason: 'cancelled by alice: wrong host' }
const hear = (control: Control): Word => recover(reportOf(), null, { control })
const running = reportOf(N1, H1, { status: 'running', run: 1 })
const HELD = [recover(), consulted(reportOf(), { control: PAUSED })]

test('a paused recovery is held with the name of the operator, also when it is new', (t) => {
  const { effects, phaseOf } = after(...HELD)
  t.is(phaseOf(), 'held')
  t.like(effects[0], { type: 'recovery.note-held', reason: 'paused by alice: lunch' })
})

test('a held recovery is decided once as soon as its control changes', (t) => {
  t.is(after(...HELD, hear(PAUSED)).phaseOf(), 'held')
  t.is(after(...HELD, hear({ kind: 'running' })).phaseOf(), 'deciding')
  t.is(after(...HELD, hear(CANCELLED)).phaseOf(), 'deciding')
})

test('any command makes a held recovery be decided at once, and only once', (t) => {
  const hearCommands = (commandCount: number) =>
    recover(reportOf(), null, { control: PAUSED, commandCount })
  t.is(after(...HELD, hearCommands(1)).phaseOf(), 'deciding')
  const commands = [commandRow({ kind: 'approve' })]
  const heard = [...HELD, hearCommands(1), consulted(reportOf(), { control: PAUSED, commands })]
  t.is(after(...heard, hearCommands(1)).phaseOf(), 'held')
  t.is(after(...heard, hearCommands(2)).phaseOf(), 'deciding')
})

test('a recovery between two attempts is decided as soon as its control changes', (t) => {
  const pausing = [...UNTIL_FENCING, unfenced('fence.unconfirmed'), suspended()]
  t.is(after(...pausing, hear(CANCELLED)).phaseOf(), 'deciding')
})

const small = (change: Partial<Notification>): readonly Word[] => {
  const report = reportOf(N1, H1, change)
  return [recover(report), consulted(report), about('recovery.admitted')]
}
const UNTIL_RESTARTING = small({
  type: 'VM',
  payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: I1 },
})
const UNTIL_DISABLING = small({
  type: 'PROCESS',
  payload: { event: 'STOPPED', process_name: 'nova-compute' },
})

for (const [control, story, told] of [
  [PAUSED, UNTIL_FENCING, { to: `fence/${N1}`, message: { type: 'fence.forbid' } }],
  [CANCELLED, UNTIL_EVACUATING, { to: `evacuator/${N1}`, message: { type: 'evacuator.forbid' } }],
  [
    PAUSED,
    UNTIL_RESTARTING,
    { to: `instance-recovery/${N1}`, message: { type: 'instance.forbid' } },
  ],
  [
    CANCELLED,
    UNTIL_DISABLING,
    { to: `process-recovery/${N1}`, message: { type: 'process.forbid' } },
  ],
] as const) {
  test(`${told.to} of a recovery that is ${control.kind} is told once`, (t) => {
    t.like(after(...story, hear(control)).effects[0], { type: 'tell', ...told })
    t.deepEqual(after(...story, hear(control), hear(control)).effects, [])
    t.deepEqual(after(...story, hear(control), hear({ kind: 'running' })).effects, [])
  })
}

test('a fence that is confirmed after the command starts no evacuation', (t) => {
  const { effects, phaseOf, known } = after(...UNTIL_FENCING, hear(CANCELLED), fenced())
  t.is(phaseOf(), 'deciding')
  t.true(known()?.certified)
  t.deepEqual(started(effects), [])
})

test('a forbidden evacuation is decided again', (t) => {
  t.is(after(...UNTIL_EVACUATING, forbidden()).phaseOf(), 'deciding')
  t.deepEqual(after(...UNTIL_EVACUATING, evacuated(0), forbidden()).effects, [])
})

test('a forbidden recovery of an instance or a service is decided again, and has not failed', (t) => {
  const message = { type: 'fault.forbidden', notification: N1, reason: 'because' } as const
  const given: Word = { to: N1, message }
  t.is(after(...UNTIL_RESTARTING, given).phaseOf(), 'deciding')
  t.is(after(...UNTIL_DISABLING, given).phaseOf(), 'deciding')
})

test('a cancelled recovery ends', (t) => {
  const story = [recover(running), consulted(running, { control: CANCELLED })]
  const { effects, phaseOf } = after(...story)
  t.is(phaseOf(), 'concluding')
  t.like(effects[0], { type: 'recovery.cancel', reason: 'cancelled by alice: wrong host' })
  t.deepEqual(concluded(effects), [])
})

test('whatever the reason is, what Nova has under way is followed, without a fence', (t) => {
  const moves = [moveRow({ status: 'ongoing', attempts: 1 }), moveRow()]
  for (const control of [CANCELLED, PAUSED]) {
    const change = { control, moves, certificate: certificateRow() }
    const { effects, phaseOf } = after(recover(running), consulted(running, change))
    t.is(phaseOf(), 'evacuating')
    t.deepEqual(started(effects), [`evacuator/${N1}`])
    t.like(effects.at(-1), { argument: { forbidden: control.reason } })
  }
})

/** The control that results from operator commands, and which command fits which state. */
import test from 'ava'
import {
  askedForAt,
  objectionToSiteCommand,
  objectionToCommand,
  sinceRetry,
  controlOf,
} from '../../schema/recovery-control.ts'
import {
  OPERATOR_COMMANDS,
  type NotificationStatus,
  type OperatorCommandKind,
  type SiteCommand,
} from '../../schema/records.ts'
import { commandRow } from '../actors/records.ts'

const commands = (...given: readonly OperatorCommandKind[]) =>
  given.map((kind, givenAt) => commandRow({ kind, givenAt, reason: 'so' }))
const STOP: SiteCommand = { kind: 'stop', operator: 'bob', reason: 'fire drill', givenAt: 0 }
const RELEASE: SiteCommand = { ...STOP, kind: 'release' }

for (const [said, siteCommand, kind] of [
  [[], undefined, 'running'],
  [['approve', 'confirm-dead'], RELEASE, 'running'],
  [['pause'], undefined, 'paused'],
  [['pause', 'approve'], undefined, 'paused'],
  [['pause', 'resume'], undefined, 'running'],
  [['pause', 'resume'], STOP, 'stopped'],
  [['pause'], STOP, 'stopped'],
  [['pause', 'cancel'], undefined, 'cancelled'],
  [['cancel'], STOP, 'cancelled'],
  [['cancel', 'retry'], undefined, 'running'],
  [['cancel', 'retry', 'pause'], undefined, 'paused'],
] as const) {
  test(`a recovery is ${kind} after ${said.join(', ')} and ${siteCommand?.kind ?? 'nothing'}`, (t) => {
    t.is(controlOf(commands(...said), siteCommand).kind, kind)
  })
}

test('a control names the operator and the reason', (t) => {
  t.like(controlOf(commands('pause'), undefined), { reason: 'paused by alice: so' })
  t.like(controlOf([], STOP), { reason: 'all recoveries are stopped by bob: fire drill' })
})

test('commands before a retry do not count, and the time to expiry begins with the retry', (t) => {
  const said = commands('confirm-dead', 'cancel', 'retry', 'approve')
  t.deepEqual(sinceRetry(said), said.slice(3))
  t.deepEqual(sinceRetry(said.slice(0, 2)), said.slice(0, 2))
  t.is(askedForAt({ createdAt: 7 }, said), 2)
  t.is(askedForAt({ createdAt: 7 }, commands('pause')), 7)
})

/** The commands that fit a recovery of a host, by its status and the earlier commands. */
const FITTING: readonly (readonly [
  NotificationStatus,
  readonly OperatorCommandKind[],
  readonly OperatorCommandKind[],
])[] = [
  ['new', [], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
  ['running', [], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
  ['running', ['pause'], ['confirm-dead', 'approve', 'let-back', 'resume', 'cancel']],
  ['error', ['cancel'], ['let-back']],
  ['failed', [], ['let-back', 'retry']],
  ['ignored', ['cancel'], ['let-back', 'retry']],
  ['finished', [], ['let-back']],
  ['new', ['cancel', 'retry'], ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']],
]

for (const [status, before, fitting] of FITTING) {
  test(`a recovery that is ${status} after [${before.join()}] takes ${fitting.join()}`, (t) => {
    const recovery = { status, type: 'COMPUTE_HOST', commands: commands(...before) } as const
    const taken = OPERATOR_COMMANDS.filter(
      (command) => objectionToCommand(command, recovery) === undefined,
    )
    t.deepEqual(taken, fitting)
  })
}

test('a recovery of a guest accepts no command about its host', (t) => {
  const recovery = { status: 'running', type: 'VM', commands: [] } as const
  const taken = OPERATOR_COMMANDS.filter(
    (command) => objectionToCommand(command, recovery) === undefined,
  )
  t.deepEqual(taken, ['pause', 'cancel'])
})

test('a command that does not fit is answered with those that fit now', (t) => {
  const failed = { status: 'failed', type: 'COMPUTE_HOST', commands: [] } as const
  t.is(
    objectionToCommand('confirm-dead', failed),
    'it has ended: it is failed; possible now: let-back, retry',
  )
  const finished = { status: 'finished', type: 'VM', commands: [] } as const
  t.is(
    objectionToCommand('cancel', finished),
    'it has ended: it is finished; no command is possible now',
  )
})

test('a stop of everything is accepted once, and its release once', (t) => {
  t.is(objectionToSiteCommand('stop', undefined), undefined)
  t.is(objectionToSiteCommand('stop', RELEASE), undefined)
  t.is(objectionToSiteCommand('release', STOP), undefined)
  t.is(objectionToSiteCommand('stop', STOP), 'all recoveries are stopped by bob: fire drill')
  t.is(objectionToSiteCommand('release', undefined), 'nothing is stopped')
})

/** Every decision of a process is one line of its log, with its reason and its ids; repeats of one thing are one line. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { LINES } from '../../ops/roles/decision-lines.ts'
import { DecisionLog } from '../../ops/roles/decision-log.ts'
import { witnessed } from '../../ops/roles/witness.ts'
import type { Announcer } from '../../actors/ports/announcer.ts'
import type { WireBody } from '../../schema/messages/catalogue.ts'
import { CodedError } from '../../schema/errors.ts'
import { recordingLog } from '../support/logs.ts'

const SEGMENT = '11111111-1111-4111-8111-111111111111'
const NOTIFICATION = '22222222-2222-4222-8222-222222222222'
const INSTANCE = '33333333-3333-4333-8333-333333333333'
const HOLDER = 'lease-holder/engine'
const RECOVERY = `${HOLDER}/leader/7/segment/${SEGMENT}/recovery/${NOTIFICATION}`

type Step = Partial<WireBody<'recovery.stepped'>> & Pick<WireBody<'recovery.stepped'>, 'step'>

function open() {
  const log = recordingLog()
  const decisions = new DecisionLog(log)
  return {
    decisions,
    lines: log.lines,
    step: (step: Step): void =>
      decisions.announced('recovery.stepped', {
        notification: NOTIFICATION,
        host: 'compute-1',
        reason: 'so it is',
        evidence: [],
        ...step,
      }),
    see: (state: WireBody<'host.observed'>['state'], evidence: readonly string[] = []): void =>
      decisions.announced('host.observed', {
        host: INSTANCE,
        hostName: 'compute-1',
        segment: SEGMENT,
        observer: 'controller-1',
        state,
        evidence: [...evidence],
      }),
  }
}

test('leadership that is won, lost and given up is one line each, with the epoch and the reason', (t) => {
  const { decisions, lines } = open()
  decisions.turned(HOLDER, 'candidate', 'claiming-epoch', null)
  decisions.announced('leader.proclaimed', { holder: 'controller-1', epoch: 7 })
  decisions.turned(HOLDER, 'claiming-epoch', 'leader', null)
  decisions.turned(HOLDER, 'leader', 'candidate', 'another process has the lease')
  decisions.announced('leader.proclaimed', { holder: 'controller-1', epoch: 9 })
  decisions.turned(HOLDER, 'leader', 'resigned', null)
  t.deepEqual(lines, [
    'info this engine leads {"epoch":7}',
    'warn this engine does not lead any more {"epoch":7,"reason":"another process has the lease"}',
    'info this engine leads {"epoch":9}',
    'info this engine has given leadership up {"epoch":9,"reason":null}',
  ])
})

test('a standby that ends says nothing', (t) => {
  const { decisions, lines } = open()
  decisions.turned(HOLDER, 'candidate', 'resigned', null)
  t.deepEqual(lines, [])
})

test('while the store gives no epoch, one line says it, and another one when the reason changes', (t) => {
  const { decisions, lines } = open()
  for (const reason of ['away', 'away', 'away', 'read-only']) {
    decisions.turned(HOLDER, 'candidate', 'claiming-epoch', null)
    decisions.turned(HOLDER, 'claiming-epoch', 'candidate', reason)
  }
  t.deepEqual(
    lines.map((line) => /"reason":"(.+)"/.exec(line)?.[1]),
    ['away', 'read-only'],
  )
})

test('a step of a recovery is shown with its epoch, segment, notification, trace, host and reason', (t) => {
  const { decisions, lines, step } = open()
  decisions.announced('leader.proclaimed', { holder: 'controller-1', epoch: 7 })
  decisions.turned(RECOVERY, 'queued', 'deciding', null)
  step({ step: 'failed', reason: 'the host was not fenced' })
  t.is(
    lines.at(-1),
    'error the recovery has failed ' +
      JSON.stringify({
        epoch: 7,
        segment: SEGMENT,
        notification: NOTIFICATION,
        trace: '22222222222242228222222222222222',
        host: 'compute-1',
        reason: 'the host was not fenced',
        evidence: [],
      }),
  )
})

test('a hold with the same reason is one line, and after the recovery has acted it is news again', (t) => {
  const { lines, step } = open()
  step({ step: 'held', reason: 'maintenance' })
  step({ step: 'held', reason: 'maintenance' })
  step({ step: 'held', reason: 'the cap is reached' })
  step({ step: 'running' })
  step({ step: 'held', reason: 'the cap is reached' })
  t.deepEqual(
    lines.map((line) => line.split(' {')[0]),
    [
      'warn the recovery is held',
      'warn the recovery is held',
      'info the recovery acts',
      'warn the recovery is held',
    ],
  )
})

test('the fence tells when it begins, and why it ends without proof', (t) => {
  const { decisions, lines } = open()
  const fence = `${RECOVERY}/fence/${NOTIFICATION}`
  decisions.turned(fence, 'idle', 'climbing', null)
  decisions.turned(fence, 'climbing', 'certifying', null)
  decisions.turned(fence, 'climbing', 'unfenced', 'no rung is left')
  t.is(lines.length, 2)
  t.regex(lines[0] ?? '', /^info the fence begins .+"notification":"2222/)
  t.regex(lines[1] ?? '', /^warn the host could not be made certainly dead .+"no rung is left"/)
})

test('a move is shown with its instance and its destination', (t) => {
  const { decisions, lines } = open()
  decisions.announced('move.stepped', {
    notification: NOTIFICATION,
    instance: INSTANCE,
    instanceName: 'web-1',
    status: 'succeeded',
    dest: 'compute-2',
    reason: 'it runs there',
    done: 3,
    total: 5,
  })
  t.regex(
    lines[0] ?? '',
    /^info a move has succeeded .+"instance":"3333.+"dest":"compute-2".+"total":5/,
  )
})

test('an observer repeats what it sees, and only a change is a line', (t) => {
  const { lines, see } = open()
  see('alive')
  see('alive')
  see('suspect')
  see('dead', ['ssh: no answer'])
  see('dead', ['ssh: no answer'])
  see('blind')
  see('dead', ['ssh: no answer'])
  see('alive')
  t.deepEqual(
    lines.map((line) => line.split(' {')[0]),
    ['info a host is suspect', 'warn a host is seen dead', 'info a host is seen alive'],
  )
})

test('an observer that becomes blind is one line with the reason, whatever the number of its hosts', (t) => {
  const { decisions, lines, see } = open()
  decisions.turned('observer/hosts', 'sighted', 'blind', 'the bus is away')
  for (let hosts = 0; hosts < 100; hosts += 1) see('blind')
  t.deepEqual(lines, [
    'warn this observer is blind, and reports no host dead {"reason":"the bus is away"}',
  ])
})

test('a fault is a line when the bus has stored it, and not before', async (t) => {
  const log = recordingLog()
  let isAway = true
  const bus: Announcer = {
    announce: () => undefined,
    submit: async () => {
      if (isAway) throw new CodedError('BUS_UNAVAILABLE', 'away')
    },
  }
  const announcer = witnessed(bus, new DecisionLog(log))
  const fault = {
    instance: INSTANCE,
    hostName: 'compute-1',
    observer: 'compute-1',
    event: 'LIFECYCLE',
    domainEvent: 'STOPPED_FAILED',
    evidence: [],
  }
  await t.throwsAsync(announcer.submit('guest.failed', fault, 'id'))
  t.deepEqual(log.lines, [])
  isAway = false
  await announcer.submit('guest.failed', fault, 'id')
  t.regex(log.lines[0] ?? '', /^info a fault of a guest is reported .+"STOPPED_FAILED"/)
})

test('whatever is said, a line stays short', (t) => {
  const { lines, step } = open()
  const long = 'x'.repeat(2048)
  step({ step: 'running', reason: long, evidence: Array.from({ length: 64 }, () => long) })
  t.true((lines[0]?.length ?? 0) < 10_000, `${lines[0]?.length} characters`)
})

test('a path with slashes in its names confuses nobody', (t) => {
  const { decisions, lines } = open()
  decisions.turned('instance-watcher/a/b/fence', 'idle', 'x', null)
  decisions.turned('', 'leader', 'candidate', null)
  t.deepEqual(lines, [])
})

test('the page explains every line with its level, and no other', (t) => {
  const page = readFileSync('ops/docs/log.md', 'utf8')
  const shown = [...page.matchAll(/^\| `([^`]+)` +\| (info|warn|error) +\|/gm)].map(
    ([, text, level]) => `${level} ${text}`,
  )
  const written = new Set(LINES.map(({ level, text }) => `${level} ${text}`))
  t.deepEqual(shown.toSorted(), [...written].toSorted())
})

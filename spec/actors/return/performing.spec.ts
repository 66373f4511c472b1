/** How the tasks of the returner are done: what trouble becomes of which task, and what guards each act at its moment. */
import test from 'ava'
import type { AnyMessage } from '../../../actors/kernel/behaviour.ts'
import type { AnyPart } from '../../../actors/kernel/periodic.ts'
import { LeadershipTerm } from '../../../actors/leadership/leadership-term.ts'
import type { OpenChange } from '../../../actors/ports/ledger.ts'
import type { Returning } from '../../../actors/ports/store.ts'
import type { HostTask } from '../../../actors/return/host-return.ts'
import { hostReturn } from '../../../actors/return/perform-host-return.ts'
import { undoing } from '../../../actors/return/perform-undoing.ts'
import { unlocking } from '../../../actors/return/perform-unlocking.ts'
import type { ReturnWorld } from '../../../actors/return/return-world.ts'
import type { ChangeTask } from '../../../actors/return/undoing.ts'
import type { LockTask } from '../../../actors/return/unlocking.ts'
import { CodedError, type ErrorCode } from '../../../schema/errors.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { EPOCH, hostRow, instanceRow, moveRow, N1, ONE, serviceRow } from '../records.ts'

const returning: Returning = {
  host: hostRow(),
  segmentName: 'rack-1',
  by: N1,
  isGivenBack: false,
  choices: {},
  commands: [],
  deaths: [],
  disabledWith: null,
}
const change: OpenChange = {
  id: 1,
  notification: N1,
  kind: 'spare',
  subject: '7',
  state: 'open',
  host: hostRow(),
  recoveryEnded: true,
  failedHostIsBack: false,
}
const move = moveRow()
const service = 'service-1'

/** A world in which all that is called is written down, and either answers or throws this error. */
function sceneOf(trouble?: Error) {
  const told: string[] = []
  const clock = new VirtualClock()
  const term = new LeadershipTerm(clock)
  term.hold(EPOCH, Number.POSITIVE_INFINITY)
  const call =
    <Value>(name: string, value: Value) =>
    async (): Promise<Value> => {
      told.push(name)
      if (trouble !== undefined) throw trouble
      return value
    }
  const world: ReturnWorld = {
    term,
    clock,
    announcer: {
      announce: (type, body) => void told.push(`${type} ${'step' in body ? body.step : ''}`),
      submit: call('submit', undefined),
    },
    shell: { probe: call('probe', { outcome: 'alive', detail: 'it answers' }) },
    store: {
      listReturning: call('listReturning', []),
      releaseHost: call('releaseHost', undefined),
      listChanges: call('listChanges', []),
      closeChange: call('closeChange', undefined),
      returnSpare: call('returnSpare', true),
      listLeftLocked: call('listLeftLocked', []),
      noteLock: call('noteLock', undefined),
      listSiteCommands: call('listSiteCommands', []),
      appendJournal: call('appendJournal', undefined),
    },
    compute: {
      findService: call('findService', serviceRow()),
      listEvacuations: call('listEvacuations', []),
      listInstances: call('listInstances', []),
      listAggregates: call('listAggregates', []),
      getInstance: call('getInstance', instanceRow({ locked: true })),
      readLock: call('readLock', 'instance-ha moves it away from a failed host'),
      clearForcedDown: call('clearForcedDown', undefined),
      enable: call('enable', undefined),
      disable: call('disable', undefined),
      leaveAggregate: call('leaveAggregate', undefined),
      unlock: call('unlock', undefined),
    },
    rules: {
      lookIntervalMs: 1000,
      failuresMin: 3,
      windowMs: 1000,
      firstMs: 1000,
      longestMs: 1000,
    },
    policy: {
      rungs: [],
      consentSegments: [],
      returnToService: 'automatic',
      deadDomain: 'hosts' as const,
      storm: { hostsMax: 1, shareMax: 0.1, windowMs: 1000 },
    },
    sshTimeoutMs: 1000,
  }
  return { world, term, told }
}

type PartOf = (world: ReturnWorld, epoch: typeof EPOCH) => AnyPart
type Task = HostTask | ChangeTask | LockTask
type Row = readonly [partOf: PartOf, task: Task]

const does = async ([partOf, task]: Row, world: ReturnWorld): Promise<AnyMessage> =>
  (await partOf(world, EPOCH).perform(task, new AbortController().signal)) as AnyMessage // as each answer is

const hostStep = (step: (HostTask & { readonly type: 'host.take' })['step']): Row => [
  hostReturn,
  { type: 'host.take', returning, step },
]
const changeStep = (step: (ChangeTask & { readonly type: 'change.take' })['step']): Row => [
  undoing,
  { type: 'change.take', change, step },
]

/** Each act, and all that it calls. */
const ACTS: readonly (readonly [row: Row, calls: readonly string[]])[] = [
  [hostStep({ kind: 'clear-forced-down', service }), ['clearForcedDown']],
  [hostStep({ kind: 'enable', service }), ['enable']],
  [hostStep({ kind: 'let-back' }), ['releaseHost']],
  [changeStep({ kind: 'reserve' }), ['returnSpare']],
  [changeStep({ kind: 'enable', service }), ['enable']],
  [changeStep({ kind: 'disable', service }), ['disable']],
  [changeStep({ kind: 'leave-aggregate' }), ['leaveAggregate']],
  [
    [unlocking, { type: 'lock.undo', move }],
    ['appendJournal', 'readLock', 'unlock'],
  ],
]

for (const [row, calls] of ACTS) {
  const [, task] = row
  const title = 'step' in task ? `${task.type}, ${task.step.kind}` : task.type

  test(`${title}: it is done while we lead`, async (t) => {
    const { world, told } = sceneOf()
    await does(row, world)
    t.deepEqual(told, calls)
  })

  test(`${title}: it is not done once the lease is lost`, async (t) => {
    const { world, term, told } = sceneOf()
    term.end()
    await t.throwsAsync(does(row, world), { code: 'STALE_EPOCH' })
    t.deepEqual(
      told,
      calls.filter((call) => call === 'appendJournal'),
    )
  })
}

const ledger = { changes: [change], aggregates: [] }
const list: Row = [hostReturn, { type: 'hosts.list' }]
const look: Row = [hostReturn, { type: 'host.look', returning }]
const detail = 'it waits'
const say: Row = [hostReturn, { type: 'host.say', returning, kind: 'decision', detail }]
const takeHost = hostStep({ kind: 'let-back' })
const changes: Row = [undoing, { type: 'changes.list' }]
const aggregates: Row = [undoing, { type: 'aggregates.list', changes: [change] }]
const lookAtChange: Row = [undoing, { type: 'change.look', change, ledger }]
const sayOfChange: Row = [undoing, { type: 'change.say', change, kind: 'decision', detail }]
const takeChange = changeStep({ kind: 'leave-aggregate' })
const locks: Row = [unlocking, { type: 'locks.list' }]
const lookAtLock: Row = [unlocking, { type: 'lock.look', move }]
const forget: Row = [unlocking, { type: 'lock.forget', move }]

/** What the trouble of a task is answered with; `crash` when it is a defect, or the end of our time. */
const TROUBLES: readonly (readonly [row: Row, code: ErrorCode, answer: string])[] = [
  [list, 'STORE_UNAVAILABLE', 'hosts.store-away'],
  [list, 'KEY_MISSING', 'crash'],
  [look, 'COMPUTE_UNAVAILABLE', 'host.failed'],
  [look, 'IDENTITY_REFUSED', 'host.failed'],
  [say, 'STORE_CONFLICT', 'hosts.store-away'],
  [say, 'STALE_EPOCH', 'crash'],
  [takeHost, 'STORE_UNAVAILABLE', 'hosts.store-away'],
  [takeHost, 'STALE_EPOCH', 'crash'],
  [changes, 'STORE_UNAVAILABLE', 'changes.store-away'],
  [changes, 'KEY_MISSING', 'crash'],
  [aggregates, 'COMPUTE_UNAVAILABLE', 'changes.away'],
  [lookAtChange, 'COMPUTE_REFUSED', 'changes.away'],
  [sayOfChange, 'STORE_UNAVAILABLE', 'changes.away'],
  [takeChange, 'COMPUTE_REFUSED', 'change.refused'],
  [takeChange, 'COMPUTE_UNAVAILABLE', 'changes.away'],
  [takeChange, 'STALE_EPOCH', 'crash'],
  [locks, 'STORE_UNAVAILABLE', 'locks.store-away'],
  [lookAtLock, 'COMPUTE_UNAVAILABLE', 'lock.failed'],
  [forget, 'STORE_UNAVAILABLE', 'lock.failed'],
  [forget, 'STALE_EPOCH', 'crash'],
]

for (const [row, code, answer] of TROUBLES) {
  test(`${row[1].type} and ${code}: ${answer}`, async (t) => {
    const { world, told } = sceneOf(new CodedError(code, 'for a reason'))
    if (answer === 'crash') await t.throwsAsync(does(row, world), { code })
    else t.is((await does(row, world)).type, answer)
    t.false(
      told.some((line) => line.startsWith('recovery.stepped')),
      'nothing is announced',
    )
  })
}

test('every failure without a code is a defect, and crashes', async (t) => {
  for (const [row] of TROUBLES) {
    const { world } = sceneOf(new TypeError('broken'))
    await t.throwsAsync(does(row, world), { message: 'broken' })
  }
})

test('what is announced is on record', async (t) => {
  const { world, told } = sceneOf()
  t.deepEqual(await does(say, world), { type: 'host.said', returning, detail })
  t.deepEqual(await does(sayOfChange, world), { type: 'change.said', change, detail })
  t.deepEqual(told, [
    'appendJournal',
    'recovery.stepped return',
    'appendJournal',
    'recovery.stepped give-back',
  ])
})

const SSH = JSON.stringify({ ssh: { host: '192.0.2.1', username: 'ha' } })

test('a host with SSH is asked over SSH, another one is not', async (t) => {
  const { world, told } = sceneOf()
  const seen = { nowWallMs: world.clock.wallMs(), service: serviceRow(), evacuations: [] }
  t.deepEqual(await does(look, world), {
    type: 'host.looked',
    returning,
    seen: { ...seen, ssh: { kind: 'none' } },
  })
  t.false(told.includes('probe'))
  const reachable = { ...returning, host: hostRow({ name: ONE, controlAttributes: SSH }) }
  t.deepEqual(await does([hostReturn, { type: 'host.look', returning: reachable }], world), {
    type: 'host.looked',
    returning: reachable,
    seen: { ...seen, ssh: { kind: 'answers' } },
  })
  t.true(told.includes('probe'))
})

/** The reporting store keeps all promises of stores, and reports its writes to others. */
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import test from 'ava'
import type { ReportPhase, ReportPort, ReportSubject } from '../../actors/ports/reports.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { reportingStore } from '../../ops/roles/reporting-store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import { hostName, instanceId } from '../../schema/ids.ts'
import { openSqliteStore } from '../../transports/sql/sqlite.ts'
import { plannedRow } from '../support/planned.ts'
import { temporaryDirectory } from '../support/process.ts'
import { storeConformance } from '../support/store-conformance.ts'
import {
  hostFields,
  hostStopped,
  incident,
  segmentFields,
  storeWorld,
  type StoreDatabase,
  type StoreWorld,
} from '../support/store-world.ts'

/** Keeps what is reported to it. */
class Listener implements ReportPort {
  readonly heard: (readonly [ReportSubject, ReportPhase])[] = []
  report(subject: ReportSubject, phase: ReportPhase): void {
    this.heard.push([subject, phase])
  }
  /** `segment.create.start` and so on, since the last call. */
  events(): readonly string[] {
    return this.heard
      .splice(0)
      .map(([{ kind, action }, phase]) => `${kind}.${action}.${phase.kind}`)
  }
}

async function openDatabase(listener: ReportPort = new Listener()): Promise<StoreDatabase> {
  const directory = await temporaryDirectory('reporting')
  const path = join(directory.path, 'store.db')
  return {
    open: (ports) => reportingStore(openSqliteStore(path, ports), listener),
    execute(sql) {
      using database = new DatabaseSync(path)
      database.exec(sql)
      return Promise.resolve()
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

storeConformance(test, () => openDatabase())

interface Stage extends AsyncDisposable {
  readonly world: StoreWorld
  readonly store: StorePort
  readonly listener: Listener
}

async function stage(): Promise<Stage> {
  const listener = new Listener()
  const world = await storeWorld(() => openDatabase(listener))
  return {
    world,
    store: world.store,
    listener,
    [Symbol.asyncDispose]: async () => await world[Symbol.asyncDispose](),
  }
}

test('each change of a segment or host is reported when it begins and when it is done', async (t) => {
  await using opened = await stage()
  const { store, listener } = opened
  const segment = await store.createSegment(segmentFields('zone-a'))
  await store.updateSegment(segment.uuid, { description: 'rack 7' })
  const host = await store.createHost(segment.uuid, hostFields('compute-1'))
  await store.updateHost(segment.uuid, host.uuid, { reserved: true })
  await store.deleteHost(segment.uuid, host.uuid)
  await store.deleteSegment(segment.uuid)
  const changes = ['segment.create', 'segment.update', 'host.create', 'host.update']
  const expected = [...changes, 'host.delete', 'segment.delete']
  t.deepEqual(
    listener.events(),
    expected.flatMap((change) => [`${change}.start`, `${change}.end`]),
  )
})

test('a change is reported with the wanted fields first, and then with the stored ones', async (t) => {
  await using opened = await stage()
  const { store, listener } = opened
  const segment = await store.createSegment(segmentFields('zone-a'))
  const [start, end] = listener.heard
  t.deepEqual(start, [
    { kind: 'segment', action: 'create', segment: segmentFields('zone-a') },
    { kind: 'start' },
  ])
  t.deepEqual(end, [{ kind: 'segment', action: 'create', segment }, { kind: 'end' }])
  listener.events()
  await store.updateSegment(segment.uuid, { name: 'zone-b' })
  t.like(listener.heard[0]?.[0], { segment: { uuid: segment.uuid, name: 'zone-b' } })
})

test('the reason of a refused write is reported, and still thrown', async (t) => {
  await using opened = await stage()
  const { store, listener } = opened
  await store.createSegment(segmentFields('zone-a'))
  listener.events()
  await t.throwsAsync(store.createSegment(segmentFields('zone-a')), { name: 'CodedError' })
  const [, refusal] = listener.heard
  t.like(refusal?.[1], { kind: 'error', fault: { code: 'SEGMENT_NAME_TAKEN' } })
  t.deepEqual(listener.events(), ['segment.create.start', 'segment.create.error'])
})

test('a write to a missing row is refused without an event', async (t) => {
  await using opened = await stage()
  const { store, listener } = opened
  const { host } = await incident(opened.world)
  const gone = await store.createSegment(segmentFields('gone'))
  await store.deleteSegment(gone.uuid)
  listener.events()
  const refusals = [
    () => store.updateSegment(gone.uuid, { name: 'x' }),
    () => store.deleteSegment(gone.uuid),
    () => store.createHost(gone.uuid, hostFields('compute-9')),
    () => store.updateHost(gone.uuid, host.uuid, { reserved: true }),
    () => store.deleteHost(gone.uuid, host.uuid),
  ]
  for (const refused of refusals) await t.throwsAsync(refused())
  t.deepEqual(listener.events(), [])
})

test('no credentials of a host are reported', async (t) => {
  await using opened = await stage()
  const { store, listener } = opened
  const segment = await store.createSegment(segmentFields('zone-a'))
  const ipmi = { host: '192.0.2.1', username: 'ha', password: 'calvin' }
  const controlAttributes = JSON.stringify({ ipmi })
  const host = await store.createHost(segment.uuid, {
    ...hostFields('compute-1'),
    controlAttributes,
  })
  await store.updateHost(segment.uuid, host.uuid, { controlAttributes, reserved: true })
  await store.deleteHost(segment.uuid, host.uuid)
  const said = JSON.stringify(listener.heard)
  t.true(said.includes('192.0.2.1'))
  t.false(said.includes('calvin'))
})

test('of many equal reports one creates a notification, and one is reported', async (t) => {
  await using opened = await stage()
  const { store, listener, world } = opened
  await incident(world)
  t.deepEqual(listener.events().slice(-2), ['notification.create.start', 'notification.create.end'])
  await store.acceptNotification(hostStopped('compute-1', world.clock.wall))
  await store.acceptNotification(hostStopped('compute-unknown', world.clock.wall))
  t.deepEqual(listener.events(), [])
})

const TRANSITIONS: readonly (readonly [
  string,
  readonly NotificationStatus[],
  readonly string[],
])[] = [
  ['a recovery that finishes', ['running', 'finished'], ['start running', 'end finished']],
  ['one that is ignored at once', ['ignored'], ['end ignored']],
  [
    'one that is tried again',
    ['running', 'error', 'running', 'finished'],
    ['start running', 'error error', 'start running', 'end finished'],
  ],
  ['one that fails for good', ['running', 'failed'], ['start running', 'error failed']],
  [
    'one that another leader takes up',
    ['running', 'running', 'finished'],
    ['start running', 'end finished'],
  ],
  [
    'one that had ended already',
    ['running', 'finished', 'failed'],
    ['start running', 'end finished'],
  ],
]
for (const [what, statuses, expected] of TRANSITIONS) {
  test(`${what} is reported step by step`, async (t) => {
    await using opened = await stage()
    const { store, listener } = opened
    const { notification, epoch, segment } = await incident(opened.world)
    listener.events()
    await store.readSnapshot(segment.uuid, notification.uuid, 0)
    for (const to of statuses) {
      const transition = { from: ['new', 'running', 'error'], to, reason: `it is ${to}` } as const
      await store.recordTransition(epoch, { notification: notification.uuid, ...transition })
    }
    const heard = listener.heard.map(([subject, { kind }]) =>
      subject.kind === 'notification' && 'status' in subject.notification
        ? `${kind} ${subject.notification.status}`
        : subject.kind,
    )
    t.deepEqual(heard, expected)
  })
}

test('a recovery that this process has only listed is known too', async (t) => {
  await using opened = await stage()
  const { listener, world } = opened
  const { notification, epoch } = await incident(world)
  const next = world.openAnother()
  await next.listUnfinished()
  listener.events()
  await next.recordTransition(epoch, {
    notification: notification.uuid,
    from: ['new'],
    to: 'failed',
    reason: 'too old',
  })
  t.like(listener.heard[0]?.[1], { fault: { code: 'RecoveryFailed', message: 'too old' } })
})

test('a late completion that finishes a recovery is reported, and one that leaves it failed is not', async (t) => {
  await using opened = await stage()
  const { store, listener, world } = opened
  const { notification, host, epoch } = await incident(world)
  const ids = ['0f0e0d0c-0000-4000-8000-000000000001', '0f0e0d0c-0000-4000-8000-000000000002']
  const plan = ids.map((id) => plannedRow(instanceId(id), 'vm'))
  const moves = await store.planMoves(epoch, notification.uuid, host.name, plan)
  const change = { destHost: null, message: null } as const
  for (const { uuid: move } of moves) {
    await store.updateMove(epoch, { ...change, move, from: ['pending'], to: 'ongoing' })
    await store.updateMove(epoch, { ...change, move, from: ['ongoing'], to: 'failed' })
  }
  const end = { notification: notification.uuid, from: ['new'], to: 'failed' } as const
  await store.recordTransition(epoch, { ...end, reason: '2 instances failed' })
  listener.events()
  const [one, other] = moves
  if (one === undefined || other === undefined) return t.fail()
  await store.recordLateCompletion(epoch, one.uuid, hostName('compute-2'))
  t.deepEqual(listener.events(), [])
  await store.recordLateCompletion(epoch, other.uuid, hostName('compute-2'))
  t.like(listener.heard[0]?.[0], {
    action: 'process',
    notification: { uuid: notification.uuid, status: 'finished' },
  })
  t.deepEqual(listener.events(), ['notification.process.end'])
})

test('messages of a database are not reported to others', async (t) => {
  const listener = new Listener()
  await using world = await storeWorld(() => openDatabase())
  const broken: StorePort = {
    ...world.store,
    createSegment: async () => {
      throw new CodedError('STORE_UNAVAILABLE', 'mysql://ha:hush@10.0.0.9/ha')
    },
    acceptNotification: async () => {
      throw new Error('hush')
    },
  }
  const store = reportingStore(broken, listener)
  await t.throwsAsync(store.createSegment(segmentFields('zone-a')), { message: /hush/ })
  await t.throwsAsync(store.acceptNotification(hostStopped('compute-1', 0)), { message: /hush/ })
  t.false(JSON.stringify(listener.heard).includes('hush'))
  t.deepEqual(listener.events(), [
    'segment.create.start',
    'segment.create.error',
    'notification.create.error',
  ])
})

/**
 * What every store keeps of a recovery's instances: their earlier states, every attempt, and our
 * locks.
 */
import { gaveWayTo } from '../../actors/ports/host-fault.ts'
import type { Refuser } from '../../actors/ports/move-store.ts'
import type { NewNotification } from '../../actors/ports/store.ts'
import {
  hostName,
  instanceId,
  epoch as toEpoch,
  type HostName,
  type NotificationId,
} from '../../schema/ids.ts'
import type { MoveStatus, Notification } from '../../schema/records.ts'
import { plannedRow } from './planned.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'

const VM = instanceId('0f0e0d0c-0000-4000-8000-000000000001')
const OTHER = instanceId('0f0e0d0c-0000-4000-8000-000000000002')
const PAUSED = { vmState: 'paused', taskState: 'unpausing', powerState: 3, locked: true }
const STOPPED = { vmState: 'stopped', taskState: null, powerState: 4, locked: true }
const BROKEN = { vmState: 'error', taskState: null, powerState: 0, locked: false }

const BEGIN = { from: ['new'], to: 'running', reason: 'a run begins' } as const

const guestFailed = (host: string, instance: string, generatedAt: number): NewNotification => ({
  ...hostStopped(host, generatedAt),
  type: 'VM',
  payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: instance },
})

/** Registers the tests. */
export function moveConformance(test: RegisterTest, open: OpenWorld): void {
  test('the earlier state of an instance is kept with its first plan, whatever later plans say', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const plan = (origin: typeof PAUSED | typeof BROKEN) =>
      store.planMoves(epoch, notification.uuid, host.name, [plannedRow(VM, 'vm-1', { origin })])
    const [first] = await plan(PAUSED)
    t.like(first, { origin: PAUSED, held: false, status: 'pending' })
    const [again] = await plan(BROKEN)
    t.deepEqual(again, first)
  })

  test('a move that is ignored from the beginning has ended, with its reason', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, host, epoch } = await incident(world)
    const leave = { status: 'ignored', message: 'its owner is deleting it' } as const
    const rows = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1', leave),
    ])
    t.like(rows[0], { ...leave, endedAt: clock.wall, startedAt: null, attempts: 0 })
  })

  test('a lock of ours is recorded, and its removal too', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const plan = () =>
      store.planMoves(epoch, notification.uuid, host.name, [plannedRow(VM, 'vm-1')])
    const [move] = await plan()
    if (move === undefined) return t.fail()
    for (const lock of ['held', 'held', 'free', 'free'] as const) {
      await store.noteLock(epoch, move.uuid, lock)
      t.like((await plan())[0], { held: lock === 'held' })
    }
  })

  test('an instance that an ended recovery has locked is listed until it is recorded as free', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const [move] = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1'),
      plannedRow(OTHER, 'vm-2'),
    ])
    if (move === undefined) return t.fail()
    const left = async () => (await store.listLeftLocked()).map(({ uuid }) => uuid)
    await store.noteLock(epoch, move.uuid, 'held')
    t.deepEqual(await left(), [])
    const about = { notification: notification.uuid, reason: 'test' } as const
    await store.recordTransition(epoch, { ...about, from: ['new'], to: 'ignored' })
    t.deepEqual(await left(), [move.uuid])
    // A recovery that works on the same instance keeps the lock.
    world.clock.wall += 3_600_000
    const later = await accepted(store, hostStopped(host.name, world.clock.wall))
    await store.planMoves(epoch, later.uuid, host.name, [plannedRow(VM, 'vm-1', { held: true })])
    t.deepEqual(await left(), [])
    await store.recordTransition(epoch, {
      ...about,
      notification: later.uuid,
      from: ['new'],
      to: 'failed',
    })
    t.is((await left()).length, 2)
    await store.noteLock(epoch, move.uuid, 'free')
    t.is((await left()).length, 1)
  })

  test('every attempt is kept with its target and its end, and a late success is the last one’s', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, host, epoch } = await incident(world)
    const [move] = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1'),
    ])
    if (move === undefined) return t.fail()
    const change = (
      from: MoveStatus,
      to: MoveStatus,
      dest: string | null,
      message: string | null,
    ) => {
      clock.wall += 1000
      const destHost = dest === null ? null : hostName(dest)
      return store.updateMove(epoch, { move: move.uuid, from: [from], to, destHost, message })
    }
    const again = () => store.planMoves(epoch, notification.uuid, host.name, [])
    t.deepEqual(await store.listAttempts(notification.uuid), [])
    t.true(await change('pending', 'ongoing', 'compute-2', null))
    const one = { move: move.uuid, number: 1, run: 0, target: 'compute-2', requestedAt: clock.wall }
    t.deepEqual(await store.listAttempts(notification.uuid), [
      { ...one, endedAt: null, outcome: null, reason: null },
    ] as never)
    t.true(await change('ongoing', 'pending', null, 'turned down'))
    const failed = { ...one, endedAt: clock.wall, outcome: 'failed', reason: 'turned down' }
    await store.recordTransition(epoch, { notification: notification.uuid, ...BEGIN })
    t.like((await again())[0], { askedInRun: 0 })
    t.true(await change('pending', 'ongoing', 'compute-3', null))
    const requestedAt = clock.wall
    t.like((await again())[0], { askedInRun: 1 })
    t.true(await change('ongoing', 'failed', null, 'too slow'))
    t.false(await change('ongoing', 'succeeded', 'compute-3', null))
    t.true(await change('failed', 'succeeded', 'compute-3', null))
    const two = { move: move.uuid, number: 2, run: 1, target: 'compute-3', requestedAt }
    t.deepEqual(await store.listAttempts(notification.uuid), [
      failed,
      { ...two, endedAt: clock.wall, outcome: 'succeeded', reason: null },
    ] as never)
  })

  test('an attempt that Nova did not process does not count, and the next one takes its number', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const [move] = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1'),
    ])
    if (move === undefined) return t.fail()
    const begin = { move: move.uuid, from: ['pending'], to: 'ongoing', message: null } as const
    await store.withdrawAttempt(epoch, move.uuid, 'never asked')
    t.like(await store.getMove(notification.uuid, move.uuid), { status: 'pending', message: null })
    for (const destHost of ['compute-2', 'compute-3'].map(hostName)) {
      t.true(await store.updateMove(epoch, { ...begin, destHost }))
      await store.withdrawAttempt(epoch, move.uuid, 'busy')
      const withdrawn = { status: 'pending', attempts: 0, destHost: null, message: 'busy' } as const
      t.like(await store.getMove(notification.uuid, move.uuid), withdrawn)
      t.deepEqual(await store.listAttempts(notification.uuid), [])
    }
    t.true(await store.updateMove(epoch, { ...begin, destHost: hostName('compute-4') }))
    t.like((await store.listAttempts(notification.uuid))[0], { number: 1, target: 'compute-4' })
    await t.throwsAsync(store.withdrawAttempt(toEpoch(epoch - 1), move.uuid, 'stale'), {
      code: 'STALE_EPOCH',
    })
  })

  test('a host that refuses an instance is known to the next leader, until the next run', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    await store.recordTransition(epoch, { notification: notification.uuid, ...BEGIN })
    const plan = () =>
      store.planMoves(epoch, notification.uuid, host.name, [plannedRow(VM, 'vm-1')])
    const [move] = await plan()
    if (move === undefined) return t.fail()
    const ask = async (target: string | null) => {
      const destHost = target === null ? null : hostName(target)
      const change = { move: move.uuid, message: null, destHost } as const
      t.true(await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' }))
    }
    const refuse = (by: string | null, from: Refuser = by === null ? 'scheduler' : 'target') =>
      store.recordRefusal(epoch, move.uuid, {
        by: by === null ? null : hostName(by),
        from,
        message: 'no thanks',
      })
    const back = { move: move.uuid, from: ['ongoing'], destHost: null, message: 'lost' } as const
    const refusedBy = async () => (await plan())[0]?.refusedBy
    const failedBy = async () => (await plan())[0]?.failedBy
    const hadNoHost = async () => (await plan())[0]?.hadNoHost

    await ask('compute-2')
    await refuse('compute-2')
    t.like((await plan())[0], { status: 'pending', destHost: null, message: 'no thanks' })
    t.like((await store.listAttempts(notification.uuid))[0], {
      target: 'compute-2',
      outcome: 'refused',
      reason: 'no thanks',
    })
    await ask('compute-3')
    await store.updateMove(epoch, { ...back, to: 'pending' })
    t.deepEqual(await refusedBy(), ['compute-2'], 'who was not heard has refused nothing')
    t.is(await failedBy(), null)
    await refuse('compute-3')
    t.is(await failedBy(), hostName('compute-3'))
    t.deepEqual(await refusedBy(), ['compute-2', 'compute-3'], 'unless it is heard late')
    await ask(null)
    await refuse(null)
    t.deepEqual(await refusedBy(), ['compute-2', 'compute-3'])
    t.is(await hadNoHost(), 1)
    await t.throwsAsync(
      store.recordRefusal(toEpoch(epoch - 1), move.uuid, {
        by: null,
        from: 'scheduler',
        message: 'stale',
      }),
      { code: 'STALE_EPOCH' },
    )

    const end = { notification: notification.uuid, from: ['running'], reason: 'x' } as const
    await store.recordTransition(epoch, { ...end, to: 'error' })
    await store.recordTransition(epoch, { ...end, from: ['error'], to: 'running' })
    t.deepEqual(await refusedBy(), [], 'in the next run everybody may be asked again')
    t.is(await hadNoHost(), 1, 'no run counts it as an attempt')
    world.clock.wall += 5000
    await ask('compute-4')
    await refuse('compute-4', 'scheduler')
    world.clock.wall += 2000
    await ask('compute-2')
    t.is(await failedBy(), null, 'the latest request is open')
    await refuse('compute-2', 'scheduler')
    t.is(await failedBy(), null, 'it did not reach a host')
    world.clock.wall += 1000
    t.deepEqual(await refusedBy(), [], 'who was not accepted is not passed over')
    t.is(await hadNoHost(), 3)
    t.deepEqual((await plan())[0]?.refusals, [
      { host: hostName('compute-2'), times: 2, byScheduler: 1, agoMs: 1000 },
      { host: hostName('compute-3'), times: 1, byScheduler: 0, agoMs: 8000 },
      { host: hostName('compute-4'), times: 1, byScheduler: 1, agoMs: 3000 },
    ])
    await ask('compute-2')
    await refuse('compute-2')
    t.deepEqual(await refusedBy(), ['compute-2'])
    await ask('compute-3')
    await store.updateMove(epoch, { ...back, to: 'failed' })
    await refuse('compute-3')
    t.like((await plan())[0], { status: 'failed', refusedBy: ['compute-2'] })
  })

  test('moves that an earlier recovery began and did not complete are listed, and no others', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const [touched, untouched] = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1', { origin: PAUSED }),
      plannedRow(OTHER, 'vm-2'),
    ])
    if (touched === undefined || untouched === undefined) return t.fail()
    const change = { move: touched.uuid, destHost: null, message: null } as const
    await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' })
    await store.updateMove(epoch, { ...change, from: ['ongoing'], to: 'failed' })
    await store.recordTransition(epoch, {
      notification: notification.uuid,
      from: ['new'],
      to: 'failed',
      reason: 'x',
    })
    t.deepEqual(await store.listTouched(host.name, notification.uuid), [])
    world.clock.wall += 3_600_000
    const later = await accepted(store, hostStopped(host.name, world.clock.wall))
    const listed = await store.listTouched(host.name, later.uuid)
    t.deepEqual(
      listed.map((move) => [move.uuid, move.origin, move.status]),
      [[touched.uuid, PAUSED, 'failed']],
    )
    await store.noteLock(epoch, untouched.uuid, 'held')
    t.is((await store.listTouched(host.name, later.uuid)).length, 2)
    await store.updateMove(epoch, { ...change, from: ['failed'], to: 'succeeded' })
    t.is((await store.listTouched(host.name, later.uuid)).length, 1)
    t.deepEqual(await store.listTouched(hostName('compute-9'), later.uuid), [])
  })

  test('an instance that had failed before its host is to run, although it was planned as stopped', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const plan = (failed: boolean) =>
      store.planMoves(
        epoch,
        notification.uuid,
        host.name,
        [VM, OTHER].map((instance) =>
          plannedRow(instance, 'vm', failed ? { failedBefore: true } : { origin: STOPPED }),
        ),
      )
    const [first] = await plan(false)
    if (first === undefined) return t.fail()
    const change = { move: first.uuid, destHost: null, message: null } as const
    await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' })
    t.deepEqual(
      (await plan(true)).map(({ origin }) => origin.vmState),
      ['stopped', 'active'],
      'not of the one that is on its way as a stopped one',
    )
    await store.updateMove(epoch, { ...change, from: ['ongoing'], to: 'failed' })
    t.like((await plan(true))[0]?.origin, { vmState: 'active', powerState: 1, locked: true })
  })

  test('faults of guests that are open, or gave way to the recovery of their host, are listed', async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, notification, host, epoch } = await incident(world)
    const other = await store.createHost(segment.uuid, hostFields('compute-2'))
    const faultOf = (name: HostName, instance: string): Promise<Notification> =>
      accepted(store, guestFailed(name, instance, world.clock.wall))
    const open_ = await faultOf(host.name, 'a')
    const gaveWay = await faultOf(host.name, 'b')
    const ended = await faultOf(host.name, 'c')
    await faultOf(other.name, 'd')
    const conclude = (id: NotificationId, reason: string): Promise<boolean> =>
      store.recordTransition(epoch, { notification: id, from: ['new'], to: 'ignored', reason })
    await conclude(gaveWay.uuid, gaveWayTo(notification.uuid))
    await conclude(ended.uuid, 'its user has stopped it')
    const listed = async (recovery: NotificationId): Promise<readonly string[]> =>
      (await store.listOpenGuestFaults(host.name, recovery)).map(({ uuid }) => uuid)
    t.deepEqual(await listed(notification.uuid), [open_.uuid, gaveWay.uuid])
    t.deepEqual(await listed(ended.uuid), [open_.uuid])
  })

  test('a move whose target fails before the earlier state is restored is handed over to its recovery', async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, notification, host, epoch } = await incident(world)
    const target = await store.createHost(segment.uuid, hostFields('compute-2'))
    const [move] = await store.planMoves(epoch, notification.uuid, host.name, [
      plannedRow(VM, 'vm-1', { origin: PAUSED, held: true }),
    ])
    if (move === undefined) return t.fail()
    const change = { move: move.uuid, destHost: target.name, message: null } as const
    await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' })
    t.is(await store.findSuccessor(VM, target.name), undefined)
    const later = await accepted(store, hostStopped(target.name, world.clock.wall))
    const found = { notification: later.uuid, host: target.uuid }
    t.deepEqual(await store.findSuccessor(VM, target.name), { ...found, planned: false })
    t.is(await store.findSuccessor(VM, hostName('compute-9')), undefined)
    const inherited = async () =>
      (await store.listTouched(target.name, later.uuid)).map(({ uuid, origin, held }) => [
        uuid,
        origin,
        held,
      ])
    t.deepEqual(await inherited(), [[move.uuid, PAUSED, true]], 'while it is in progress')
    await store.updateMove(epoch, { ...change, from: ['ongoing'], to: 'succeeded' })
    t.deepEqual(await inherited(), [], 'a move that ended well is nobody else’s')
    await store.handOver(epoch, move.uuid, later.uuid)
    t.deepEqual(await inherited(), [[move.uuid, PAUSED, true]], 'when it was handed over')
    const about = { reason: 'test', from: ['new'], to: 'ignored' } as const
    await store.recordTransition(epoch, { ...about, notification: notification.uuid })
    t.deepEqual(await store.listLeftLocked(), [], 'the successor keeps the lock')
    await store.planMoves(epoch, later.uuid, target.name, [plannedRow(OTHER, 'vm-2')])
    t.like(await store.findSuccessor(VM, target.name), { planned: false })
    await store.planMoves(epoch, later.uuid, target.name, [plannedRow(VM, 'vm-1')])
    t.deepEqual(await store.findSuccessor(VM, target.name), { ...found, planned: true })
    await store.recordTransition(epoch, { ...about, notification: later.uuid })
    t.is(await store.findSuccessor(VM, target.name), undefined)
    t.deepEqual(
      (await store.listLeftLocked()).map(({ uuid }) => uuid),
      [move.uuid],
    )
  })
}

/** What the acting leader writes and reads in every store. */
import { hostName, instanceId, nodeName, notificationId } from '../../schema/ids.ts'
import type { MoveStatus, VmMove } from '../../schema/records.ts'
import {
  hostFields,
  incident,
  plannedMove,
  refusal,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'
import { plannedRow } from './planned.ts'

const instance = (number: number) =>
  instanceId(`0f0e0d0c-0000-4000-8000-${String(number).padStart(12, '0')}`)

/** Registers the tests. */
export function recoveryConformance(test: RegisterTest, open: OpenWorld): void {
  test('transition changes status, message and journal together, and only from the statuses it names', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch, notification } = await incident(world)
    clock.wall += 2000
    const transition = {
      notification: notification.uuid,
      to: 'running',
      reason: 'the quorum agrees',
    } as const
    t.false(await store.recordTransition(epoch, { ...transition, from: ['error', 'running'] }))
    t.false(await store.recordTransition(epoch, { ...transition, from: [] }))
    t.deepEqual(await store.listJournal(notification.uuid), [])
    t.true(await store.recordTransition(epoch, { ...transition, from: ['new', 'error'] }))
    t.false(await store.recordTransition(epoch, { ...transition, from: ['new', 'error'] }))
    const stored = await store.getNotification(notification.uuid)
    const updatedAt = Math.floor(clock.wall / 1000) * 1000
    t.deepEqual(stored, {
      ...notification,
      status: 'running',
      message: 'the quorum agrees',
      run: 1,
      updatedAt,
    })
    const line = {
      kind: 'decision',
      step: 'transition',
      subject: 'compute-1',
      at: clock.wall,
      epoch,
    } as const
    const [written, ...others] = await store.listJournal(notification.uuid)
    t.like(written, { ...line, detail: 'new => running: the quorum agrees' })
    t.deepEqual(others, [])
    const unknown = {
      ...transition,
      from: ['new'],
      notification: notificationId('nobody'),
    } as const
    t.false(await store.recordTransition(epoch, unknown))
  })

  test('hold is the message of the notification and a line of the journal, together with its evidence', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch, notification } = await incident(world)
    clock.wall += 2000
    const hold = {
      notification: notification.uuid,
      subject: 'compute-1',
      reason: 'the storm guard holds it',
      evidence: ['five hosts fail', 'three are allowed'],
    }
    await store.recordHold(epoch, hold)
    t.deepEqual(await store.getNotification(notification.uuid), {
      ...notification,
      message: 'the storm guard holds it',
    })
    t.deepEqual(
      (await store.listJournal(notification.uuid)).map(({ kind, step, subject, detail }) => [
        kind,
        step,
        subject,
        detail,
      ]),
      [
        ['evidence', 'observe', 'compute-1', 'five hosts fail'],
        ['evidence', 'observe', 'compute-1', 'three are allowed'],
        ['decision', 'hold', 'compute-1', 'the storm guard holds it'],
      ],
    )
    const end = { notification: notification.uuid, from: ['new'], to: 'failed' } as const
    await store.recordTransition(epoch, { ...end, reason: 'given up' })
    await store.recordHold(epoch, hold)
    t.like(await store.getNotification(notification.uuid), {
      status: 'failed',
      message: 'given up',
    })
    const next = await store.claimEpoch(nodeName('next'))
    await t.throwsAsync(store.recordHold(epoch, hold), { code: 'STALE_EPOCH' })
    t.true(next > epoch)
  })

  test('intent is granted and written, and refused without a line when something forbids it', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const { segment, host, notification, epoch } = of
    t.is(await refusal(store, of), 'granted')
    const lines = await store.listJournal(notification.uuid)
    t.like(lines[0], { kind: 'intent', step: 'power-off', subject: 'compute-1', detail: 'dead' })

    await store.updateSegment(segment.uuid, { enabled: false })
    t.is(await refusal(store, of), 'Recovery is disabled for the segment zone-a.')
    await store.updateSegment(segment.uuid, { enabled: true })
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    t.is(await refusal(store, of), 'An operator has put the host compute-1 on maintenance.')
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })
    await store.holdHost(epoch, host.uuid, notification.uuid)
    t.is(await refusal(store, of), 'granted')
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    t.regex(await refusal(store, of), /operator/)
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })

    const end = {
      notification: notification.uuid,
      from: ['new'],
      to: 'failed',
      reason: 'x',
    } as const
    t.is((await store.listJournal(notification.uuid)).length, 2)
    await store.recordTransition(epoch, end)
    t.is(await refusal(store, of), 'The recovery is over: its notification is failed.')
    t.is((await store.listJournal(notification.uuid)).length, 3)
    const nobody = { ...of, notification: { ...notification, uuid: notificationId('nobody') } }
    t.is(await refusal(store, nobody), 'There is no notification nobody.')
  })

  test('intent is refused when host or segment were deleted meanwhile', async (t) => {
    for (const [table, reason] of [
      ['hosts', 'The host is not registered any more.'],
      ['segments', 'The segment was deleted.'],
    ] as const) {
      await using world = await open()
      const of = await incident(world)
      await world.database.execute(`UPDATE ${table} SET deleted = id`)
      t.is(await refusal(world.store, of), reason)
    }
  })

  test('first death certificate counts', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, host, epoch } = await incident(world)
    t.is(await store.getCertificate(notification.uuid), undefined)
    const certificate = {
      notification: notification.uuid,
      host: host.uuid,
      epoch,
      issuedAt: clock.wall,
      ground: 'power-off-confirmed',
      evidence: ['engine-1 read the chassis power as “off” at 07:15:26.', ''],
    } as const
    await store.saveCertificate(certificate)
    await store.saveCertificate({ ...certificate, ground: 'consent', evidence: [] })
    t.deepEqual(await store.getCertificate(notification.uuid), certificate)
  })

  test('moves are planned once, in their order, and completed later', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, host, epoch } = await incident(world)
    const planned = (numbers: readonly number[]) =>
      numbers.map((number) => plannedRow(instance(number), `vm-${number}`))
    const plan = (numbers: readonly number[]): Promise<readonly VmMove[]> =>
      store.planMoves(epoch, notification.uuid, host.name, planned(numbers))
    t.deepEqual(await plan([]), [])
    const first = await plan([3, 1, 3])
    t.deepEqual(
      first.map(({ instanceName }) => instanceName),
      ['vm-3', 'vm-1'],
    )
    t.like(first[0], {
      status: 'pending',
      attempts: 0,
      destHost: null,
      startedAt: null,
      sourceHost: host.name,
    })
    const many = Array.from({ length: 1200 }, (_, index) => index)
    const all = await plan(many)
    t.deepEqual(all.slice(0, 2), [...first])
    t.is(all.length, 1200)
    t.deepEqual(
      all.slice(2).map(({ instance }) => instance),
      many.filter((n) => n !== 3 && n !== 1).map(instance),
    )
    t.deepEqual(await plan([7]), all)
  })

  test('move changes only from the statuses named, counts attempts and keeps the last one’s times', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { uuid } = await plannedMove(store, of)
    const change = async (from: readonly MoveStatus[], to: MoveStatus, dest: string | null) => {
      clock.wall += 1001
      const destHost = dest === null ? null : hostName(dest)
      const done = await store.updateMove(of.epoch, {
        move: uuid,
        from,
        to,
        destHost,
        message: `to ${to}`,
      })
      return { done, move: await store.getMove(of.notification.uuid, uuid), now: clock.wall }
    }
    t.false((await change(['ongoing'], 'succeeded', null)).done)
    t.false((await change([], 'ongoing', null)).done)
    const first = await change(['pending'], 'ongoing', 'compute-2')
    const started = {
      status: 'ongoing',
      startedAt: first.now,
      endedAt: null,
      destHost: 'compute-2',
    }
    t.like(first, { done: true, move: { ...started, attempts: 1, message: 'to ongoing' } })
    t.like(await change(['ongoing'], 'failed', 'compute-2'), {
      move: { endedAt: clock.wall, startedAt: first.now },
    })
    const waiting = await change(['failed'], 'pending', null)
    t.like(waiting.move, { status: 'pending', attempts: 1, destHost: null })
    const second = await change(['pending'], 'ongoing', 'compute-3')
    t.like(second.move, {
      attempts: 2,
      startedAt: second.now,
      endedAt: null,
      destHost: 'compute-3',
    })
    const last = await change(['ongoing', 'pending'], 'succeeded', 'compute-3')
    t.like(last.move, {
      attempts: 2,
      startedAt: second.now,
      endedAt: last.now,
      status: 'succeeded',
    })
    t.is(last.move?.updatedAt, Math.floor(last.now / 1000) * 1000)
  })

  test("host is held for a recovery and released as it was, but an operator's maintenance stays", async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, notification, epoch } = await incident(world)
    const by = notification.uuid
    const spare = await store.createHost(segment.uuid, { ...hostFields('spare'), reserved: true })
    const now = () => store.getHost(segment.uuid, spare.uuid)
    const held = { onMaintenance: true, reserved: false, maintenanceBy: by }
    await store.holdHost(epoch, spare.uuid, by)
    await store.holdHost(epoch, spare.uuid, by)
    t.like(await now(), held)
    await store.releaseHost(epoch, spare.uuid, notificationId('other'))
    t.like(await now(), held)
    await store.releaseHost(epoch, spare.uuid, by)
    t.deepEqual(await now(), spare)

    await store.holdHost(epoch, spare.uuid, by)
    const claimed = await store.updateHost(segment.uuid, spare.uuid, { onMaintenance: true })
    t.like(claimed, { ...held, maintenanceBy: null })
    await store.releaseHost(epoch, spare.uuid, by)
    await store.holdHost(epoch, spare.uuid, by)
    t.deepEqual(await now(), claimed)
  })
}

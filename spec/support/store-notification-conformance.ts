/** How every store accepts notifications: each fault once. */
import type { MoveFilter, NewNotification, Page } from '../../actors/ports/store.ts'
import { hostName, notificationId } from '../../schema/ids.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  plannedMove,
  segmentFields,
  wholePage,
  type OpenWorld,
  type RegisterTest,
  type StoreWorld,
} from './store-world.ts'

const WINDOW_MS = 180_000

const guestFailed = (instance: string, generatedAt: number): NewNotification => ({
  type: 'VM',
  hostName: hostName('compute-1'),
  generatedAt,
  payload: { instance_uuid: instance, event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED' },
  duplicateWindowMs: WINDOW_MS,
})

/** The payload of our own observers about a dead host. */
const OURS = { event: 'STOPPED', host_status: 'NORMAL' }

/** A host that our observers have reported, and a cluster's report of the same death. */
async function reportedByUs(world: StoreWorld) {
  const { store, clock } = world
  const { epoch, host, notification } = await incident(world)
  const ended = { notification: notification.uuid, from: ['new'], to: 'failed' } as const
  await store.recordTransition(epoch, { ...ended, reason: 'over' })
  const report = hostStopped(host.name, clock.wall)
  const { uuid } = await accepted(store, { ...report, payload: OURS })
  return { epoch, host, report, uuid }
}

/** Registers the tests. */
export function notificationConformance(test: RegisterTest, open: OpenWorld): void {
  test('notification is read back as it was accepted, to the millisecond', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment, host, notification } = await incident(world)
    t.like(notification, {
      type: 'COMPUTE_HOST',
      generatedAt: clock.wall,
      createdAt: Math.floor(clock.wall / 1000) * 1000,
      updatedAt: null,
      sourceHost: host.uuid,
      segment: segment.uuid,
      payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
      status: 'new',
      message: null,
    })
    t.deepEqual(await store.getNotification(notification.uuid), notification)
    t.is(await store.getNotification(notificationId('nobody')), undefined)
  })

  test('report that brings its uuid is stored with it, and once, whatever became of it', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch, host } = await incident(world)
    const uuid = notificationId('4bf92f35-77b3-4da6-a3ce-929d0e0e4736')
    const report = { ...guestFailed('i-1', clock.wall), hostName: host.name, uuid }
    t.is((await accepted(store, report)).uuid, uuid)
    const ended = { notification: uuid, from: ['new'], to: 'failed', reason: 'over' } as const
    await store.recordTransition(epoch, ended)
    const later = { ...report, generatedAt: clock.wall + 10 * WINDOW_MS }
    t.deepEqual(await store.acceptNotification(later), { kind: 'duplicate', of: uuid })
    const { uuid: _none, ...anew } = later
    t.is((await store.acceptNotification(anew)).kind, 'accepted')
  })

  test('reports that come at the same time each have their own answer, whatever the others are', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch, host } = await incident(world)
    const { uuid: segment } = await store.createSegment(segmentFields('zone-b'))
    const kept = await store.createHost(segment, hostFields('compute-9'))
    const again = {
      ...guestFailed('i-1', clock.wall),
      hostName: kept.name,
      uuid: notificationId('4bf92f35-77b3-4da6-a3ce-929d0e0e4736'),
    }
    await accepted(store, again)
    const ended = { notification: again.uuid, from: ['new'], to: 'failed', reason: 'over' } as const
    await store.recordTransition(epoch, ended)
    await store.updateHost(segment, kept.uuid, { onMaintenance: true })
    const report = (instance: string, hostName = host.name): NewNotification => ({
      ...guestFailed(instance, clock.wall),
      hostName,
    })
    const reports = [report('i-2'), again, report('i-3', hostName('nobody')), report('i-4')]
    const kindsOf = async (all: readonly NewNotification[]) =>
      (await Promise.all(all.map((each) => store.acceptNotification(each)))).map(({ kind }) => kind)
    t.deepEqual(await kindsOf(reports), ['accepted', 'on-maintenance', 'unknown-host', 'accepted'])
    t.deepEqual(await kindsOf([report('i-5'), report('i-2'), report('i-6')]), [
      'accepted',
      'duplicate',
      'accepted',
    ])
    const stored = await store.listNotifications({ type: 'VM' }, wholePage)
    const instances = stored.map(({ payload }) => String(payload['instance_uuid']))
    t.deepEqual(instances.toSorted(), ['i-1', 'i-2', 'i-4', 'i-5', 'i-6'])
  })

  test('an accepted report is answered with the recovery that the leader will list', async (t) => {
    await using world = await open()
    const { store, clock } = world
    await incident(world)
    await store.giveSiteCommand({ kind: 'stop', operator: 'bob', reason: 'drill' })
    const reports = ['i-1', 'i-2', 'i-3'].map((instance) => guestFailed(instance, clock.wall))
    const answers = await Promise.all(reports.map((each) => store.acceptNotification(each)))
    const listed = (await store.listUnfinished()).slice(1)
    t.deepEqual(
      answers,
      listed.map((recovery) => ({ kind: 'accepted', ...recovery })),
    )
    t.deepEqual(
      listed.map(({ control }) => control.kind),
      ['stopped', 'stopped', 'stopped'],
    )
  })

  test('unknown host and host on maintenance are distinguished, in any case of the name', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { uuid: segment } = await store.createSegment(segmentFields('zone-a'))
    const host = await store.createHost(segment, {
      ...hostFields('Compute-1'),
      onMaintenance: true,
    })
    const report = hostStopped('cOMPUTE-1', clock.wall)
    t.deepEqual(await store.acceptNotification(report), { kind: 'on-maintenance' })
    const unknown = hostStopped('compute-10', clock.wall)
    t.deepEqual(await store.acceptNotification(unknown), { kind: 'unknown-host' })
    await store.updateHost(segment, host.uuid, { onMaintenance: false })
    t.is((await accepted(store, report)).sourceHost, host.uuid)
    await store.createHost(segment, hostFields('compute-2'))
    t.is((await store.listNotifications({}, wholePage)).length, 1)
  })

  test('twenty equal reports at once, from two processes, are one', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { uuid: segment } = await store.createSegment(segmentFields('zone-a'))
    await store.createHost(segment, hostFields('compute-1'))
    const stores = [store, world.openAnother()]
    const report = hostStopped('compute-1', clock.wall)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        stores.map((each) => each.acceptNotification(report)),
      ).flat(),
    )
    const kinds = answers.map(({ kind }) => kind).toSorted()
    t.deepEqual(kinds, ['accepted', ...Array.from({ length: 19 }, () => 'duplicate')])
    const [stored, ...others] = await store.listNotifications({}, wholePage)
    t.deepEqual(others, [])
    const named = answers.flatMap((answer) => (answer.kind === 'duplicate' ? [answer.of] : []))
    t.deepEqual([...new Set(named)], [stored?.uuid])
  })

  test('a host is deleted or reported, whichever comes first', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const another = world.openAnother()
    const race = async (name: string): Promise<string> => {
      const { uuid: segment } = await store.createSegment(segmentFields(name))
      const host = await store.createHost(segment, hostFields(name))
      const [report, deletion] = await Promise.allSettled([
        store.acceptNotification(hostStopped(name, clock.wall)),
        another.deleteHost(segment, host.uuid),
      ])
      const kind = report.status === 'fulfilled' ? report.value.kind : 'broken'
      return `${kind}, deletion ${deletion.status}`
    }
    const names = Array.from({ length: 30 }, (_value, index) => `compute-${index}`)
    const ends = new Set(await Promise.all(names.map(race)))
    ends.delete('accepted, deletion rejected')
    ends.delete('unknown-host, deletion fulfilled')
    t.deepEqual([...ends], [])
  })

  test('unfinished host fault absorbs reports that differ in details or come much later', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, epoch } = await incident(world)
    const again = hostStopped('compute-1', clock.wall + 86_400_000)
    const kind = async (payload: Record<string, string>): Promise<string> =>
      (await store.acceptNotification({ ...again, payload })).kind
    for (const to of ['running', 'error'] as const) {
      const reason = 'because'
      await store.recordTransition(epoch, {
        notification: notification.uuid,
        from: ['new', 'running'],
        to,
        reason,
      })
      t.is(await kind({ event: 'STOPPED', host_status: 'NORMAL' }), 'duplicate')
      t.is(
        await kind({ host_status: 'NORMAL', event: 'STOPPED', cluster_status: 'ONLINE' }),
        'duplicate',
      )
    }
    t.is(await kind({ event: 'STARTED', host_status: 'NORMAL' }), 'accepted')
    t.is(await kind({ event: 'STOPPED', host_status: 'UNKNOWN' }), 'accepted')
    t.is(await kind({ event: 'STOPPED' }), 'accepted')
  })

  test("the payload of a cluster's report replaces that of our own observers", async (t) => {
    await using world = await open()
    const { store } = world
    const { report, uuid } = await reportedByUs(world)
    for (const payload of [report.payload, OURS]) {
      t.is((await store.acceptNotification({ ...report, payload })).kind, 'duplicate')
      t.deepEqual((await store.getNotification(uuid))?.payload, report.payload)
    }
  })

  test('for a held host, only a report of the same death is adopted', async (t) => {
    await using world = await open()
    const { store } = world
    const { epoch, host, report, uuid } = await reportedByUs(world)
    await store.holdHost(epoch, host.uuid, uuid)
    const others = [{ event: 'STARTED' }, { host_status: 'UNKNOWN' }, { cluster_status: 'ONLINE' }]
    for (const other of others) {
      const payload = { ...report.payload, ...other }
      t.is((await store.acceptNotification({ ...report, payload })).kind, 'on-maintenance')
      t.deepEqual((await store.getNotification(uuid))?.payload, OURS)
    }
    await store.acceptNotification(report)
    t.deepEqual((await store.getNotification(uuid))?.payload, report.payload)
  })

  test('ended fault absorbs equal reports within the window on both sides, unless it failed', async (t) => {
    for (const ended of ['finished', 'ignored', 'failed'] as const) {
      await using world = await open()
      const { store, clock } = world
      const { notification, epoch } = await incident(world)
      const transition = {
        notification: notification.uuid,
        from: ['new'],
        to: ended,
        reason: 'over',
      } as const
      t.true(await store.recordTransition(epoch, transition))
      const at = async (offsetMs: number): Promise<string> =>
        (await store.acceptNotification(hostStopped('compute-1', clock.wall + offsetMs))).kind
      const within = ended === 'failed' ? 'accepted' : 'duplicate'
      if (ended !== 'failed') {
        t.is(await at(-WINDOW_MS), within, ended)
        t.is(await at(WINDOW_MS + 1), 'accepted', ended)
      }
      t.is(await at(WINDOW_MS), ended === 'failed' ? 'accepted' : 'duplicate', ended)
      t.is(await at(0), 'duplicate', ended) // the second one by now, if the first failed
    }
  })

  test('equal payloads are equal in any order of their keys, and different instances are different', async (t) => {
    await using world = await open()
    const { store, clock } = world
    await incident(world)
    const report = guestFailed('a', clock.wall)
    const { uuid } = await accepted(store, report)
    const reversed = Object.fromEntries(Object.entries(report.payload).toReversed())
    const answer = await store.acceptNotification({ ...report, payload: reversed })
    t.deepEqual(answer, { kind: 'duplicate', of: uuid })
    await accepted(store, guestFailed('b', clock.wall))
    await accepted(store, { ...report, type: 'PROCESS' })
    await store.createHost(
      (await store.createSegment(segmentFields('z'))).uuid,
      hostFields('compute-2'),
    )
    await accepted(store, { ...report, hostName: hostName('compute-2') })
  })

  test('moves are listed by notification, filtered and paged', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const move = await plannedMove(store, of)
    const { uuid } = of.notification
    const listed = (filter: MoveFilter, page: Partial<Page> = {}) =>
      store.listMoves({ notification: uuid, ...filter }, { ...wholePage, ...page })
    t.deepEqual(await listed({}), [move])
    t.deepEqual(await listed({ status: 'pending', type: 'evacuation' }), [move])
    t.deepEqual(await listed({ status: 'failed' }), [])
    t.deepEqual(await listed({ type: 'migration' }), [])
    t.deepEqual(await listed({ notification: notificationId('other') }), [])
    t.deepEqual(await listed({}, { marker: move.uuid }), [])
    const sort = [{ key: 'start_time', direction: 'asc' }] as const
    t.deepEqual(await listed({}, { limit: 1, sort }), [move])
    t.deepEqual(await store.listMoves({ status: 'pending' }, wholePage), [move])
    t.deepEqual(await store.getMove(uuid, move.uuid), move)
    t.is(await store.getMove(notificationId('other'), move.uuid), undefined)
  })

  test('a guest that fails after an equal report was found wrong is no duplicate of that report', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch } = await incident(world)
    const early = clock.wall
    const forged = await accepted(store, guestFailed('i-1', early))
    const again = (generatedAt: number) => store.acceptNotification(guestFailed('i-1', generatedAt))
    clock.wall += 5000
    const end = { notification: forged.uuid, from: ['new'], to: 'ignored', reason: 'x' } as const
    await store.recordTransition(epoch, end)
    t.is((await again(early)).kind, 'duplicate')
    t.is((await again(early + 1000)).kind, 'duplicate')
    clock.wall += 5000
    t.is((await again(clock.wall)).kind, 'accepted')
  })

  test('a guest that fails again after something was done is no duplicate, unless the report is the old one', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { epoch } = await incident(world)
    const early = clock.wall
    const first = await accepted(store, guestFailed('i-1', early))
    const again = (generatedAt: number) => store.acceptNotification(guestFailed('i-1', generatedAt))
    clock.wall += 20_000
    t.is((await again(clock.wall)).kind, 'duplicate')
    const end = { notification: first.uuid, from: ['new'], to: 'finished', reason: 'x' } as const
    await store.recordTransition(epoch, end)
    clock.wall += 20_000
    t.is((await again(clock.wall)).kind, 'duplicate')
    const entry = { notification: first.uuid, step: 'restart', subject: 'i-1', detail: 'x' }
    await store.appendJournal(epoch, { ...entry, kind: 'outcome' })
    t.is((await again(early)).kind, 'duplicate')
    t.is((await again(early + 1000)).kind, 'duplicate')
    t.is((await again(clock.wall)).kind, 'accepted')
  })
}

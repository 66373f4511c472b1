/** Segments and hosts of every store. */
import { hostId, hostName, nodeName, segmentId } from '../../schema/ids.ts'
import {
  hostFields,
  hostStopped,
  incident,
  segmentFields,
  wholePage,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

/** Registers the tests. */
export function inventoryConformance(test: RegisterTest, open: OpenWorld): void {
  test('segment is read back as it was created, with whole seconds and no update yet', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const fields = {
      ...segmentFields('Zürich ☃ 1'),
      description: 'x'.repeat(100_000),
      enabled: false,
    }
    const segment = await store.createSegment(fields)
    t.like(segment, {
      ...fields,
      id: 1,
      createdAt: Math.floor(clock.wall / 1000) * 1000,
      updatedAt: null,
    })
    t.deepEqual(await store.getSegment(segment.uuid), segment)
    t.is(await store.getSegment(segmentId(NOBODY)), undefined)
  })

  test('segment names are equal in any case, and free again after deletion', async (t) => {
    await using world = await open()
    const { store } = world
    const first = await store.createSegment(segmentFields('Zone-A'))
    const taken = {
      code: 'SEGMENT_NAME_TAKEN',
      message: 'Failover segment with name zone-a already exists.',
    }
    await t.throwsAsync(store.createSegment(segmentFields('zone-a')), taken)
    const second = await store.createSegment(segmentFields('zone-b'))
    await t.throwsAsync(store.updateSegment(second.uuid, { name: 'ZONE-a' }), {
      code: 'SEGMENT_NAME_TAKEN',
    })
    t.is((await store.updateSegment(first.uuid, { name: 'ZONE-A' })).name, 'ZONE-A')
    for (const round of [1, 2]) {
      const [segment] = await store.listSegments(
        {},
        { limit: 1, sort: [{ key: 'name', direction: 'asc' }] },
      )
      t.is(segment?.name.toLowerCase(), 'zone-a', `round ${round}`)
      await store.deleteSegment(segment?.uuid ?? segmentId(NOBODY))
      await store.createSegment(segmentFields('zone-a'))
    }
  })

  test('segment update changes the named fields and nothing else', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const segment = await store.createSegment(segmentFields('zone-a'))
    clock.wall += 5000
    const changed = await store.updateSegment(segment.uuid, {
      enabled: false,
      description: 'racks 1–4',
    })
    const updatedAt = segment.createdAt + 5000
    t.deepEqual(changed, { ...segment, enabled: false, description: 'racks 1–4', updatedAt })
    t.deepEqual(await store.getSegment(segment.uuid), changed)
    const nobody = segmentId(NOBODY)
    await t.throwsAsync(store.updateSegment(nobody, { name: 'x' }), { code: 'SEGMENT_NOT_FOUND' })
    await t.throwsAsync(store.deleteSegment(nobody), { code: 'SEGMENT_NOT_FOUND' })
  })

  test('deleted segment deletes its hosts too, and no other', async (t) => {
    await using world = await open()
    const { store } = world
    const [one, two] = [
      await store.createSegment(segmentFields('one')),
      await store.createSegment(segmentFields('two')),
    ]
    const host = await store.createHost(one.uuid, hostFields('compute-1'))
    const other = await store.createHost(two.uuid, hostFields('compute-2'))
    await store.deleteSegment(one.uuid)
    t.is(await store.getSegment(one.uuid), undefined)
    t.is(await store.getHost(one.uuid, host.uuid), undefined)
    t.deepEqual(await store.listAllHosts(), [other])
    await t.throwsAsync(store.createHost(one.uuid, hostFields('compute-3')), {
      code: 'SEGMENT_NOT_FOUND',
    })
    await store.createHost(two.uuid, hostFields('compute-1'))
  })

  test('host belongs to one segment, and its name is unique in the whole cloud in any case', async (t) => {
    await using world = await open()
    const { store } = world
    const one = await store.createSegment(segmentFields('one'))
    const two = await store.createSegment(segmentFields('two'))
    const host = await store.createHost(one.uuid, { ...hostFields('Compute-1'), reserved: true })
    t.like(host, { segment: one.uuid, reserved: true, onMaintenance: false, maintenanceBy: null })
    t.deepEqual(await store.getHost(one.uuid, host.uuid), host)
    t.is(await store.getHost(two.uuid, host.uuid), undefined)
    t.deepEqual(await store.findHost(hostName('COMPUTE-1')), host)
    t.is(await store.findHost(hostName('compute-10')), undefined)
    const taken = { code: 'HOST_NAME_TAKEN', message: 'Host with name compute-1 already exists.' }
    await t.throwsAsync(store.createHost(two.uuid, hostFields('compute-1')), taken)
    await t.throwsAsync(store.updateHost(two.uuid, host.uuid, { type: 'x' }), {
      code: 'HOST_NOT_FOUND',
    })
    await t.throwsAsync(store.deleteHost(two.uuid, host.uuid), { code: 'HOST_NOT_FOUND' })
    await t.throwsAsync(store.deleteHost(one.uuid, hostId(NOBODY)), { code: 'HOST_NOT_FOUND' })
    await store.deleteHost(one.uuid, host.uuid)
    await store.createHost(two.uuid, hostFields('compute-1'))
  })

  test('segment under recovery refuses changes, except to enable, maintain and reserve', async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, host, notification, epoch } = await incident(world)
    const other = await store.createHost(segment.uuid, hostFields('compute-2'))
    const segmentRefuses = { code: 'SEGMENT_UNDER_RECOVERY' }
    const hostRefuses = { code: 'HOST_UNDER_RECOVERY' }
    const transition = { notification: notification.uuid, reason: 'because' }
    for (const to of ['running', 'error', 'failed'] as const) {
      await t.throwsAsync(store.updateSegment(segment.uuid, { name: 'new' }), segmentRefuses)
      await t.throwsAsync(
        store.updateSegment(segment.uuid, { enabled: true, description: 'x' }),
        segmentRefuses,
      )
      await t.throwsAsync(store.deleteSegment(segment.uuid), segmentRefuses)
      await t.throwsAsync(
        store.updateHost(segment.uuid, other.uuid, { name: hostName('new') }),
        hostRefuses,
      )
      await t.throwsAsync(store.deleteHost(segment.uuid, other.uuid), hostRefuses)
      t.false((await store.updateSegment(segment.uuid, { enabled: false })).enabled)
      const flags = { onMaintenance: true, reserved: true }
      t.like(await store.updateHost(segment.uuid, other.uuid, flags), flags)
      await store.recordTransition(epoch, { ...transition, from: ['new', 'running', 'error'], to })
    }
    t.is((await store.updateSegment(segment.uuid, { name: 'new' })).name, 'new')
    await store.deleteHost(segment.uuid, host.uuid)
    await store.deleteSegment(segment.uuid)
  })

  test('segment is not under recovery because of the notification of a host of another segment', async (t) => {
    await using world = await open()
    const { store } = world
    await incident(world)
    const free = await store.createSegment(segmentFields('zone-b'))
    const host = await store.createHost(free.uuid, hostFields('compute-9'))
    await store.updateHost(free.uuid, host.uuid, { type: 'other' })
    await store.deleteSegment(free.uuid)
    t.is(await store.getSegment(free.uuid), undefined)
  })

  test('host that is deleted while it is being reported ends in one of the two orders', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const segment = await store.createSegment(segmentFields('zone-a'))
    for (let round = 0; round < 5; round += 1) {
      const host = await store.createHost(segment.uuid, hostFields(`compute-${round}`))
      const [deleted, reported] = await Promise.allSettled([
        store.deleteHost(segment.uuid, host.uuid),
        world.openAnother().acceptNotification(hostStopped(host.name, clock.wall)),
      ])
      const kind = reported.status === 'fulfilled' ? reported.value.kind : reported.reason
      if (deleted.status === 'fulfilled') t.is(kind, 'unknown-host')
      else t.is(kind, 'accepted')
      const notifications = await store.listNotifications({ status: 'new' }, wholePage)
      const epoch = await store.claimEpoch(nodeName('engine-1'))
      for (const { uuid } of notifications) {
        const reason = 'next round'
        await store.recordTransition(epoch, {
          notification: uuid,
          from: ['new'],
          to: 'ignored',
          reason,
        })
      }
    }
  })
}

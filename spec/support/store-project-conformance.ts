/**
 * What the view of a project needs of every store: whether hosts are protected, and what happened
 * to its instances.
 */
import { hostName, instanceId, moveId } from '../../schema/ids.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  segmentFields,
  wholePage,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'
import { plannedRow } from './planned.ts'

const instance = (number: number) =>
  instanceId(`0f0e0d0c-0000-4000-8000-${String(number).padStart(12, '0')}`)

/** Registers the tests. */
export function projectConformance(test: RegisterTest, open: OpenWorld): void {
  test('each registered host is protected as its segment and its maintenance say', async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, host, notification, epoch } = await incident(world)
    const gone = await store.createHost(segment.uuid, hostFields('gone'))
    const other = await store.createSegment({ ...segmentFields('off'), enabled: false })
    await store.createHost(other.uuid, { ...hostFields('Away'), onMaintenance: true })
    await store.setPolicy(segment.uuid, { hostsMax: 3 })
    await store.holdHost(epoch, host.uuid, notification.uuid)
    const ended = { notification: notification.uuid, from: ['new'], to: 'finished' } as const
    await store.recordTransition(epoch, { ...ended, reason: 'test' })
    await store.deleteHost(segment.uuid, gone.uuid)
    t.deepEqual(await store.listHostProtections(), [
      {
        name: host.name,
        onMaintenance: true,
        maintenanceBy: notification.uuid,
        segmentName: segment.name,
        segmentEnabled: true,
        choices: { hostsMax: 3 },
      },
      {
        name: hostName('Away'),
        onMaintenance: true,
        maintenanceBy: null,
        segmentName: 'off',
        segmentEnabled: false,
        choices: {},
      },
    ])
  })

  test('moves of some instances are listed over all recoveries, in pages, and no others', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const first = await incident(world)
    const planned = [1, 2, 3].map((number) => plannedRow(instance(number), 'vm'))
    const plan = (notification: typeof first.notification) =>
      store.planMoves(first.epoch, notification.uuid, first.host.name, planned)
    const early = await plan(first.notification)
    const over = { from: ['new'], to: 'finished', reason: 'test' } as const
    await store.recordTransition(first.epoch, { ...over, notification: first.notification.uuid })
    clock.wall += 600_000
    const late = await plan(await accepted(store, hostStopped('compute-1', clock.wall)))
    const ids = [instance(1), instance(3), instance(9)]
    const found = async (page = {}, filter = {}) =>
      (await store.listMoves({ ...filter, instances: ids }, { ...wholePage, ...page })).map(
        ({ id }) => id,
      )
    const expected = [late[2]?.id, late[0]?.id, early[2]?.id, early[0]?.id]
    t.deepEqual(await found(), expected)
    t.deepEqual(await found({ limit: 2 }), expected.slice(0, 2))
    t.deepEqual(await found({ marker: String(late[0]?.id) }), expected.slice(2))
    t.deepEqual(await found({ marker: late[0]?.uuid }), expected.slice(2))
    t.deepEqual(await found({}, { status: 'failed' }), [])
    t.deepEqual(await found({}, { status: 'pending' }), expected)
    t.deepEqual(await store.listMoves({ instances: [] }, wholePage), [])
    // A marker must not show that a move of another project exists.
    for (const marker of [String(late[1]?.id), late[1]?.uuid ?? moveId(''), '99']) {
      const message = `Marker ${marker} could not be found.`
      await t.throwsAsync(found({ marker }), { code: 'MARKER_NOT_FOUND', message })
    }
  })
}

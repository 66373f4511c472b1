/** The registered hosts and observers, as every store lists them. */
import { hostFields, segmentFields, type OpenWorld, type RegisterTest } from './store-world.ts'

/** Registers the tests. */
export function rosterConformance(test: RegisterTest, open: OpenWorld): void {
  test('registered hosts and observers are on the roster, each once, and deleted hosts are not', async (t) => {
    await using world = await open()
    const { store } = world
    const segment = await store.createSegment(segmentFields('racks'))
    const host = await store.createHost(segment.uuid, hostFields('one'))
    const gone = await store.createHost(segment.uuid, hostFields('gone'))
    await store.deleteHost(segment.uuid, gone.uuid)
    t.deepEqual((await store.readRoster()).observers, [])
    await Promise.all(
      ['monitor-1', 'monitor-2', 'monitor-1', 'monitor-1'].map((name) =>
        store.registerObserver(name, 'host-monitor'),
      ),
    )
    await store.registerObserver('monitor-2', 'host-monitor')
    const { hosts, observers } = await store.readRoster()
    t.deepEqual(hosts, [{ host: host.uuid, hostName: host.name, segment: segment.uuid }])
    t.deepEqual(observers.toSorted(), ['monitor-1', 'monitor-2'])
  })

  test('host monitors are listed with a time that changes when they register again, webhooks are not', async (t) => {
    await using world = await open()
    const { store, clock } = world
    await store.registerObserver('monitor', 'host-monitor')
    await store.registerObserver('alerts', 'webhook')
    const first = await store.listMonitors()
    t.deepEqual(first, [{ name: 'monitor', registeredAt: clock.wall }])
    clock.wall += 5000
    await store.registerObserver('monitor', 'host-monitor')
    t.deepEqual(await store.listMonitors(), [{ name: 'monitor', registeredAt: clock.wall }])
    t.deepEqual((await store.readRoster()).observers.toSorted(), ['alerts', 'monitor'])
  })

  test('purge deletes observers that have not registered for long', async (t) => {
    await using world = await open()
    const { store, clock } = world
    await store.registerObserver('old', 'host-monitor')
    await store.registerObserver('alive', 'host-monitor')
    clock.wall += 5000
    await store.registerObserver('alive', 'host-monitor')
    await store.purge({ before: clock.wall - 1000, rowsMax: 9 })
    t.deepEqual((await store.readRoster()).observers, ['alive'])
  })

  test('faults of hosts are listed completely, those of guests in pages', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const segment = await store.createSegment(segmentFields('racks'))
    const host = await store.createHost(segment.uuid, hostFields('one'))
    const report = async (payload: Readonly<Record<string, string>>, type: 'VM' | 'COMPUTE_HOST') =>
      store.acceptNotification({
        type,
        hostName: host.name,
        generatedAt: clock.wall,
        payload,
        duplicateWindowMs: 0,
      })
    const guest = { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED' }
    for (const instance_uuid of ['a', 'b', 'c']) await report({ ...guest, instance_uuid }, 'VM')
    await report({ event: 'STOPPED', host_status: 'NORMAL' }, 'COMPUTE_HOST')
    const kinds = async (afterId: number, max: number) =>
      (await store.listUnfinished({ afterId, max })).map(
        ({ notification: { payload, type } }) => payload['instance_uuid'] ?? type,
      )
    t.deepEqual(await kinds(0, 2), ['COMPUTE_HOST', 'a', 'b'])
    const [, , last] = await store.listUnfinished({ afterId: 0, max: 2 })
    t.deepEqual(await kinds(last?.notification.id ?? 0, 2), ['COMPUTE_HOST', 'c'])
    t.deepEqual(await kinds(0, 0), ['COMPUTE_HOST'])
    t.is((await store.listUnfinished()).length, 4)
  })
}

/**
 * Housekeeping of every store: what the purge deletes and keeps, and the rewriting of credentials.
 */
import { nodeName } from '../../schema/ids.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  plannedMove,
  segmentFields,
  wholePage,
  type Incident,
  type OpenWorld,
  type RegisterTest,
  type StoreWorld,
} from './store-world.ts'

const NOTHING = { notifications: 0, hosts: 0, segments: 0 }
const HOUR_MS = 3_600_000

/** All rows that a recovery leaves behind: moves, journal, certificate. */
async function ended(world: StoreWorld): Promise<Incident> {
  const found = await incident(world)
  const { notification, host, epoch } = found
  await plannedMove(world.store, found)
  await world.store.saveCertificate({
    notification: notification.uuid,
    host: host.uuid,
    epoch,
    issuedAt: world.clock.wall,
    ground: 'already-off',
    evidence: ['it was off'],
  })
  await world.store.recordTransition(epoch, {
    notification: notification.uuid,
    from: ['new'],
    to: 'finished',
    reason: 'done',
  })
  return found
}

/** Registers the tests. */
export function housekeepingConformance(test: RegisterTest, open: OpenWorld): void {
  test('purge deletes an ended notification with its moves, journal and certificate', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification } = await ended(world)
    clock.wall += HOUR_MS
    t.deepEqual(await store.purge({ before: clock.wall - HOUR_MS - 1000, rowsMax: 9 }), NOTHING)
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 0 }), NOTHING)
    t.is((await store.listJournal(notification.uuid)).length > 0, true)
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 9 }), {
      ...NOTHING,
      notifications: 1,
    })
    t.is(await store.getNotification(notification.uuid), undefined)
    t.deepEqual(await store.listMoves({ notification: notification.uuid }, wholePage), [])
    t.deepEqual(await store.listJournal(notification.uuid), [])
    t.is(await store.getCertificate(notification.uuid), undefined)
  })

  test('purge keeps unfinished notifications, however old, and registered rows', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, epoch, segment, host } = await incident(world)
    await store.recordTransition(epoch, {
      notification: notification.uuid,
      from: ['new'],
      to: 'error',
      reason: 'again',
    })
    clock.wall += 1000 * HOUR_MS
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 9 }), NOTHING)
    t.not(await store.getNotification(notification.uuid), undefined)
    t.not(await store.getHost(segment.uuid, host.uuid), undefined)
  })

  test('purge keeps a recovery whose host is still out of service because of it', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, epoch, host, segment } = await ended(world)
    await store.holdHost(epoch, host.uuid, notification.uuid)
    clock.wall += HOUR_MS
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 9 }), NOTHING)
    t.not(await store.getCertificate(notification.uuid), undefined)
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 9 }), {
      ...NOTHING,
      notifications: 1,
    })
  })

  test("purge keeps a recovery whose host's compute service is still to be enabled, whichever recovery holds the host", async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { notification, epoch, host, segment } = await ended(world)
    const about = { notification: notification.uuid, host: host.uuid } as const
    await store.recordChange(epoch, { ...about, kind: 'service', subject: 'it died' })
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    clock.wall += HOUR_MS
    t.deepEqual(await store.purge({ before: clock.wall, rowsMax: 9 }), NOTHING)
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })
    t.like(await store.listReturning(0), [{ disabledWith: 'it died' }])
    await store.releaseHost(epoch, host.uuid, notification.uuid)
    t.like(await store.purge({ before: clock.wall, rowsMax: 9 }), { notifications: 1 })
  })

  test('purge deletes a deleted host after its history, and a segment after its hosts', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment } = await ended(world)
    await store.deleteSegment(segment.uuid)
    clock.wall += HOUR_MS
    const order = { before: clock.wall, rowsMax: 1 }
    t.deepEqual(await store.purge(order), { ...NOTHING, notifications: 1 })
    t.deepEqual(await store.purge(order), { ...NOTHING, hosts: 1 })
    t.deepEqual(await store.purge(order), { ...NOTHING, segments: 1 })
    t.deepEqual(await store.purge(order), NOTHING)
  })

  test('purge deletes the oldest rows first, over several batches', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { uuid } = await store.createSegment(segmentFields('zone-a'))
    await store.createHost(uuid, hostFields('compute-1'))
    const epoch = await store.claimEpoch(nodeName('engine-1'))
    for (let index = 0; index < 120; index += 1) {
      clock.wall += 1000
      const report = hostStopped('compute-1', clock.wall)
      const { uuid: notification } = await accepted(store, { ...report, duplicateWindowMs: 0 })
      await store.recordTransition(epoch, {
        notification,
        from: ['new'],
        to: 'ignored',
        reason: 'no',
      })
    }
    const taken = await store.purge({ before: clock.wall + 1000, rowsMax: 110 })
    t.is(taken.notifications, 110)
    const left = await store.listNotifications({}, wholePage)
    t.is(left.length, 10)
    t.true(left.every(({ createdAt }) => createdAt > clock.wall - 11_000))
  })

  test('rewriting of credentials reaches deleted hosts too, and is all or nothing', async (t) => {
    await using world = await open()
    const { store } = world
    const { uuid } = await store.createSegment(segmentFields('zone-a'))
    const gone = await store.createHost(uuid, hostFields('gone'))
    await store.deleteHost(uuid, gone.uuid)
    await store.createHost(uuid, hostFields('here'))
    let calls = 0
    const refuse = (stored: string): string => {
      calls += 1
      if (calls === 2) throw new Error('no')
      return `${stored}!`
    }
    await t.throwsAsync(store.rewriteControlAttributes(refuse), { message: 'no' })
    const seen: string[] = []
    const keep = (stored: string): string => {
      seen.push(stored)
      return stored
    }
    t.is(await store.rewriteControlAttributes(keep), 0)
    t.is(seen.length, 2)
    t.false(seen.some((stored) => stored.endsWith('!')))
    t.is(await store.rewriteControlAttributes((stored) => `${stored}x`), 2)
  })
}

/** What a new leader reads in every store. */
import type { NewNotification } from '../../actors/ports/store.ts'
import { nodeName, notificationId, segmentId } from '../../schema/ids.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  plannedMove,
  refusal,
  segmentFields,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'

const RUNNING = { kind: 'running' } as const

/** Registers the tests. */
export function snapshotConformance(test: RegisterTest, open: OpenWorld): void {
  test('unfinished recoveries are listed oldest first, with their hosts if still there', async (t) => {
    await using world = await open()
    const { store, clock, database } = world
    t.deepEqual(await store.listUnfinished(), [])
    const { segment, host, notification, epoch } = await incident(world)
    const gone = await store.createHost(segment.uuid, hostFields('compute-2'))
    const second = await accepted(store, hostStopped('compute-2', clock.wall))
    await database.execute(`UPDATE hosts SET deleted = id WHERE id = ${gone.id}`)
    const expected = [
      { notification, host, control: RUNNING, commandCount: 0 },
      { notification: second, host: undefined, control: RUNNING, commandCount: 0 },
    ]
    t.deepEqual(await store.listUnfinished(), expected)
    await store.recordTransition(epoch, {
      notification: notification.uuid,
      from: ['new'],
      to: 'finished',
      reason: 'x',
    })
    t.deepEqual(await store.listUnfinished(), expected.slice(1))
  })

  test('snapshot has everything that a decision needs, and no deleted rows', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const { segment, host, notification } = of
    const other = await store.createHost(segment.uuid, hostFields('compute-2'))
    const elsewhere = await store.createSegment(segmentFields('zone-b'))
    const far = await store.createHost(elsewhere.uuid, hostFields('compute-3'))
    const hostsOverall = [host, other, far].map(({ uuid, name, onMaintenance }) => ({
      uuid,
      name,
      onMaintenance,
    }))
    const failing = [{ sourceHost: host.uuid, createdAt: notification.createdAt }]
    const move = await plannedMove(store, of)
    t.deepEqual(await store.readSnapshot(segment.uuid, notification.uuid, 0), {
      segment,
      hosts: [host, other],
      notification,
      certificate: undefined,
      moves: [move],
      choices: {},
      commands: [],
      control: RUNNING,
      takenSpares: [],
      hostsActedOn: [],
      hostsActedOnOverall: [],
      hostsOverall,
      failing,
      hostFault: null,
      restarts: [],
    })
    t.deepEqual(await store.readSnapshot(segmentId('x'), notificationId('y'), 0), {
      segment: undefined,
      hosts: [],
      notification: undefined,
      certificate: undefined,
      moves: [],
      choices: {},
      commands: [],
      control: RUNNING,
      takenSpares: [],
      hostsActedOn: [],
      hostsActedOnOverall: [],
      hostsOverall,
      failing,
      hostFault: null,
      restarts: [],
    })
  })

  test('hosts acted on are those certified or being fenced since then, each once, here and overall', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const zoneB = await store.createSegment(segmentFields('zone-b'))
    const far = await store.createHost(zoneB.uuid, hostFields('compute-9'))
    const farFault = await accepted(store, hostStopped('compute-9', clock.wall))
    const acted = async (sinceMs: number) => {
      const snapshot = await store.readSnapshot(of.segment.uuid, of.notification.uuid, sinceMs)
      return [snapshot.hostsActedOn, snapshot.hostsActedOnOverall.toSorted()]
    }
    const entry = { notification: of.notification.uuid, subject: of.host.name, detail: 'x' }
    await store.recordIntent(of.epoch, { ...entry, step: 'isolate' })
    t.deepEqual(await acted(0), [[], []])
    await store.recordIntent(of.epoch, { ...entry, step: 'power-off' })
    await store.recordIntent(of.epoch, { ...entry, step: 'power-off' })
    t.deepEqual(await acted(clock.wall), [[of.host.uuid], [of.host.uuid]])
    t.deepEqual(await acted(clock.wall + 1), [[], []])

    const epoch = await store.claimEpoch(nodeName('engine-2'))
    const certificate = {
      epoch,
      ground: 'already-off',
      evidence: [],
      issuedAt: clock.wall + 5,
    } as const
    await store.saveCertificate({
      ...certificate,
      notification: of.notification.uuid,
      host: of.host.uuid,
    })
    await store.saveCertificate({ ...certificate, notification: farFault.uuid, host: far.uuid })
    const both = [of.host.uuid, far.uuid].toSorted()
    t.deepEqual(await acted(clock.wall), [[of.host.uuid], both])
    for (const { uuid } of [of.notification, farFault]) {
      await store.recordTransition(epoch, {
        notification: uuid,
        from: ['new'],
        to: 'finished',
        reason: 'x',
      })
    }
    t.deepEqual(await acted(clock.wall + 5), [[of.host.uuid], both])
    const { hostsActedOn } = await store.readSnapshot(of.segment.uuid, of.notification.uuid, 0)
    t.deepEqual(hostsActedOn, [of.host.uuid])
    t.deepEqual(await acted(clock.wall + 6), [[], []])
  })

  test('failing hosts are those of all segments with an open report of their death and without a certificate', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { notification, host, epoch } = of
    const zoneB = await store.createSegment(segmentFields('zone-b'))
    const far = await store.createHost(zoneB.uuid, hostFields('compute-9'))
    const failing = async () => {
      const snapshot = await store.readSnapshot(of.segment.uuid, notification.uuid, 0)
      return snapshot.failing.map(({ sourceHost }) => sourceHost)
    }
    const started = { event: 'STARTED', cluster_status: 'ONLINE', host_status: 'NORMAL' }
    await accepted(store, { ...hostStopped('compute-9', clock.wall), payload: started })
    await accepted(store, { ...hostStopped('compute-9', clock.wall), type: 'PROCESS' })
    t.deepEqual(await failing(), [host.uuid])
    const farFault = await accepted(store, hostStopped('compute-9', clock.wall))
    t.deepEqual(await failing(), [host.uuid, far.uuid])
    await store.saveCertificate({
      notification: notification.uuid,
      host: host.uuid,
      epoch,
      ground: 'already-off',
      evidence: [],
      issuedAt: clock.wall,
    })
    t.deepEqual(await failing(), [far.uuid])
    const end = { from: ['new'], to: 'ignored', reason: 'x' } as const
    await store.recordTransition(epoch, { ...end, notification: farFault.uuid })
    t.deepEqual(await failing(), [])
  })

  test('ordered fence counts for the window, even if it ended without a certificate', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { notification, segment, host, epoch } = of
    t.is(await refusal(store, of), 'granted')
    await store.recordTransition(epoch, {
      notification: notification.uuid,
      from: ['new'],
      to: 'failed',
      reason: 'x',
    })
    const orderedAt = clock.wall
    clock.wall += 600_000
    const acted = async (since: number) => {
      const snapshot = await store.readSnapshot(segment.uuid, notification.uuid, since)
      return [snapshot.hostsActedOn, snapshot.hostsActedOnOverall]
    }
    t.deepEqual(await acted(orderedAt), [[host.uuid], [host.uuid]])
    t.deepEqual(await acted(orderedAt + 1), [[], []])
  })

  test('an instance or service fault is shown with the fault of its host, when that is sure, and then certain', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment, host, notification: report, epoch } = await incident(world)
    const guest = await accepted(store, guestFailed('compute-1', clock.wall))
    const hostFault = async () =>
      (await store.readSnapshot(segment.uuid, guest.uuid, 0, 'VM')).hostFault
    const of = { notification: report.uuid, host: host.uuid }
    t.deepEqual(await hostFault(), { notification: report.uuid, certified: false, state: 'open' })
    const unsure = { event: 'STOPPED', host_status: 'UNKNOWN' }
    const end = (to: 'ignored' | 'finished') =>
      store.recordTransition(epoch, { ...of, from: ['new'], to, reason: 'x' })
    await end('ignored')
    t.is(await hostFault(), null)
    const doubt = await accepted(store, {
      ...hostStopped('compute-1', clock.wall),
      payload: unsure,
    })
    t.is(await hostFault(), null)
    await store.holdHost(epoch, host.uuid, report.uuid)
    t.deepEqual(await hostFault(), {
      notification: report.uuid,
      certified: false,
      state: 'cancelled',
    })
    const certificate = { ...of, epoch, ground: 'already-off', evidence: [], issuedAt: 1 } as const
    await store.saveCertificate(certificate)
    t.deepEqual(await hostFault(), {
      notification: report.uuid,
      certified: true,
      state: 'cancelled',
    })
    const over = { notification: doubt.uuid, from: ['new'], to: 'ignored', reason: 'x' } as const
    await store.recordTransition(epoch, over)
    const retry = { kind: 'retry', operator: 'kim', reason: 'the host is repaired' } as const
    await store.giveCommand({ notification: report.uuid, ...retry })
    t.deepEqual(await hostFault(), { notification: report.uuid, certified: false, state: 'open' })
  })

  test('restarts of an instance in the last day are counted by recovery', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment, epoch } = await incident(world)
    const first = await accepted(store, guestFailed('compute-1', clock.wall))
    const line = { step: 'restart', subject: INSTANCE, detail: 'start' } as const
    const restarts = async () =>
      (await store.readSnapshot(segment.uuid, first.uuid, 0, 'VM')).restarts
    t.deepEqual(await restarts(), [])
    await store.recordIntent(epoch, { ...line, notification: first.uuid })
    await store.recordIntent(epoch, { ...line, notification: first.uuid, subject: 'another' })
    const orderedAt = clock.wall
    t.deepEqual(await restarts(), [{ notification: first.uuid, orderedAt, ranAt: null }])
    clock.wall += 3_600_000
    const ranAt = clock.wall
    await store.appendJournal(epoch, { ...line, notification: first.uuid, kind: 'outcome' })
    t.deepEqual(await restarts(), [{ notification: first.uuid, orderedAt, ranAt }])
    clock.wall += 24 * 3_600_000 + 1
    t.deepEqual(await restarts(), [])
  })
}

const INSTANCE = '00000000-0000-4000-8000-000000000001'

const guestFailed = (host: string, generatedAt: number): NewNotification => ({
  ...hostStopped(host, generatedAt),
  type: 'VM',
  payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: INSTANCE },
})

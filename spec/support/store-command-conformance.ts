/** What operator commands do to recoveries, in every store. */
import { notificationId } from '../../schema/ids.ts'
import type { OperatorCommandKind } from '../../schema/records.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import {
  accepted,
  hostStopped,
  incident,
  plannedMove,
  refusal,
  type Incident,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'

const give = (store: StorePort, { notification }: Incident, kind: OperatorCommandKind) =>
  store.giveCommand({ notification: notification.uuid, kind, operator: 'alice', reason: 'so' })

const end = (store: StorePort, { notification, epoch }: Incident, to: 'failed' | 'finished') =>
  store.recordTransition(epoch, {
    notification: notification.uuid,
    from: ['new', 'running'],
    to,
    reason: 'x',
  })

const REFUSED = { code: 'COMMAND_REFUSED' }

/** Registers the tests. */
export function commandConformance(test: RegisterTest, open: OpenWorld): void {
  test('no step is granted while a recovery is paused, cancelled, or everything is stopped', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const control = async () => (await store.listUnfinished())[0]?.control.kind
    const stop = { kind: 'stop', operator: 'bob', reason: 'drill' } as const
    t.is(await refusal(store, of), 'granted')
    await give(store, of, 'pause')
    t.is(await refusal(store, of), 'paused by alice: so')
    t.is(await control(), 'paused')
    await give(store, of, 'resume')
    t.is(await refusal(store, of), 'granted')
    await store.giveSiteCommand(stop)
    t.is(await refusal(store, of), 'all recoveries are stopped by bob: drill')
    t.is(await control(), 'stopped')
    t.is((await store.listUnfinished())[0]?.commandCount, 2, 'of its own')
    await t.throwsAsync(store.giveSiteCommand(stop), REFUSED)
    await store.giveSiteCommand({ ...stop, kind: 'release' })
    t.is(await refusal(store, of), 'granted')
    t.deepEqual(
      (await store.listSiteCommands()).map(({ kind }) => kind),
      ['stop', 'release'],
    )
    await give(store, of, 'cancel')
    t.is(await refusal(store, of), 'cancelled by alice: so')
    const { segment, notification } = of
    const snapshot = await store.readSnapshot(segment.uuid, notification.uuid, 0)
    t.is(snapshot.control.kind, 'cancelled')
    await t.throwsAsync(give(store, of, 'pause'), REFUSED)
    const lines = await store.listJournal(notification.uuid)
    t.is(
      lines.findLast(({ step }) => step === 'command')?.detail,
      'alice gives the command cancel: so',
    )
  })

  test('attempts are counted when they begin, and every line of the journal knows its attempt', async (t) => {
    await using world = await open()
    const { store } = world
    const { notification, epoch } = await incident(world)
    const to = (status: 'running' | 'error') =>
      store.recordTransition(epoch, {
        notification: notification.uuid,
        from: ['new', 'running', 'error'],
        to: status,
        reason: 'x',
      })
    for (const status of ['running', 'running', 'error', 'running'] as const) await to(status)
    t.like(await store.getNotification(notification.uuid), { run: 2, firstRun: 1 })
    const lines = await store.listJournal(notification.uuid)
    t.deepEqual(
      lines.map(({ run }) => run),
      [1, 1, 1, 2],
    )
  })

  test('moves that were never requested are given up, and only those', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const move = await plannedMove(store, of)
    await store.endMoves(of.epoch, of.notification.uuid, {
      status: 'ignored',
      message: 'cancelled',
    })
    const read = () => store.getMove(of.notification.uuid, move.uuid)
    t.like(await read(), { status: 'ignored', message: 'cancelled' })
    const change = { move: move.uuid, destHost: null, message: null } as const
    await store.updateMove(of.epoch, { ...change, from: ['ignored'], to: 'ongoing' })
    await store.endMoves(of.epoch, of.notification.uuid, { status: 'ignored', message: 'again' })
    t.is((await read())?.status, 'ongoing')
    await t.throwsAsync(
      store.endMoves(epochBefore(of), of.notification.uuid, { status: 'ignored', message: 'late' }),
      {
        code: 'STALE_EPOCH',
      },
    )
  })

  test('a retry makes an ended recovery new, keeps what was done, and requires a new proof of death', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { segment, host, notification, epoch } = of
    const { uuid } = notification
    const move = await plannedMove(store, of)
    await t.throwsAsync(give(store, of, 'retry'), REFUSED)
    const certificate = {
      notification: uuid,
      host: host.uuid,
      epoch,
      issuedAt: clock.wall,
      ground: 'operator',
      evidence: ['seen'],
    } as const
    await store.saveCertificate(certificate)
    await store.holdHost(epoch, host.uuid, uuid)
    await store.recordTransition(epoch, {
      notification: uuid,
      from: ['new'],
      to: 'running',
      reason: 'x',
    })
    await store.updateMove(epoch, {
      move: move.uuid,
      from: ['pending'],
      to: 'failed',
      destHost: null,
      message: 'no room',
    })
    await end(store, of, 'failed')
    await give(store, of, 'retry')
    t.like(await store.getNotification(uuid), { status: 'new', run: 1, firstRun: 2 })
    t.is((await store.getMove(uuid, move.uuid))?.status, 'pending')
    t.is((await store.readSnapshot(segment.uuid, uuid, 0)).certificate, undefined)
    t.like(await store.getCertificate(uuid), { ground: 'operator' })
    t.is(await refusal(store, of), 'granted')
    await store.releaseUntouched(epoch, host.uuid, uuid)
    t.true((await store.getHost(segment.uuid, host.uuid))?.onMaintenance, 'it had been fenced')
    await store.saveCertificate({ ...certificate, ground: 'already-off' })
    const again = await store.readSnapshot(segment.uuid, uuid, 0)
    t.is(again.certificate?.ground, 'already-off')
    t.is((await store.getCertificate(uuid))?.ground, 'already-off')
    await end(store, of, 'finished')
    await t.throwsAsync(give(store, of, 'retry'), REFUSED)
    const [returning] = await store.listReturning(0)
    t.is(returning?.deaths.length, 1, 'one death, looked at twice')
  })

  test('a retry is refused while another recovery of the host is unfinished, or when the host is gone', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    await end(store, of, 'failed')
    const second = await accepted(store, hostStopped(of.host.name, clock.wall))
    await t.throwsAsync(give(store, of, 'retry'), { ...REFUSED, message: /goes on/ })
    await end(store, { ...of, notification: second }, 'finished')
    await store.deleteHost(of.segment.uuid, of.host.uuid)
    await t.throwsAsync(give(store, of, 'retry'), { ...REFUSED, message: /not registered/ })
    await t.throwsAsync(
      give(store, { ...of, notification: { ...second, uuid: notificationId('nobody') } }, 'retry'),
      { code: 'NOTIFICATION_NOT_FOUND' },
    )
  })

  test('a host that was never certified dead is released with the recovery', async (t) => {
    await using world = await open()
    const { store } = world
    const { segment, host, notification, epoch } = await incident(world)
    await store.holdHost(epoch, host.uuid, notification.uuid)
    await store.releaseUntouched(epoch, host.uuid, notification.uuid)
    t.false((await store.getHost(segment.uuid, host.uuid))?.onMaintenance)
  })

  test('a host is kept out of service when its recovery was cancelled at the moment when it ended', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const { segment, host, notification, epoch } = of
    await give(store, of, 'cancel')
    await store.releaseUntouched(epoch, host.uuid, notification.uuid)
    t.like(await store.getHost(segment.uuid, host.uuid), {
      onMaintenance: true,
      maintenanceBy: notification.uuid,
    })
  })
}

const epochBefore = ({ epoch }: Incident): Incident['epoch'] => (epoch - 1) as Incident['epoch']

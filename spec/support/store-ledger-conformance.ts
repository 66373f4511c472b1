/** The ledger of every store: which recovery has a spare, and which changes must be undone. */
import type { ExecutionContext } from 'ava'
import type { Grant } from '../../actors/ports/grant.ts'
import { hostName, nodeName } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import {
  accepted,
  hostFields,
  hostStopped,
  incident,
  plannedMove,
  type Incident,
  type OpenWorld,
  type RegisterTest,
  type StoreWorld,
} from './store-world.ts'

const SPARE = hostName('spare-1')

interface Scene extends Incident {
  readonly spare: Host
}

async function setScene(world: StoreWorld): Promise<Scene> {
  const of = await incident(world)
  const fields = { ...hostFields(SPARE), reserved: true }
  return { ...of, spare: await world.store.createHost(of.segment.uuid, fields) }
}

const take = ({ store }: StoreWorld, { epoch, notification }: Incident): Promise<Grant> =>
  store.takeSpare(epoch, notification.uuid, SPARE)

const end = ({ store }: StoreWorld, { epoch, notification }: Incident): Promise<boolean> =>
  store.recordTransition(epoch, {
    notification: notification.uuid,
    from: ['new'],
    to: 'finished',
    reason: 'done',
  })

async function refuses(t: ExecutionContext, grant: Promise<Grant>, why: RegExp): Promise<void> {
  const { kind, ...more } = await grant
  t.is(kind, 'refused')
  t.regex(String(Object.values(more)[0]), why)
}

/** Registers the tests. */
export function ledgerConformance(test: RegisterTest, open: OpenWorld): void {
  test('aggregates that recoveries made a spare join are listed until each of them is undone', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { epoch, notification, spare } = scene
    await take(world, scene)
    t.deepEqual(await store.listJoinedAggregates(), [])
    const join = { notification: notification.uuid, kind: 'aggregate', host: spare.uuid } as const
    for (const subject of ['7', '8']) await store.recordChange(epoch, { ...join, subject })
    const listed = async (): Promise<readonly unknown[]> =>
      (await store.listJoinedAggregates()).toSorted((one, other) =>
        one.aggregate < other.aggregate ? -1 : 1,
      )
    const [seven, eight] = ['7', '8'].map((aggregate) => ({ host: SPARE, aggregate }))
    t.deepEqual(await listed(), [seven, eight])
    const open7 = (await store.listChanges()).find(({ subject }) => subject === '7')
    await store.closeChange(epoch, open7?.id ?? 0, 'it has left')
    t.deepEqual(await listed(), [eight])
    await store.updateSegment(scene.segment.uuid, { enabled: false })
    t.deepEqual(await listed(), [eight], 'in a disabled segment, too')
  })

  test('spare is taken by a recovery, granted to it again, and shared with others until it is given back', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { segment, epoch, notification, spare } = scene
    const other = await store.createHost(segment.uuid, hostFields('compute-2'))
    const second = await accepted(store, hostStopped(other.name, world.clock.wall))
    t.deepEqual(await take(world, scene), { kind: 'granted' })
    t.deepEqual(await take(world, scene), { kind: 'granted' })
    t.like(await store.findHost(SPARE), { reserved: false })
    const { takenSpares } = await store.readSnapshot(segment.uuid, notification.uuid, 0)
    const taken = { host: spare.uuid, by: notification.uuid, state: 'open' } as const
    t.deepEqual(takenSpares, [taken])
    t.deepEqual(await store.takeSpare(epoch, second.uuid, SPARE), { kind: 'granted' })
    const both = (await store.readSnapshot(segment.uuid, notification.uuid, 0)).takenSpares
    t.deepEqual(both, [taken, { ...taken, by: second.uuid }], 'each has an entry of its own')
    const [, share] = await store.listChanges()
    t.true(await store.returnSpare(epoch, share?.id ?? 0))
    await refuses(t, store.takeSpare(epoch, notification.uuid, SPARE), /just given back/)
    const lines = await store.listJournal(notification.uuid)
    t.like(lines, [{ kind: 'intent', step: 'take-spare', subject: SPARE }])
    t.is(lines.length, 1)
  })

  test('spare is not taken without permission', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { segment, epoch, notification, spare } = scene
    const change = (fields: object) => store.updateHost(segment.uuid, spare.uuid, fields)
    await change({ onMaintenance: true })
    await refuses(t, take(world, scene), /on maintenance/)
    await change({ onMaintenance: false, reserved: false })
    await refuses(t, take(world, scene), /not reserved/)
    await change({ reserved: true })
    const nowhere = hostName('no-such-host')
    await refuses(t, store.takeSpare(epoch, notification.uuid, nowhere), /not registered/)
    await store.updateSegment(segment.uuid, { enabled: false })
    await refuses(t, take(world, scene), /disabled/)
    await store.updateSegment(segment.uuid, { enabled: true })
    await store.claimEpoch(nodeName('engine-2'))
    await t.throwsAsync(take(world, scene), { code: 'STALE_EPOCH' })
    t.like(await store.findHost(SPARE), { reserved: true })
    t.deepEqual(await store.listChanges(), [])
  })

  test('ledger lists each open change once, with the state of its recovery', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { epoch, notification, spare, host, segment } = scene
    await take(world, scene)
    const change = { notification: notification.uuid, kind: 'aggregate', host: spare.uuid } as const
    for (const subject of ['7', '7', '8']) await store.recordChange(epoch, { ...change, subject })
    await store.recordChange(epoch, { ...change, kind: 'service', subject: 'dead' })
    await store.holdHost(epoch, host.uuid, notification.uuid)
    const changes = await store.listChanges()
    t.deepEqual(
      changes.map(({ kind, subject, state }) => `${kind} ${subject} ${state}`),
      ['spare  open', 'aggregate 7 open', 'aggregate 8 open'],
    )
    const about = { notification: notification.uuid, host: { uuid: spare.uuid, name: SPARE } }
    t.like(changes[0], { ...about, recoveryEnded: false, failedHostIsBack: false })
    await end(world, scene)
    t.like((await store.listChanges())[0], { recoveryEnded: true, failedHostIsBack: false })
    await store.releaseHost(epoch, host.uuid, notification.uuid)
    t.like((await store.listChanges())[0], { recoveryEnded: true, failedHostIsBack: true })
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    t.like((await store.listChanges())[0], { failedHostIsBack: false }, 'an operator has it')
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })
    t.like((await store.listChanges())[0], { failedHostIsBack: true })
    await store.updateSegment(segment.uuid, { enabled: false })
    t.deepEqual(await store.listChanges(), [])
    await store.updateSegment(segment.uuid, { enabled: true })
    for (const { id } of changes) await store.closeChange(epoch, id, 'undone')
    t.deepEqual(await store.listChanges(), [])
  })

  test('spare is reserved again before another instance can be sent to it', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { epoch, notification, segment } = scene
    await take(world, scene)
    const { uuid: move } = await plannedMove(store, scene)
    const send = { move, from: ['pending'], to: 'ongoing', destHost: SPARE, message: null } as const
    const back = { ...send, from: ['ongoing'], to: 'pending', destHost: null } as const
    const [change] = await store.listChanges()
    if (change === undefined) throw new Error('nothing was taken')
    t.true(await store.updateMove(epoch, send))
    t.false(await store.returnSpare(epoch, change.id), 'an instance is on its way')
    t.true(await store.updateMove(epoch, back))
    t.true(await store.returnSpare(epoch, change.id))
    t.false(await store.returnSpare(epoch, change.id))
    t.like(await store.findHost(SPARE), { reserved: true })
    t.false(await store.updateMove(epoch, send), 'nobody is sent to a reserved host')
    const { takenSpares } = await store.readSnapshot(segment.uuid, notification.uuid, 0)
    t.like(takenSpares, [{ state: 'undoing' }])
    await refuses(t, take(world, scene), /just given back/)
    await store.closeChange(epoch, change.id, 'reserved again')
    t.deepEqual(await take(world, scene), { kind: 'granted' })
  })

  test('operator who sets whether a host is reserved takes it over', async (t) => {
    await using world = await open()
    const { store } = world
    const scene = await setScene(world)
    const { segment, spare } = scene
    await take(world, scene)
    await store.updateHost(segment.uuid, spare.uuid, { type: 'KVM' }).catch(() => undefined)
    t.is((await store.listChanges()).length, 1)
    await store.updateHost(segment.uuid, spare.uuid, { reserved: false })
    t.deepEqual(await store.listChanges(), [])
    t.like(await store.findHost(SPARE), { reserved: false })
  })

  test('purge keeps a recovery whose changes are not undone', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const scene = await setScene(world)
    await take(world, scene)
    await end(world, scene)
    const [change] = await store.listChanges()
    clock.wall += 10_000
    t.like(await store.purge({ before: clock.wall, rowsMax: 9 }), { notifications: 0 })
    await store.closeChange(scene.epoch, change?.id ?? 0, 'reserved again')
    t.like(await store.purge({ before: clock.wall, rowsMax: 9 }), { notifications: 1 })
  })
}

/**
 * What every store knows about moves that a failed recovery gave up: late completions, and
 * instances left on a returned host.
 */
import { hostName, instanceId, epoch as toEpoch } from '../../schema/ids.ts'
import type { NotificationStatus } from '../../schema/records.ts'
import { plannedRow } from './planned.ts'
import {
  incident,
  type Incident,
  type OpenWorld,
  type RegisterTest,
  type StoreWorld,
} from './store-world.ts'

const VM = instanceId('0f0e0d0c-0000-4000-8000-000000000001')
const OTHER = instanceId('0f0e0d0c-0000-4000-8000-000000000002')
const THIRD = instanceId('0f0e0d0c-0000-4000-8000-000000000003')
const FOURTH = instanceId('0f0e0d0c-0000-4000-8000-000000000004')
const DEST = hostName('compute-2')

/** Two moves that were requested and given up, and one that was never requested. */
async function givenUp({ store, clock }: StoreWorld, { notification, host, epoch }: Incident) {
  const moves = await store.planMoves(epoch, notification.uuid, host.name, [
    plannedRow(VM, 'vm-1'),
    plannedRow(OTHER, 'vm-2'),
    plannedRow(THIRD, 'vm-3'),
  ])
  for (const [index, { uuid: move }] of moves.entries()) {
    const change = { move, destHost: null, message: 'too slow' } as const
    if (index < 2) await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' })
    const to = index < 2 ? 'failed' : 'ignored'
    await store.updateMove(epoch, { ...change, from: ['pending', 'ongoing'], to })
  }
  clock.wall += 5000
  return moves
}

const end = ({ store }: StoreWorld, { epoch, notification }: Incident, to: NotificationStatus) =>
  store.recordTransition(epoch, {
    notification: notification.uuid,
    from: ['new', 'running'],
    to,
    reason: '0 instances moved, 2 failed, 1 ignored',
  })

/**
 * A held host whose service we have disabled, and a failed recovery: two running instances were not
 * moved, and two others do not matter.
 */
async function leaveTwo(world: StoreWorld, of: Incident) {
  const { store } = world
  const { notification, host, epoch } = of
  await store.holdHost(epoch, host.uuid, notification.uuid)
  const change = { notification: notification.uuid, kind: 'service', host: host.uuid } as const
  await store.recordChange(epoch, { ...change, subject: 'it is dead' })
  const stopped = { vmState: 'stopped', taskState: null, powerState: 4, locked: false }
  const moves = await store.planMoves(epoch, notification.uuid, host.name, [
    plannedRow(VM, 'vm-1'),
    plannedRow(OTHER, 'vm-2'),
    plannedRow(THIRD, 'vm-3', { origin: stopped }),
    plannedRow(FOURTH, 'vm-4', { status: 'ignored' }),
  ])
  await end(world, of, 'failed')
  return moves
}

/** Registers the tests. */
export function reconcilerConformance(test: RegisterTest, open: OpenWorld): void {
  test('a move that a failed recovery requested and gave up is listed after the failure, for the given time', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const since = clock.wall
    await givenUp(world, of)
    t.deepEqual(await store.listGivenUp(since), [])
    await end(world, of, 'failed')
    t.deepEqual(
      (await store.listGivenUp(since)).map(({ instance }) => instance),
      [VM, OTHER],
    )
    t.deepEqual(await store.listGivenUp(since + 1000), [])
  })

  test('a late completion corrects the move, its attempt and the sentence, and the last one also the status', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const { uuid } = of.notification
    const [one, other, third] = await givenUp(world, of)
    if (one === undefined || other === undefined || third === undefined) return t.fail()
    t.is(
      await store.recordLateCompletion(of.epoch, one.uuid, DEST),
      undefined,
      'it is not over yet',
    )
    await end(world, of, 'failed')
    t.is(await store.recordLateCompletion(of.epoch, third.uuid, DEST), undefined)
    const first = await store.recordLateCompletion(of.epoch, one.uuid, DEST)
    t.like(first, { notification: { uuid, status: 'failed' }, done: 3, total: 3 })
    t.regex(first?.notification.message ?? '', /^1 instances moved, 1 failed, 1 ignored/)
    t.like(await store.getMove(uuid, one.uuid), {
      status: 'succeeded',
      destHost: DEST,
      message: null,
    })
    t.like((await store.listAttempts(uuid))[0], {
      outcome: 'succeeded',
      target: DEST,
      reason: null,
    })
    t.is(
      await store.recordLateCompletion(of.epoch, one.uuid, DEST),
      undefined,
      'it was told already',
    )
    t.like(await store.recordLateCompletion(of.epoch, other.uuid, DEST), {
      notification: { status: 'finished' },
    })
    t.like(await store.getNotification(uuid), { status: 'finished' })
    const details = (await store.listJournal(uuid)).map(({ detail }) => detail)
    t.is(
      details.filter((detail) => detail === 'moved to compute-2 after the recovery had ended')
        .length,
      2,
    )
    t.regex(details.at(-1) ?? '', /^failed => finished: 2 instances moved, 0 failed, 1 ignored/)
  })

  test('a move that arrived and could not be restored is no late completion', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const plan = [plannedRow(VM, 'vm-1')]
    const [move] = await store.planMoves(of.epoch, of.notification.uuid, of.host.name, plan)
    if (move === undefined) return t.fail()
    const change = { move: move.uuid, destHost: DEST, message: 'it is active' } as const
    await store.updateMove(of.epoch, { ...change, from: ['pending'], to: 'ongoing' })
    await store.updateMove(of.epoch, { ...change, from: ['ongoing'], to: 'failed' })
    await end(world, of, 'failed')
    t.deepEqual(await store.listGivenUp(clock.wall - 60_000), [])
    t.is(await store.recordLateCompletion(of.epoch, move.uuid, DEST), undefined)
  })

  test('an instance that ran on a returned host is left behind there, until the host is held again', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { epoch, host, notification } = of
    const moves = await leaveTwo(world, of)
    const left = async (sinceMs: number) =>
      (await store.listLeftStopped(sinceMs)).map(({ instanceName }) => instanceName)
    t.deepEqual(await left(0), [], 'the host is not back yet')
    await store.releaseHost(epoch, host.uuid, notification.uuid)
    t.deepEqual(
      await left(clock.wall),
      ['vm-1', 'vm-2'],
      'vm-3 did not run, vm-4 was not to be moved',
    )
    t.deepEqual(await left(clock.wall + 1), [])
    const [one] = moves
    if (one === undefined) return t.fail()
    t.deepEqual(await store.recordStart(epoch, one.uuid, 'it ran'), { kind: 'granted' })
    const intent = { kind: 'intent', step: 'start', subject: VM, detail: 'it ran' }
    t.like((await store.listJournal(notification.uuid)).at(-1), intent)
    await store.holdHost(epoch, host.uuid, notification.uuid)
    t.deepEqual(await left(0), [])
    t.like(await store.recordStart(epoch, one.uuid, 'it ran'), { kind: 'refused' })
  })

  test('an instance left behind is started by the acting leader only, and not while operators forbid it', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const { epoch, host, notification, segment } = of
    const [one] = await leaveTwo(world, of)
    if (one === undefined) return t.fail()
    await store.releaseHost(epoch, host.uuid, notification.uuid)
    await t.throwsAsync(store.recordStart(toEpoch(epoch - 1), one.uuid, 'it ran'), {
      code: 'STALE_EPOCH',
    })
    const said = { operator: 'kim', reason: 'exercise' }
    await store.giveSiteCommand({ ...said, kind: 'stop' })
    t.deepEqual(await store.recordStart(epoch, one.uuid, 'it ran'), {
      kind: 'refused',
      reason: 'all recoveries are stopped by kim: exercise',
    })
    await store.giveSiteCommand({ ...said, kind: 'release' })
    t.deepEqual(await store.recordStart(epoch, one.uuid, 'it ran'), { kind: 'granted' })
    await store.updateSegment(segment.uuid, { enabled: false })
    t.deepEqual(await store.listLeftStopped(0), [])
  })

  test('a late completion is written by the acting leader only, and not for a recovery that operators took over', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const [one] = await givenUp(world, of)
    if (one === undefined) return t.fail()
    await end(world, of, 'ignored')
    t.is(await store.recordLateCompletion(of.epoch, one.uuid, DEST), undefined)
    await t.throwsAsync(store.recordLateCompletion(toEpoch(of.epoch - 1), one.uuid, DEST), {
      code: 'STALE_EPOCH',
    })
  })
}

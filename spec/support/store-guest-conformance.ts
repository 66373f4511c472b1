/** What every store knows about the guests of moved instances. */
import { epoch as toEpoch, hostName, instanceId } from '../../schema/ids.ts'
import type { GuestEnd } from '../../actors/ports/guest-store.ts'
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
const DEST = hostName('compute-2')
const FOLLOWED = { state: 'not_heard', at: null, reason: null }

/** Two moves that have succeeded, one of an instance that was stopped; and one that has failed. */
async function moveTwo({ store }: StoreWorld, { notification, host, epoch }: Incident) {
  const origin = { vmState: 'stopped', taskState: null, powerState: 4, locked: false }
  const moves = await store.planMoves(epoch, notification.uuid, host.name, [
    plannedRow(VM, 'vm-1'),
    plannedRow(OTHER, 'vm-2', { origin }),
    plannedRow(THIRD, 'vm-3'),
  ])
  for (const [index, { uuid: move }] of moves.entries()) {
    const change = { move, destHost: DEST, message: null } as const
    await store.updateMove(epoch, { ...change, from: ['pending'], to: 'ongoing' })
    const to = index < 2 ? 'succeeded' : 'failed'
    await store.updateMove(epoch, { ...change, from: ['ongoing'], to })
  }
  return moves
}

/** Registers the tests. */
export function guestConformance(test: RegisterTest, open: OpenWorld): void {
  test('the guest of a move is followed from its success on', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const [planned] = await store.planMoves(of.epoch, of.notification.uuid, of.host.name, [
      plannedRow(VM, 'vm-1'),
    ])
    t.is(planned?.guest, null)
    t.deepEqual(await store.listAwaitedGuests(10), [])
    await moveTwo(world, of)
    const [one, other, more] = await store.listAwaitedGuests(10)
    t.like(one, { instance: VM, destHost: DEST, origin: { vmState: 'active' }, guest: FOLLOWED })
    t.is(one?.reportedAt, Math.floor(clock.wall / 1000) * 1000)
    t.like(other, { instance: OTHER, origin: { vmState: 'stopped' } })
    t.is(more, undefined, 'the third move has failed')
    t.is((await store.listAwaitedGuests(1)).length, 1)
  })

  test('a guest that is heard is recorded once, and nothing else of its move changes', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const { uuid } = of.notification
    const [one, other, third] = await moveTwo(world, of)
    if (one === undefined || other === undefined || third === undefined) return t.fail()
    const before = await store.getMove(uuid, one.uuid)
    clock.wall += 5000
    const end: GuestEnd = { state: 'agent', at: clock.wall - 700, reason: 'its agent answers' }
    t.deepEqual(await store.recordGuest(of.epoch, one.uuid, end), { back: 1, total: 2 })
    t.deepEqual(await store.getMove(uuid, one.uuid), { ...before, guest: end })
    t.like((await store.listJournal(uuid)).at(-1), {
      kind: 'outcome',
      step: 'guest',
      subject: VM,
      detail: 'its agent answers',
    })
    t.like(await store.getNotification(uuid), { status: of.notification.status })
    const late: GuestEnd = { state: 'not_heard', at: clock.wall, reason: 'too late' }
    t.is(await store.recordGuest(of.epoch, one.uuid, late), undefined, 'it is known already')
    t.is(await store.recordGuest(of.epoch, third.uuid, end), undefined, 'its move has failed')
    const none: GuestEnd = { state: 'not_expected', at: clock.wall, reason: 'it was stopped' }
    t.deepEqual(await store.recordGuest(of.epoch, other.uuid, none), { back: 1, total: 2 })
    t.deepEqual(await store.listAwaitedGuests(10), [])
    t.deepEqual((await store.getMove(uuid, one.uuid))?.guest, end)
  })

  test('a guest that was not heard in time is not followed any more', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const [one] = await moveTwo(world, of)
    if (one === undefined) return t.fail()
    const end: GuestEnd = { state: 'not_heard', at: clock.wall, reason: 'its host is silent' }
    t.deepEqual(await store.recordGuest(of.epoch, one.uuid, end), { back: 0, total: 2 })
    const late: GuestEnd = { state: 'agent', at: clock.wall, reason: 'its agent answers' }
    t.is(await store.recordGuest(of.epoch, one.uuid, late), undefined, 'it was given up')
    const followed = await store.listAwaitedGuests(10)
    t.deepEqual(
      followed.map(({ instance }) => instance),
      [OTHER],
    )
  })

  test('the guest of a late completion is followed, too', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const [move] = await store.planMoves(of.epoch, of.notification.uuid, of.host.name, [
      plannedRow(VM, 'vm-1'),
    ])
    if (move === undefined) return t.fail()
    const change = { move: move.uuid, destHost: null, message: 'too slow' } as const
    await store.updateMove(of.epoch, { ...change, from: ['pending'], to: 'ongoing' })
    await store.updateMove(of.epoch, { ...change, from: ['ongoing'], to: 'failed' })
    const failed = { notification: of.notification.uuid, to: 'failed', reason: 'gave up' } as const
    await store.recordTransition(of.epoch, { ...failed, from: ['new'] })
    await store.recordLateCompletion(of.epoch, move.uuid, DEST)
    t.like((await store.listAwaitedGuests(10))[0], { destHost: DEST, guest: FOLLOWED })
  })

  test('a guest is recorded by the acting leader only', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const of = await incident(world)
    const [one] = await moveTwo(world, of)
    if (one === undefined) return t.fail()
    const end: GuestEnd = { state: 'agent', at: clock.wall, reason: 'its agent answers' }
    await t.throwsAsync(store.recordGuest(toEpoch(of.epoch - 1), one.uuid, end), {
      code: 'STALE_EPOCH',
    })
    t.is((await store.listAwaitedGuests(10)).length, 2)
  })
}

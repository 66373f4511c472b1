/** One leader at a time, and one schema for all: epochs, the guard, migrations, readiness. */
import { StaleEpochError } from '../../schema/errors.ts'
import { epoch, nodeName } from '../../schema/ids.ts'
import {
  incident,
  plannedMove,
  segmentFields,
  wholePage,
  type Incident,
  type OpenWorld,
  type RegisterTest,
} from './store-world.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Epoch } from '../../schema/ids.ts'
import type { VmMove } from '../../schema/records.ts'
import { plannedRow } from './planned.ts'

type Write = (epoch: Epoch) => Promise<unknown>

/** Every recovery write. */
function writes(store: StorePort, of: Incident, move: VmMove): Readonly<Record<string, Write>> {
  const { host } = of
  const notification = of.notification.uuid
  const entry = { notification, step: 'power-off', subject: host.name, detail: 'stale' }
  return {
    recordTransition: (epoch) =>
      store.recordTransition(epoch, {
        notification,
        from: ['new'],
        to: 'running',
        reason: 'stale',
      }),
    recordIntent: (epoch) => store.recordIntent(epoch, entry),
    appendJournal: (epoch) => store.appendJournal(epoch, { ...entry, kind: 'outcome' }),
    saveCertificate: (epoch) =>
      store.saveCertificate({
        notification,
        host: host.uuid,
        epoch,
        issuedAt: 1,
        ground: 'already-off',
        evidence: [],
      }),
    planMoves: (epoch) =>
      store.planMoves(epoch, notification, host.name, [plannedRow(move.instance, 'x')]),
    noteLock: (epoch) => store.noteLock(epoch, move.uuid, 'held'),
    updateMove: (epoch) =>
      store.updateMove(epoch, {
        move: move.uuid,
        from: ['pending'],
        to: 'failed',
        destHost: null,
        message: null,
      }),
    holdHost: (epoch) => store.holdHost(epoch, host.uuid, notification),
    releaseHost: (epoch) => store.releaseHost(epoch, host.uuid, notification),
  }
}

/** Registers the tests. */
export function leadershipConformance(test: RegisterTest, open: OpenWorld): void {
  test('epoch grows by one with each claim, also with many claims at the same time', async (t) => {
    await using world = await open()
    const { store } = world
    const other = world.openAnother()
    t.is(await store.currentEpoch(), epoch(0))
    t.is(await store.claimEpoch(nodeName('engine-1')), epoch(1))
    const claims = [store, other, store, other].map((each) => each.claimEpoch(nodeName('engine-2')))
    const epochs = (await Promise.all(claims)).toSorted((one, two) => one - two)
    t.deepEqual(epochs, [2, 3, 4, 5].map(epoch))
    t.is(await other.currentEpoch(), epoch(5))
  })

  test('stale leader changes nothing with any write, and neither does one with too high an epoch', async (t) => {
    await using world = await open()
    const { store } = world
    const of = await incident(world)
    const move = await plannedMove(store, of)
    const { segment, notification } = of
    const everything = async (): Promise<unknown> => [
      await store.readSnapshot(segment.uuid, notification.uuid, 0),
      await store.listJournal(notification.uuid),
      await store.listMoves({ notification: notification.uuid }, wholePage),
    ]
    const before = await everything()
    const next = await world.openAnother().claimEpoch(nodeName('engine-2'))
    for (const [name, write] of Object.entries(writes(store, of, move))) {
      for (const refused of [of.epoch, epoch(next + 1)]) {
        const error = await t.throwsAsync(write(refused), { code: 'STALE_EPOCH' }, name)
        t.is(error instanceof StaleEpochError ? error.epoch : undefined, refused, name)
      }
    }
    t.deepEqual(await everything(), before)
    for (const [name, write] of Object.entries(writes(store, of, move))) {
      await t.notThrowsAsync(write(next), name)
    }
    t.notDeepEqual(await everything(), before)
  })

  test('claim while the old leader writes: each of its writes is before the claim, or refused', async (t) => {
    await using world = await open()
    const { store } = world
    const { epoch, notification } = await incident(world)
    const other = world.openAnother()
    const entry = {
      notification: notification.uuid,
      kind: 'evidence',
      step: 'x',
      subject: 'y',
    } as const
    const written = Array.from({ length: 10 }, (_, index) =>
      store.appendJournal(epoch, { ...entry, detail: String(index) }).then(
        () => 'written',
        (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
      ),
    )
    const next = await other.claimEpoch(nodeName('engine-2'))
    await other.appendJournal(next, { ...entry, detail: 'mine' })
    const outcomes = await Promise.all(written)
    const journal = (await store.listJournal(notification.uuid)).map((line) => line.epoch)
    t.deepEqual(journal, [
      ...outcomes.filter((outcome) => outcome === 'written').map(() => epoch),
      next,
    ])
    t.deepEqual(
      [...new Set(outcomes)].filter(
        (outcome) => outcome !== 'written' && outcome !== 'STALE_EPOCH',
      ),
      [],
    )
  })

  test('migrating again, and by two processes at once, changes nothing', async (t) => {
    await using world = await open()
    const { store } = world
    const segment = await store.createSegment(segmentFields('zone-a'))
    const epoch = await store.claimEpoch(nodeName('engine-1'))
    await Promise.all([store.migrate(), world.openAnother().migrate()])
    t.deepEqual(await store.listSegments({}, wholePage), [segment])
    t.is(await store.currentEpoch(), epoch)
  })

  test('migration that was interrupted is finished by the next one', async (t) => {
    await using world = await open()
    const { store, database } = world
    await store.createSegment(segmentFields('zone-a'))
    await database.execute("DELETE FROM kysely_migration WHERE name >= '0002'")
    await database.execute('DROP TABLE journal')
    await database.execute('DELETE FROM leadership')
    await store.migrate()
    t.is((await store.listSegments({}, wholePage)).length, 1)
    const of = await incident({ ...world, store: world.openAnother() }).catch(
      (error: unknown) => error,
    )
    t.like(of, { code: 'SEGMENT_NAME_TAKEN' })
    t.is(await store.claimEpoch(nodeName('engine-1')), epoch(1))
  })

  test('ping answers, and reports STORE_UNAVAILABLE without a schema and after the end', async (t) => {
    await using world = await open()
    const { store, database } = world
    await t.notThrowsAsync(store.ping())
    await database.execute('DROP TABLE leadership')
    await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE' })
    await store[Symbol.asyncDispose]()
    await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE' })
  })

  test('number beyond 2^53 in the database is refused, never rounded', async (t) => {
    await using world = await open()
    const { store, database } = world
    await database.execute('UPDATE leadership SET epoch = 9007199254740991')
    t.is(await store.currentEpoch(), epoch(2 ** 53 - 1))
    await t.throwsAsync(store.claimEpoch(nodeName('engine-1')), { instanceOf: RangeError })
    await database.execute('UPDATE leadership SET epoch = 9007199254740993')
    await t.throwsAsync(store.currentEpoch(), { instanceOf: RangeError })
    const { uuid } = await store.createSegment(segmentFields('zone-a'))
    await database.execute('UPDATE segments SET created_at = 9007199254740993')
    await t.throwsAsync(store.getSegment(uuid), { instanceOf: RangeError })
  })
}

/** The promises of every LeasePort: registers the tests for one kind of bus. */
import type { TestFn } from 'ava'
import type { LeasePort, LeaseRevision } from '../../actors/ports/lease.ts'
import type { BusOpener, BusWorld } from './bus-world.ts'

const RIVALS = 8

/** Registers the tests. */
export function leaseConformance(test: TestFn, { open, openFragile }: BusOpener): void {
  test('free lease goes to exactly one of many candidates', async (t) => {
    await using world = await open()
    const nodes = await Promise.all(names().map((name) => world.join(name)))
    const calls = nodes.map(({ lease }, index) => lease.create(`node-${index}`))
    const revisions = await world.outcome(Promise.all(calls))
    t.is(revisions.filter((revision) => revision !== undefined).length, 1)
  })

  test('renewed lease outlives its TTL while a rival keeps trying', async (t) => {
    await using world = await open()
    const [{ lease }, rival] = [await world.join('holder'), await world.join('rival')]
    let revision = await taken(world, lease, 'holder')
    const end = world.elapsedMs() + 2 * world.leaseTtlMs
    await world.until(async () => {
      const renewed = await lease.renew('holder', revision)
      t.not(renewed, undefined)
      revision = renewed ?? revision
      t.is(await rival.lease.create('rival'), undefined)
      return world.elapsedMs() > end
    }, 'two lives of the lease have passed')
  })

  test('lease that is not renewed is free after its TTL and not before', async (t) => {
    await using world = await open()
    const [{ lease }, rival] = [await world.join('holder'), await world.join('rival')]
    const before = world.elapsedMs()
    await taken(world, lease, 'holder')
    const won = await eventually(world, rival.lease, 'rival')
    t.true(won > 0)
    const lasted = world.elapsedMs() - before
    t.true(lasted >= world.leaseTtlMs * 0.95, `it lasted ${lasted} ms`)
    t.true(lasted <= world.leaseTtlMs + 2000, `it lasted ${lasted} ms`)
  })

  test('expired lease cannot be renewed, whether it is taken or free', async (t) => {
    await using world = await open()
    const [{ lease }, rival] = [await world.join('holder'), await world.join('rival')]
    const first = await taken(world, lease, 'holder')
    const second = await eventually(world, rival.lease, 'rival')
    t.is(await world.outcome(lease.renew('holder', first)), undefined)
    await world.outcome(rival.lease.release(second))
    t.is(await world.outcome(lease.renew('holder', first)), undefined)
    t.is(await world.outcome(rival.lease.renew('rival', second)), undefined)
  })

  test('lease that was given back is free at once, several times', async (t) => {
    await using world = await open()
    const [{ lease }, rival] = [await world.join('holder'), await world.join('rival')]
    const before = world.elapsedMs()
    for (let round = 0; round < 2; round += 1) {
      await world.outcome(lease.release(await taken(world, lease, 'holder')))
      await world.outcome(rival.lease.release(await taken(world, rival.lease, 'rival')))
    }
    t.true(world.elapsedMs() - before < world.leaseTtlMs)
  })

  test('late release does not take the lease from the next holder', async (t) => {
    await using world = await open()
    const [{ lease }, rival] = [await world.join('holder'), await world.join('rival')]
    const first = await taken(world, lease, 'holder')
    await world.outcome(lease.release(first))
    const second = await taken(world, rival.lease, 'rival')
    await world.outcome(lease.release(first))
    t.is(await world.outcome(lease.create('holder')), undefined)
    t.not(await world.outcome(rival.lease.renew('rival', second)), undefined)
  })

  test('restarted holder does not inherit its lease', async (t) => {
    await using world = await open()
    const [{ lease }, next] = [await world.join('holder'), await world.join('holder')]
    await taken(world, lease, 'holder')
    t.is(await world.outcome(next.lease.create('holder')), undefined)
    t.is(await world.outcome(next.lease.renew('holder', 0)), undefined)
  })

  test('renewal without an answer keeps the lease', async (t) => {
    await using world = await openFragile()
    const { lease } = await world.join('holder')
    const revision = await taken(world, lease, 'holder')
    await world.withoutAnswers(async () => {
      const lost = world.outcome(lease.renew('holder', revision))
      await t.throwsAsync(lost, { code: 'LEASE_UNAVAILABLE' })
    })
    t.not(await renewedAgain(world, lease, revision), undefined)
  })

  test('create without an answer is found to be ours', async (t) => {
    await using world = await openFragile()
    const { lease } = await world.join('holder')
    await world.withoutAnswers(async () => {
      await t.throwsAsync(world.outcome(lease.create('holder')), { code: 'LEASE_UNAVAILABLE' })
    })
    const before = world.elapsedMs()
    await eventually(world, lease, 'holder')
    t.true(world.elapsedMs() - before < world.leaseTtlMs)
  })

  test('outage is reported within a third of the TTL, and its end too', async (t) => {
    await using world = await openFragile()
    const { lease } = await world.join('holder')
    const revision = await taken(world, lease, 'holder')
    await world.beginOutage()
    const before = world.elapsedMs()
    const renewal = world.outcome(lease.renew('holder', revision))
    await t.throwsAsync(renewal, { code: 'LEASE_UNAVAILABLE' })
    t.true(world.elapsedMs() - before <= world.leaseTtlMs / 3 + 200)
    await t.notThrowsAsync(world.outcome(lease.release(revision)))
    await world.endOutage()
    t.true((await eventually(world, lease, 'holder')) > 0)
  })

  test('lease shows its holder, and nothing when it is free', async (t) => {
    await using world = await open()
    const one = await world.join('one')
    const two = await world.join('two')
    t.is(await world.outcome(two.lease.look()), undefined)
    const revision = await taken(world, one.lease, 'one')
    t.deepEqual(await world.outcome(two.lease.look()), { name: 'one', isEngine: true })
    await world.outcome(one.lease.release(revision))
    t.is(await world.outcome(two.lease.look()), undefined)
  })
}

const names = (): readonly string[] => Array.from({ length: RIVALS }, (_, index) => `node-${index}`)

/** Takes the lease, which must be free. */
async function taken(world: BusWorld, lease: LeasePort, holder: string): Promise<LeaseRevision> {
  const revision = await world.outcome(lease.create(holder))
  if (revision === undefined) throw new Error('the lease is not free')
  return revision
}

/** Tries until the lease is won. */
async function eventually(
  world: BusWorld,
  lease: LeasePort,
  holder: string,
): Promise<LeaseRevision> {
  let won: LeaseRevision | undefined
  await world.until(async () => {
    won = await lease.create(holder).catch(() => undefined)
    return won !== undefined
  }, `${holder} gets the lease`)
  return won ?? 0
}

/** Tries until the broker answers in any way. */
async function renewedAgain(
  world: BusWorld,
  lease: LeasePort,
  revision: LeaseRevision,
): Promise<LeaseRevision | undefined> {
  let answer: LeaseRevision | undefined
  await world.until(
    () =>
      lease.renew('holder', revision).then(
        (renewed) => {
          answer = renewed
          return true
        },
        () => false,
      ),
    'the broker answers',
  )
  return answer
}

/** What every store keeps of failure domains. */
import { nodeName } from '../../schema/ids.ts'
import type { OpenWorld, RegisterTest } from './store-world.ts'

/** Registers the tests. */
export function domainConformance(test: RegisterTest, open: OpenWorld): void {
  test('the latest reading of aggregates is kept whole, and only by the acting leader', async (t) => {
    await using world = await open()
    const { store } = world
    const first = await store.claimEpoch(nodeName('engine-1'))
    t.is(await store.readAggregateDomains(), undefined)
    const many = Array.from({ length: 1200 }, (_, n) => [`host-${n}`, ['rack:1']] as const)
    const readAt = 1_767_225_600_000
    const large = { readAt, domains: new Map<string, readonly string[]>(many) }
    await store.keepAggregateDomains(first, large)
    t.deepEqual(await store.readAggregateDomains(), large)
    // Names that a collation takes for the same are two hosts.
    const names = ['rack:12', 'feed:a', 'room/1']
    const domains = new Map([
      ['compute-e', names],
      ['compute-é', ['rack:2']],
    ])
    const small = { readAt: readAt + 1, domains }
    await store.keepAggregateDomains(first, small)
    t.deepEqual(await store.readAggregateDomains(), small)
    await store.claimEpoch(nodeName('engine-2'))
    await t.throwsAsync(store.keepAggregateDomains(first, large), { code: 'STALE_EPOCH' })
    t.deepEqual(await store.readAggregateDomains(), small)
  })
}

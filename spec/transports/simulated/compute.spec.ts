/** The simulated Compute and Placement APIs pass the suites of the real ones. */
import test from 'ava'
import { sleep } from '../../../actors/ports/clock.ts'
import { PROJECTS } from '../../../transports/simulated/nova-rows.ts'
import { computeConformance } from '../../support/compute-conformance.ts'
import { overloadConformance, type OverloadWorld } from '../../support/overload-conformance.ts'
import { placementConformance, type PlacementWorld } from '../../support/placement-conformance.ts'
import { buildRunawayCloud } from './world.ts'

computeConformance(test, openWorld)
placementConformance(test, openWorld)
overloadConformance(test, openWorld)

async function openWorld(): Promise<PlacementWorld & OverloadWorld> {
  const { clock, cloud, nextHost } = buildRunawayCloud()
  const source = nextHost().name
  const target = nextHost().name
  return {
    ...cloud.viewFor('engine-1'),
    source,
    target,
    aggregate: async () => '1',
    project: PROJECTS[0],
    wallMs: () => clock.wallMs(),
    overload: (retryAfterSeconds) => cloud.setNova({ busyRate: 1, retryAfterSeconds }),
    relieve: () => cloud.calmNova(),
    boot: async (count) =>
      Array.from({ length: count }, (_, index) => cloud.bootInstance(source, `vm-${index}`)),
    stop: async (id) => void cloud.stopGuest(id),
    async until(what, condition) {
      for (let round = 0; round < 100; round += 1) {
        if (await condition()) return
        await sleep(clock, 1000)
      }
      throw new Error(`it never came about that ${what}`)
    },
    async [Symbol.asyncDispose]() {},
  }
}

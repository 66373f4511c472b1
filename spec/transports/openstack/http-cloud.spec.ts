/**
 * The cloud of specs for the whole product keeps the promises of every Compute and Placement port,
 * over real HTTP.
 */
import test from 'ava'
import { hostName } from '../../../schema/ids.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { openOpenstack } from '../../../transports/openstack/open-openstack.ts'
import { PROJECTS } from '../../../transports/simulated/nova-rows.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { computeConformance } from '../../support/compute-conformance.ts'
import { startHttpCloud } from '../../support/http-cloud.ts'
import { overloadConformance, type OverloadWorld } from '../../support/overload-conformance.ts'
import { placementConformance, type PlacementWorld } from '../../support/placement-conformance.ts'
import { until } from '../../support/until.ts'
import { silentLog } from '../../support/logs.ts'

computeConformance(test, openWorld)
placementConformance(test, openWorld)
overloadConformance(test, openWorld)

async function openWorld(): Promise<PlacementWorld & OverloadWorld> {
  await using opening = new AsyncDisposableStack()
  const { cloud, keystone } = opening.use(
    await startHttpCloud({ segments: 1, hostsPerSegment: 3, instances: 0 }),
  )
  const openstack = opening.use(
    await openOpenstack({
      authUrl: keystone.url,
      username: keystone.account.username,
      password: new Secret(keystone.account.password),
      userDomain: { name: 'Default' },
      project: { name: keystone.account.project, domain: { name: 'Default' } },
      region: undefined,
      interface: 'public',
      clock: new SystemClock(),
      random: new SystemRandom(),
      requestTimeoutMs: 10_000,
      log: silentLog,
    }),
  )
  const source = hostName('compute-01')
  const parts = opening.move()
  return {
    compute: openstack.compute,
    placement: openstack.placement,
    source,
    target: hostName('compute-02'),
    aggregate: async () => '1',
    project: PROJECTS[0],
    wallMs: () => Date.now(),
    overload: (retryAfterSeconds) => cloud.setNova({ busyRate: 1, retryAfterSeconds }),
    relieve: () => cloud.calmNova(),
    boot: async (count) =>
      Array.from({ length: count }, (_, index) => cloud.bootInstance(source, `vm-${index}`)),
    stop: async (id) => void cloud.stopGuest(id),
    until: (what, condition) => until(what, condition),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** How Placement's numbers become room, and the code when it does not answer. */
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { SmallCloud, openTo, type Behaviour } from './small-cloud.ts'

const ONE = hostName('compute-1')
const TWO = hostName('compute-2')
const hypervisor = (id: string, host: string): object => ({
  id,
  hypervisor_hostname: `${host}.example.org`,
  service: { id: 'service', host },
  vcpus: 8,
  memory_mb: 2048,
  local_gb: 100,
})

/** Hypervisors, and Placement's answers about their providers, as given. */
const cloudOf =
  (hypervisors: readonly object[], summaries: Readonly<Record<string, object>>): Behaviour =>
  ({ path }) => {
    if (path.startsWith('/v2.1/os-hypervisors')) return { status: 200, body: { hypervisors } }
    if (path === '/place/allocation_candidates?resources=MEMORY_MB:1') {
      return { status: 200, body: { allocation_requests: [], provider_summaries: summaries } }
    }
    return { status: 404, body: { errors: [{ status: 404, detail: 'no such path' }] } }
  }

const summary = (resources: object): object => ({ resources, traits: ['COMPUTE_NODE'] })

test('used capacity is no room, no instance is larger than a host, and a class without an inventory has no limit', async (t) => {
  await using cloud = await SmallCloud.start()
  const p1 = summary({
    VCPU: { capacity: 32, used: 3 },
    MEMORY_MB: { capacity: 3584, used: 1024 },
    PCPU: { capacity: 9, used: 9 },
  })
  cloud.api = cloudOf([hypervisor('p1', ONE)], { p1 })
  await using openstack = await openTo(cloud)
  const rooms = await openstack.placement.readRooms([ONE])
  t.deepEqual(rooms.get(ONE), {
    free: { vcpus: 29, memoryMb: 2560, diskGb: Infinity, others: { PCPU: 0 } },
    largest: { vcpus: 8, memoryMb: 2048, diskGb: Infinity, others: { PCPU: 0 } },
  })
  const versions = cloud.calls.map(({ headers }) => String(headers['openstack-api-version']))
  t.deepEqual(versions.toSorted(), ['compute 2.53', 'placement 1.29'])
})

test('all hosts of a segment cost as many requests as one, and without hosts nothing is requested', async (t) => {
  await using cloud = await SmallCloud.start()
  const hosts = Array.from({ length: 40 }, (_, index) => hostName(`compute-${index}`))
  const room = summary({ MEMORY_MB: { capacity: 64, used: 0 } })
  const hypervisors = hosts.map((host) => hypervisor(host, host))
  cloud.api = cloudOf(hypervisors, Object.fromEntries(hosts.map((host) => [host, room])))
  await using openstack = await openTo(cloud)
  t.is((await openstack.placement.readRooms(hosts)).size, 40)
  t.is(cloud.calls.length, 2)
  t.is((await openstack.placement.readRooms([])).size, 0)
  t.is(cloud.calls.length, 2)
})

test('a host without free memory is not among the candidates, and has no room', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = cloudOf([hypervisor('p1', ONE)], {})
  await using openstack = await openTo(cloud)
  const { free } = (await openstack.placement.readRooms([ONE])).get(ONE) ?? {}
  t.deepEqual(free, { vcpus: 0, memoryMb: 0, diskGb: 0 })
})

test('a host without a hypervisor, and one with several, is left out', async (t) => {
  await using cloud = await SmallCloud.start()
  const ironic = [hypervisor('p1', TWO), hypervisor('p2', TWO)]
  cloud.api = cloudOf(ironic, { p1: summary({}), p2: summary({}) })
  await using openstack = await openTo(cloud)
  t.is((await openstack.placement.readRooms([ONE, TWO])).size, 0)
})

const TROUBLE: readonly (readonly [string, Behaviour])[] = [
  ['refuses us', () => ({ status: 403, body: { errors: [{ detail: 'not you' }] } })],
  ['is not what it should be', () => ({ status: 200, body: 'welcome' })],
  ['cuts the line', () => 'cut'],
]

for (const [what, trouble] of TROUBLE) {
  test(`a Placement that ${what} is unavailable`, async (t) => {
    await using cloud = await SmallCloud.start()
    const nova = cloudOf([hypervisor('p1', ONE)], {})
    cloud.api = (request) => (request.path.startsWith('/place') ? trouble(request) : nova(request))
    await using openstack = await openTo(cloud, { requestTimeoutMs: 1000 })
    const error = await t.throwsAsync(openstack.placement.readRooms([ONE]))
    t.true(isCoded(error, 'PLACEMENT_UNAVAILABLE'), String(error))
  })
}

test('without Nova, Placement cannot be asked', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 403 })
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.placement.readRooms([ONE]))
  t.true(isCoded(error, 'PLACEMENT_UNAVAILABLE'), String(error))
})

test('resource classes besides the usual ones are counted over a host and its child providers', async (t) => {
  await using cloud = await SmallCloud.start()
  const host = summary({
    VCPU: { capacity: 8, used: 0 },
    MEMORY_MB: { capacity: 64, used: 0 },
    DISK_GB: { capacity: 64, used: 0 },
    PCPU: { capacity: 9, used: 4 },
  })
  const below = { ...summary({ VGPU: { capacity: 4, used: 1 } }), root_provider_uuid: 'p1' }
  cloud.api = cloudOf([hypervisor('p1', ONE)], { p1: host, gpu: below })
  await using openstack = await openTo(cloud)
  const room = (await openstack.placement.readRooms([ONE])).get(ONE)
  t.deepEqual({ ...room?.free.others }, { PCPU: 5, VGPU: 3 })
})

test('the allocation of an instance on its host is what it requires again', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = ({ path }) => ({
    status: 200,
    body: path.startsWith('/place/resource_providers/p1/allocations')
      ? { allocations: { 'instance-1': { resources: { PCPU: 4, MEMORY_MB: 512 } } } }
      : { hypervisors: [hypervisor('p1', ONE)] },
  })
  await using openstack = await openTo(cloud)
  t.deepEqual(
    [...(await openstack.placement.readAllocations(ONE))],
    [[instanceId('instance-1'), { vcpus: 0, memoryMb: 512, diskGb: 0, others: { PCPU: 4 } }]],
  )
  t.is((await openstack.placement.readAllocations(TWO)).size, 0)
})

test('candidates are the hosts whose provider, or whose child provider, can take an allocation', async (t) => {
  await using cloud = await SmallCloud.start()
  const request = 'resources=VGPU%3A1'
  cloud.api = ({ path }) => ({
    status: 200,
    body:
      path === `/place/allocation_candidates?${request}`
        ? {
            allocation_requests: [{ allocations: { gpu: { resources: { VGPU: 1 } } } }],
            provider_summaries: { gpu: { root_provider_uuid: 'p1' }, p2: {} },
          }
        : { hypervisors: [hypervisor('p1', ONE), hypervisor('p2', TWO)] },
  })
  await using openstack = await openTo(cloud)
  t.deepEqual([...(await openstack.placement.readCandidates(request))], [ONE])
})

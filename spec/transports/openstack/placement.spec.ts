/** How Placement's numbers become room, and what its silence is called. */
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { hostName } from '../../../schema/ids.ts'
import { SmallCloud, openTo, type Behaviour } from './small-cloud.ts'

const ONE = hostName('compute-1')
const TWO = hostName('compute-2')
const hypervisor = (id: string, host: string): object => ({
  id,
  hypervisor_hostname: `${host}.example.org`,
  service: { id: 'service', host },
})
const inventory = (change: object = {}): object => ({
  total: 8,
  reserved: 1,
  min_unit: 1,
  max_unit: 8,
  step_size: 1,
  allocation_ratio: 1.5,
  ...change,
})

/** One provider, `p1`; hypervisors as given. */
const cloudOf =
  (hypervisors: readonly object[], inventories: object, usages: object): Behaviour =>
  ({ path }) => {
    if (path.startsWith('/v2.1/os-hypervisors')) return { status: 200, body: { hypervisors } }
    if (path === '/place/resource_providers/p1/inventories') {
      return { status: 200, body: { inventories } }
    }
    if (path === '/place/resource_providers/p1/usages') return { status: 200, body: { usages } }
    return { status: 404, body: { errors: [{ status: 404, detail: 'no such provider' }] } }
  }

test('what is reserved is no room, what is overcommitted is, and a class without an inventory is no limit', async (t) => {
  await using cloud = await SmallCloud.start()
  const inventories = {
    VCPU: inventory(),
    MEMORY_MB: inventory({ total: 4096, reserved: 512, allocation_ratio: 1, max_unit: 2048 }),
  }
  cloud.api = cloudOf([hypervisor('p1', ONE)], inventories, { VCPU: 3, MEMORY_MB: 1024, PCPU: 9 })
  await using openstack = await openTo(cloud)
  const rooms = await openstack.placement.readRooms([ONE])
  t.deepEqual(rooms.get(ONE), {
    free: { vcpus: 7, memoryMb: 2560, diskGb: Infinity },
    largest: { vcpus: 8, memoryMb: 2048, diskGb: Infinity },
  })
  const versions = cloud.calls.map(({ headers }) => String(headers['openstack-api-version']))
  t.deepEqual(versions.toSorted(), ['compute 2.53', 'placement 1.0', 'placement 1.0'])
})

test('providers are asked for once, and again for a host that is new', async (t) => {
  await using cloud = await SmallCloud.start()
  const hypervisors = [hypervisor('p1', ONE)]
  cloud.api = cloudOf(hypervisors, {}, {})
  await using openstack = await openTo(cloud)
  const listed = (): number => cloud.calls.filter(({ path }) => path.includes('hyper')).length
  await openstack.placement.readRooms([ONE])
  await openstack.placement.readRooms([ONE])
  t.is(listed(), 1)
  hypervisors.push(hypervisor('p1', TWO))
  t.true((await openstack.placement.readRooms([ONE, TWO])).has(TWO))
  t.is(listed(), 2)
})

test('a host without a provider, and one with several, is left out', async (t) => {
  await using cloud = await SmallCloud.start()
  const ironic = [hypervisor('p1', TWO), hypervisor('p2', TWO)]
  cloud.api = cloudOf([hypervisor('gone', ONE), ...ironic], {}, {})
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
    const nova = cloudOf([hypervisor('p1', ONE)], {}, {})
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

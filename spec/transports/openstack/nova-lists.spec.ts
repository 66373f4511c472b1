/** How the Compute port reads Nova's lists. */
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { openTo, serverOf, SmallCloud, fault, type Behaviour, type Request } from './small-cloud.ts'

const source = hostName('compute-1')

const queryOf = (request: Request): URLSearchParams =>
  new URL(request.path, 'http://x').searchParams

const service = (host: string): object => ({
  id: `id of ${host}`,
  host,
  binary: 'nova-compute',
  state: 'down',
  status: 'disabled',
  forced_down: true,
  disabled_reason: 'for a reason',
  updated_at: '2026-11-22T11:00:00.000000',
})

/** A Nova that shows the service of the host. */
const withService =
  (api: Behaviour): Behaviour =>
  (request) =>
    request.path.startsWith('/v2.1/os-services')
      ? { status: 200, body: { services: [service('compute-1')] } }
      : api(request)

test('every page of the instances of a host is read, without instances of other hosts', async (t) => {
  await using cloud = await SmallCloud.start()
  const pages: Readonly<Record<string, object[]>> = {
    '': [serverOf('a', 'compute-1'), serverOf('b', 'compute-1')],
    b: [serverOf('c', 'compute-10'), serverOf('d', 'compute-1', { image: '' })],
    d: [serverOf('e', 'compute-1', { 'OS-EXT-STS:task_state': 'rebuilding' })],
  }
  cloud.api = withService((request) => {
    const marker = queryOf(request).get('marker') ?? ''
    const more = marker === 'd' ? {} : { servers_links: [{ rel: 'next', href: 'http://other/' }] }
    return { status: 200, body: { servers: pages[marker], ...more } }
  })
  await using openstack = await openTo(cloud)
  const instances = await openstack.compute.listInstances(source)
  t.deepEqual(
    instances.map(({ id, volumeBacked, taskState }) => [String(id), volumeBacked, taskState]),
    [
      ['a', false, null],
      ['b', false, null],
      ['d', true, null],
      ['e', false, 'rebuilding'],
    ],
  )
  t.is(cloud.calls[0]?.path, '/v2.1/servers/detail?all_tenants=1&host=compute-1')
})

test('every page of the instances of a project is read, without instances of others', async (t) => {
  await using cloud = await SmallCloud.start()
  const ours = { tenant_id: 'ours' }
  const pages: Readonly<Record<string, object[]>> = {
    '': [serverOf('a', 'compute-1', ours), serverOf('b', 'compute-2', { tenant_id: 'theirs' })],
    b: [serverOf('c', null, ours)],
  }
  cloud.api = (request) => {
    const marker = queryOf(request).get('marker') ?? ''
    const more = marker === 'b' ? {} : { servers_links: [{ rel: 'next', href: 'http://other/' }] }
    return { status: 200, body: { servers: pages[marker], ...more } }
  }
  await using openstack = await openTo(cloud)
  const id = 'req-0f0e0d0c-0000-4000-8000-000000000001'
  const instances = await openstack.compute.listProjectInstances('ours', undefined, id)
  t.deepEqual(
    instances.map(({ id, host, project }) => [String(id), host, project]),
    [
      ['a', source, 'ours'],
      ['c', null, 'ours'],
    ],
  )
  t.is(cloud.calls[1]?.path, '/v2.1/servers/detail?all_tenants=1&project_id=ours&marker=b')
  t.is(cloud.calls[1]?.headers['x-openstack-request-id'], id)
})

test('a04: an instance is on the host of its compute service, whatever name its hypervisor has', async (t) => {
  await using cloud = await SmallCloud.start()
  const names = { 'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-2.example' }
  const server = serverOf('a', 'compute-1', names)
  cloud.api = withService(({ path }) =>
    path.startsWith('/v2.1/servers/detail')
      ? { status: 200, body: { servers: [server] } }
      : { status: 200, body: { server } },
  )
  await using openstack = await openTo(cloud)
  const [listed] = await openstack.compute.listInstances(source)
  t.is(listed?.host, source)
  t.is((await openstack.compute.getInstance(instanceId('a')))?.host, source)
})

test('a list without an end is given up', async (t) => {
  await using cloud = await SmallCloud.start()
  const servers = [serverOf('a', 'compute-1')]
  cloud.api = () => ({ status: 200, body: { servers, servers_links: [{ rel: 'next' }] } })
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.compute.listInstances(source))
  t.true(isCoded(error, 'COMPUTE_UNAVAILABLE'))
})

test('an instance that Nova does not know is undefined', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => fault(404, 'itemNotFound', 'Instance x could not be found.')
  await using openstack = await openTo(cloud)
  t.is(await openstack.compute.getInstance(instanceId('x')), undefined)
})

test('a 404 of a proxy does not mean that an instance is gone', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 404, body: 'no backend' })
  await using openstack = await openTo(cloud)
  await t.throwsAsync(openstack.compute.getInstance(instanceId('x')))
})

test("an instance is converted to the port's record", async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 200, body: { server: serverOf('x', null) } })
  await using openstack = await openTo(cloud)
  t.deepEqual(await openstack.compute.getInstance(instanceId('x')), {
    id: instanceId('x'),
    name: 'name of x',
    project: 'a project',
    host: null,
    vmState: 'active',
    taskState: null,
    powerState: 1,
    metadata: { HA_Enabled: 'True' },
    volumeBacked: false,
    locked: false,
    needs: { vcpus: 1, memoryMb: 2048, diskGb: 10 },
    request: null,
    zone: null,
  })
})

test('the service of a host is found by its whole name', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 200, body: { services: ['compute-10', 'compute-1'].map(service) } })
  await using openstack = await openTo(cloud)
  const found = await openstack.compute.findService(source)
  t.deepEqual(found && { ...found, writtenAgoMs: null }, {
    id: 'id of compute-1',
    host: source,
    up: false,
    disabled: true,
    disabledReason: 'for a reason',
    forcedDown: true,
    zone: null,
    writtenAt: Date.UTC(2026, 10, 22, 11),
    writtenAgoMs: null,
  })
  t.is(await openstack.compute.findService(hostName('compute')), undefined)
})

const record = (uuid: string, status: string, created: string): object => ({
  id: uuid.length, // of two that are equally old, the one with the longer name is newer
  uuid,
  instance_uuid: `instance of ${uuid}`,
  status,
  source_compute: 'compute-1',
  dest_compute: null,
  created_at: `2026-11-22T11:${created}.000000`,
})

test('evacuations are those created since the given time, and no older page is requested', async (t) => {
  await using cloud = await SmallCloud.start()
  const next = [{ rel: 'next', href: 'another one' }]
  const pages = new Map<string | null, object>([
    [null, { migrations: [record('newest', 'accepted', '20:00')], migrations_links: next }],
    [
      'newest',
      {
        migrations: [
          record('fresh', 'accepted', '18:00'),
          record('failed', 'failed', '18:00'),
          record('done', 'done', '10:00'),
          record('stale', 'done', '09:59'),
        ],
        migrations_links: next,
      },
    ],
  ])
  cloud.api = (request) => ({ status: 200, body: pages.get(queryOf(request).get('marker')) })
  await using openstack = await openTo(cloud)
  const since = Date.parse('2026-11-22T11:10:00.700Z') // Nova keeps seconds
  const evacuations = await openstack.compute.listEvacuations(source, since)
  t.deepEqual(
    evacuations.map(({ id, status }) => [id, status]),
    [
      ['newest', 'accepted'],
      ['failed', 'failed'],
      ['fresh', 'accepted'],
      ['done', 'done'],
    ],
  )
  t.is(evacuations[0]?.createdAt, Date.parse('2026-11-22T11:20:00Z'))
  t.deepEqual(
    cloud.calls.map((call) => queryOf(call).get('source_compute')),
    ['compute-1', 'compute-1'],
  )
  t.is(cloud.calls[0]?.headers['openstack-api-version'], 'compute 2.59')
})

const ODD = [null, 'text', [], {}, 7]

test('one odd row in a list is left out with a warning that is logged once, and the rest is read', async (t) => {
  await using cloud = await SmallCloud.start()
  const remarks: unknown[] = []
  const log = { warn: (fields: unknown) => void remarks.push(fields) }
  await using openstack = await openTo(cloud, { log })
  const { compute } = openstack
  const { forced_down: _none, ...withoutForcedDown } = { ...service('compute-2'), forced_down: 1 }
  cloud.api = () => ({
    status: 200,
    body: { services: [withoutForcedDown, ...ODD, service('compute-1')] },
  })
  t.deepEqual(
    (await compute.listServices()).map(({ host }) => host),
    [source],
  )
  t.is(await compute.findService(hostName('compute-2')), undefined)
  t.true(remarks.length > 0)
  const logged = remarks.length
  await compute.listServices()
  t.is(remarks.length, logged)
  t.is(openstack.oddRowCount(), 3 * (1 + ODD.length))
  const nulls = { id: 1, uuid: null, instance_uuid: null, status: null, source_compute: null }
  cloud.api = () => ({
    status: 200,
    body: { migrations: [nulls, ...ODD, record('good', 'done', '20:00')] },
  })
  t.deepEqual(
    (await compute.listEvacuations(source, 0)).map(({ id }) => id),
    ['good'],
  )
  const aggregate = { id: 1, name: 'rack', hosts: ['compute-1'] }
  const metadata = { rack: '12', odd: 7 }
  cloud.api = () => ({
    status: 200,
    body: {
      aggregates: [
        { id: 2, name: 'odd', hosts: null },
        ...ODD,
        { ...aggregate, metadata },
        { ...aggregate, id: 3, metadata: 'none' },
        { ...aggregate, id: 4 },
      ],
    },
  })
  t.deepEqual(
    (await compute.listAggregates()).map((each) => [each.name, each.metadata]),
    [
      ['rack', { rack: '12' }],
      ['rack', {}],
      ['rack', {}],
    ],
  )
  const hypervisor = {
    id: 'p',
    service: { host: 'compute-1' },
    vcpus: 1,
    memory_mb: 1,
    local_gb: 1,
  }
  cloud.api = ({ path }) => ({
    status: 200,
    body: path.includes('os-hypervisors')
      ? { hypervisors: [{ ...hypervisor, service: null }, ...ODD, hypervisor] }
      : { provider_summaries: {} },
  })
  t.deepEqual([...(await openstack.placement.readRooms([source])).keys()], [source])
})

test('an instance that cannot be read is listed as unclear, and the others as they are', async (t) => {
  await using cloud = await SmallCloud.start()
  const odd = serverOf('odd', 'compute-1', { 'OS-EXT-STS:power_state': 'on' })
  const elsewhere = serverOf('other', 'compute-2', { metadata: null })
  cloud.api = withService(() => ({
    status: 200,
    body: { servers: [odd, elsewhere, serverOf('a', 'compute-1')] },
  }))
  await using openstack = await openTo(cloud)
  t.deepEqual(
    (await openstack.compute.listInstances(source)).map(({ id, vmState }) => [String(id), vmState]),
    [
      ['odd', 'unclear'],
      ['a', 'active'],
    ],
  )
})

const partial = { id: 'x', links: [], status: 'UNKNOWN', tenant_id: 'a', created: '2026-11-22' }
const DOWN: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['shows an instance in part only', [partial], [service('compute-1')]],
  ['shows a row without an id', [{}], [service('compute-1')]],
  ['does not show the service of the host', [], []],
  [
    'shows the service of the host in part only',
    [],
    [{ binary: 'nova-compute', host: 'compute-1', status: 'UNKNOWN' }],
  ],
]
for (const [what, servers, services] of DOWN) {
  test(`while Nova ${what}, the instances on the host count as unknown`, async (t) => {
    await using cloud = await SmallCloud.start()
    cloud.api = ({ path }) => ({
      status: 200,
      body: path.includes('os-services')
        ? { services }
        : { servers: [serverOf('a', 'compute-1'), ...servers] },
    })
    await using openstack = await openTo(cloud)
    const error = await t.throwsAsync(openstack.compute.listInstances(source))
    t.true(isCoded(error, 'COMPUTE_UNAVAILABLE'))
    t.regex(error?.message ?? '', /its cell may be down|their cell may be down/)
  })
}

test('the zone of an instance is read when Nova shows it, and an older Nova is called with a lower microversion', async (t) => {
  await using cloud = await SmallCloud.start()
  await using openstack = await openTo(cloud)
  const bound = serverOf('a', 'compute-1', { pinned_availability_zone: 'z1' })
  cloud.api = withService(() => ({ status: 200, body: { servers: [bound] } }))
  t.is((await openstack.compute.listInstances(source))[0]?.zone, 'z1')
  cloud.api = withService(({ headers }) =>
    headers['openstack-api-version'] === 'compute 2.96'
      ? fault(406, 'computeFault', 'Version 2.96 is not supported by the API.')
      : { status: 200, body: { servers: [serverOf('a', 'compute-1')] } },
  )
  t.is((await openstack.compute.listInstances(source))[0]?.zone, null)
  const before = cloud.calls.length
  await openstack.compute.listInstances(source)
  t.is(cloud.calls.length - before, 2, 'it is refused once')
})

test('server groups are read with their policy, and an odd one is left out', async (t) => {
  await using cloud = await SmallCloud.start()
  const apart = { id: 'g', name: 'web', policy: 'anti-affinity', members: ['a', 'b'] }
  const wide = { ...apart, id: 'h', rules: { max_server_per_host: 3 } }
  cloud.api = () => ({
    status: 200,
    body: { server_groups: [{ ...apart, policy: 'new' }, ...ODD, apart, wide] },
  })
  await using openstack = await openTo(cloud)
  const members = ['a', 'b'].map(instanceId)
  const group = { name: 'web', policy: 'anti-affinity', members } as const
  t.deepEqual(await openstack.compute.listServerGroups(), [
    { ...group, id: 'g', perHostMax: 1 },
    { ...group, id: 'h', perHostMax: 3 },
  ])
  t.is(cloud.calls[0]?.headers['openstack-api-version'], 'compute 2.64')
})

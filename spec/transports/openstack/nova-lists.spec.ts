/** What the Compute port makes of Nova's lists. */
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { openTo, serverOf, SmallCloud, fault, type Request } from './small-cloud.ts'

const source = hostName('compute-1')

const queryOf = (request: Request): URLSearchParams =>
  new URL(request.path, 'http://x').searchParams

test('every page of the instances of a host is read, and nothing from elsewhere', async (t) => {
  await using cloud = await SmallCloud.start()
  const pages: Readonly<Record<string, object[]>> = {
    '': [serverOf('a', 'compute-1'), serverOf('b', 'compute-1')],
    b: [serverOf('c', 'compute-10'), serverOf('d', 'compute-1', { image: '' })],
    d: [serverOf('e', 'compute-1', { 'OS-EXT-STS:task_state': 'rebuilding' })],
  }
  cloud.api = (request) => {
    const marker = queryOf(request).get('marker') ?? ''
    const more = marker === 'd' ? {} : { servers_links: [{ rel: 'next', href: 'http://other/' }] }
    return { status: 200, body: { servers: pages[marker], ...more } }
  }
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

test('every page of the instances of a project is read, and nothing of others', async (t) => {
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

test('a04: an instance is where its compute service is, whatever its hypervisor calls itself', async (t) => {
  await using cloud = await SmallCloud.start()
  const names = { 'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-2.example' }
  const server = serverOf('a', 'compute-1', names)
  cloud.api = ({ path }) =>
    path.startsWith('/v2.1/servers/detail')
      ? { status: 200, body: { servers: [server] } }
      : { status: 200, body: { server } }
  await using openstack = await openTo(cloud)
  const [listed] = await openstack.compute.listInstances(source)
  t.is(listed?.host, source)
  t.is((await openstack.compute.getInstance(instanceId('a')))?.host, source)
})

test('a list without end is given up', async (t) => {
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

test('an instance that a proxy does not know is no reason to forget it', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 404, body: 'no backend' })
  await using openstack = await openTo(cloud)
  await t.throwsAsync(openstack.compute.getInstance(instanceId('x')))
})

test('an instance is told in our words', async (t) => {
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
  })
})

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
    writtenAt: Date.UTC(2026, 10, 22, 11),
    writtenAgoMs: null,
  })
  t.is(await openstack.compute.findService(hostName('compute')), undefined)
})

const record = (uuid: string, status: string, created: string): object => ({
  id: uuid.length, // of two that are equally old the one with the longer name is newer
  uuid,
  instance_uuid: `instance of ${uuid}`,
  status,
  source_compute: 'compute-1',
  dest_compute: null,
  created_at: `2026-11-22T11:${created}.000000`,
})

test('evacuations are those created since, and no older page is asked for', async (t) => {
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

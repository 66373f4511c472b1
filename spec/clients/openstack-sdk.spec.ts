/** openstacksdk's instance_ha proxy, with which Masakari's monitors report. */
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { at, textAt } from '../support/gateway.ts'
import { startClientWorld } from './client-world.ts'
import { startPythonClients } from './python-clients.ts'

test('the proxy creates, finds, changes, pages and deletes', async (t) => {
  await using world = await startClientWorld()
  await using clients = startPythonClients(world.env)
  const ask = async (method: string, args: readonly unknown[], kwargs = {}): Promise<unknown> => {
    const answer = await clients.sdk(method, args, kwargs)
    t.is(at(answer, 'error'), undefined, JSON.stringify(answer))
    return at(answer, 'result')
  }
  const names = async (method: string, args: readonly unknown[], kwargs: object) => {
    const rows = await ask(method, args, kwargs)
    return Array.isArray(rows) ? rows.map((row) => textAt(row, 'name')).join() : 'no list'
  }
  const fields = { recovery_method: 'auto', service_type: 'COMPUTE' }
  const created = await ask('create_segment', [], { name: 'a', is_enabled: true, ...fields })
  const segment = textAt(created, 'uuid')
  for (const name of ['b', 'c']) await ask('create_segment', [], { name, ...fields })
  await ask('update_segment', [segment], { is_enabled: false, description: 'new' })
  t.like(await ask('get_segment', [segment]), { is_enabled: false, description: 'new', name: 'a' })
  const ascending = { sort_key: 'name', sort_dir: 'asc' }
  t.is(await names('segments', [], { limit: 2, ...ascending }), 'a,b,c')
  t.is(await names('segments', [], { is_enabled: true, ...ascending }), 'b,c')
  t.is(await names('segments', [], { is_enabled: false }), 'a')

  for (const name of world.hosts) {
    const host = { name, type: 'COMPUTE', control_attributes: 'x', reserved: false }
    await ask('create_host', [segment], host)
  }
  const all = world.hosts.toSorted().join()
  t.is(await names('hosts', [segment], { limit: 1, ...ascending }), all)
  const first = textAt(await ask('hosts', [segment], ascending), 0, 'uuid')
  await ask('update_host', [first], { segment_id: segment, on_maintenance: true })
  t.like(await ask('get_host', [first, segment]), { on_maintenance: true, uuid: first })
  const held = await names('hosts', [segment], { on_maintenance: true })
  t.true(held === world.hosts.toSorted().at(0), held)
  await ask('delete_host', [first, segment])
  await ask('delete_segment', [segment])
  const gone = await clients.sdk('get_segment', [segment])
  t.like(gone, { status: 404 })
  t.is(await names('segments', [], ascending), 'b,c')
})

test('a monitor treats 400 and 409 as final, and everything else as a reason to try again', async (t) => {
  let away = false
  await using world = await startClientWorld((store) => ({
    ...store,
    acceptNotification: (report) => {
      if (away) throw new CodedError('STORE_UNAVAILABLE', 'gone')
      return store.acceptNotification(report)
    },
  }))
  await using clients = startPythonClients(world.env)
  const [hostname = ''] = world.hosts
  const fields = { recovery_method: 'auto', service_type: 'COMPUTE' }
  const created = await clients.sdk('create_segment', [], { name: 'a', ...fields })
  const host = { name: hostname, type: 'COMPUTE', control_attributes: 'x' }
  await clients.sdk('create_host', [textAt(created, 'result', 'uuid')], host)

  const report = {
    type: 'COMPUTE_HOST',
    hostname,
    generated_time: '2026-11-22T07:24:52.123456',
    payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  }
  const post = (changes: object): Promise<unknown> =>
    clients.sdk('create_notification', [], { ...report, ...changes })
  away = true
  t.like(await post({}), { status: 503 })
  away = false
  const accepted = await post({})
  const generated = textAt(accepted, 'result', 'generated_time')
  t.is(generated, '2026-11-22T07:24:52.123000', JSON.stringify(accepted))
  t.like(await post({}), { error: 'ConflictException', status: 409 })
  t.like(await post({ hostname: 'stranger' }), { error: 'BadRequestException', status: 400 })
  const vm = {
    type: 'VM',
    payload: {
      event: 'LIFECYCLE',
      instance_uuid: '0f0e0d0c-0000-4000-8000-000000000001',
      vir_domain_event: 'STOPPED_FAILED',
    },
  }
  t.is(textAt(await post(vm), 'result', 'status'), 'new')
  const proc = { type: 'PROCESS', payload: { process_name: 'nova-compute', event: 'STOPPED' } }
  t.is(textAt(await post(proc), 'result', 'status'), 'new')
  const since = { generated_since: '2026-11-22T07:00:00', type: 'PROCESS' }
  const found = await clients.sdk('notifications', [], since)
  t.is(textAt(found, 'result', 0, 'type'), 'PROCESS')
})

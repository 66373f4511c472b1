/** Notifications through the API. */
import test from 'ava'
import { instanceId, nodeName, notificationId, type InstanceId } from '../../schema/ids.ts'
import {
  aHost,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
  type Answer,
  type GatewayWorld,
} from '../support/gateway.ts'
import { plannedRow } from '../support/planned.ts'

const VM = {
  type: 'VM',
  hostname: 'compute-1',
  generated_time: '2026-01-01T00:00:00',
  payload: {
    instance_uuid: 'AAAAAAAAbbbb4cccbdddeeeeeeeeeeee',
    event: 'LIFECYCLE',
    vir_domain_event: 'STOPPED_FAILED',
  },
}

async function withHost(replaced: Parameters<typeof startGateway>[0] = {}): Promise<GatewayWorld> {
  const world = await startGateway(replaced)
  await aHost(world, await aSegment(world))
  return world
}

const instance = (n: number): InstanceId => instanceId(`00000000-0000-4000-8000-00000000000${n}`)

const post = (world: GatewayWorld, body: unknown): Promise<Answer> =>
  world.call({ method: 'POST', url: '/v1/notifications', body })

test('a notification is accepted, announced and shown', async (t) => {
  await using world = await withHost()
  const { status, json } = await post(
    world,
    hostFailure('compute-1', '2026-01-01T02:00:00.5+02:00'),
  )
  t.is(status, 202)
  const uuid = textAt(json, 'notification', 'notification_uuid')
  t.like(at(json, 'notification'), {
    id: 1,
    type: 'COMPUTE_HOST',
    status: 'new',
    generated_time: '2026-01-01T00:00:00.500000',
    payload: hostFailure().notification.payload,
    message: null,
    created_at: '2026-01-01T00:00:00.000000',
    updated_at: null,
    deleted: false,
  })
  t.deepEqual(
    world.announced.map((notification) => notification.uuid),
    [notificationId(uuid)],
  )
  const url = `/v1/notifications/${uuid}`
  t.deepEqual((await world.call({ url })).json, json)
  t.deepEqual((await world.call({ url: '/v1/notifications' })).json, {
    notifications: [at(json, 'notification')],
  })
  const detailed = await world.call({ url, version: '1.1' })
  t.deepEqual(at(detailed.json, 'notification', 'recovery_workflow_details'), [])
})

test('COMPUTE_INSTANCE is accepted as VM, and the instance id gets its canonical form', async (t) => {
  await using world = await withHost()
  const { status, json } = await post(world, { notification: { ...VM, type: 'COMPUTE_INSTANCE' } })
  t.is(status, 202)
  t.is(at(json, 'notification', 'type'), 'VM')
  const instance = 'aaaaaaaa-bbbb-4ccc-bddd-eeeeeeeeeeee'
  t.is(at(json, 'notification', 'payload', 'instance_uuid'), instance)
  const listed = await world.call({ url: '/v1/notifications?type=COMPUTE_INSTANCE' })
  t.is(textAt(listed.json, 'notifications', 0, 'type'), 'VM')
  const same = await post(world, {
    notification: { ...VM, payload: { ...VM.payload, instance_uuid: instance } },
  })
  t.is(same.status, 409)
})

test('of several equal simultaneous reports, one is accepted', async (t) => {
  await using world = await withHost()
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(world, hostFailure())))
  const countOf = (wanted: number): number =>
    answers.filter(({ status }) => status === wanted).length
  t.deepEqual([countOf(202), countOf(409)], [1, 19])
  const refused = answers.find(({ status }) => status === 409)
  t.deepEqual(refused?.json, {
    conflictingRequest: {
      code: 409,
      message: 'Duplicate notification received for type: COMPUTE_HOST',
    },
  })
  t.is(world.announced.length, 1)
})

test('a report about an unregistered host is 400', async (t) => {
  await using world = await withHost()
  const { status, json } = await post(world, hostFailure('other'))
  t.is(status, 400)
  const message = 'Host with name other could not be found.'
  t.deepEqual(json, { badRequest: { code: 400, message } })
})

test('a report about a host on maintenance is 409', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world), 'compute-1', { on_maintenance: true })
  for (const body of [hostFailure(), { notification: VM }]) {
    t.is((await post(world, body)).status, 409)
  }
})

test('a hand-over to the engine that fails or hangs loses nothing', async (t) => {
  let hang = false
  const reached = Promise.withResolvers<void>()
  await using world = await withHost({
    announce: async () => {
      if (!hang) throw new Error('no bus')
      reached.resolve()
      await new Promise<void>(() => undefined)
    },
  })
  t.is((await post(world, hostFailure())).status, 202)
  hang = true
  const late = post(world, { notification: VM })
  await reached.promise
  await world.clock.pass(2001, async () => undefined)
  t.is((await late).status, 202)
  const { json } = await world.call({ url: '/v1/notifications?status=new' })
  t.is(textAt(json, 'notifications', 1, 'status'), 'new')
})

const { notification: HOST_FAILURE } = hostFailure()
for (const [what, notification, field] of [
  ['an unknown type', { ...HOST_FAILURE, type: 'compute_host' }, 'type'],
  ['a host name with a blank', { ...HOST_FAILURE, hostname: 'a b' }, 'hostname'],
  ['a time that is none', { ...HOST_FAILURE, generated_time: 'yesterday' }, 'generated_time'],
  ['30 February', { ...HOST_FAILURE, generated_time: '2026-02-30T00:00:00' }, 'generated_time'],
  ['a number as time', { ...HOST_FAILURE, generated_time: 1e20 }, 'generated_time'],
  ['no payload', { ...HOST_FAILURE, payload: undefined }, 'notification'],
  ['a payload that is a list', { ...HOST_FAILURE, payload: [] }, 'payload'],
  ['an empty payload', { ...HOST_FAILURE, payload: {} }, 'payload'],
  ['a number in the payload', { ...HOST_FAILURE, payload: { event: 1 } }, 'event'],
  ['an unknown event', { ...HOST_FAILURE, payload: { event: 'stopped' } }, 'event'],
  ['a strange key', { ...HOST_FAILURE, payload: { event: 'STOPPED', 'a/b': 'x' } }, 'payload'],
  ['a key too many', { ...HOST_FAILURE, payload: { event: 'STOPPED', more: 'x' } }, 'payload'],
  [
    'an instance that is no UUID',
    { ...VM, payload: { ...VM.payload, instance_uuid: 'x' } },
    'instance_uuid',
  ],
  [
    'a control character',
    { ...HOST_FAILURE, type: 'PROCESS', payload: { event: 'STOPPED', process_name: 'a\u0000' } },
    'process_name',
  ],
  ['a status of its own', { ...HOST_FAILURE, status: 'finished' }, 'notification'],
] as const) {
  test(`a notification with ${what} is 400 and names ${field}`, async (t) => {
    await using world = await withHost()
    const { status, json } = await post(world, { notification })
    t.is(status, 400)
    const message = textAt(json, 'badRequest', 'message')
    t.true(message.startsWith(`Invalid input for field/attribute ${field}. Value: `), message)
    t.deepEqual((await world.call({ url: '/v1/notifications' })).json, { notifications: [] })
  })
}

test('notifications are filtered by status, host, type and time', async (t) => {
  await using world = await withHost()
  await post(world, hostFailure('compute-1', '2026-01-01T10:00:00'))
  const { json } = await post(world, {
    notification: { ...VM, generated_time: '2026-01-01 12:00' },
  })
  const host = textAt(json, 'notification', 'source_host_uuid')
  for (const [query, count] of [
    ['status=new', 2],
    ['status=finished', 0],
    ['type=VM', 1],
    ['type=nonsense', 0],
    [`source_host_uuid=${host}`, 2],
    ['source_host_uuid=x', 0],
    ['generated-since=2026-01-01T12:00:00', 1],
    ['generated-since=2026-01-01T14:00:00%2B02:00', 1],
    ['generated-since=2026-01-01T12:00:00+00:00', 1],
    ['generated_since=nonsense', 2],
  ] as const) {
    const answer = await world.call({ url: `/v1/notifications?${query}` })
    t.is(Object.keys(at(answer.json, 'notifications') ?? {}).length, count, query)
  }
  const odd = await world.call({ url: '/v1/notifications?generated-since=soon' })
  t.is(odd.status, 400)
})

test('moves are listed for the recovery of a host only', async (t) => {
  await using world = await withHost()
  const { json } = await post(world, hostFailure())
  const notification = notificationId(textAt(json, 'notification', 'notification_uuid'))
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const stored = await store.getNotification(notification)
  const [host] = await store.listAllHosts()
  if (stored === undefined || host === undefined) return t.fail()
  const moves = await store.planMoves(epoch, notification, host.name, [
    plannedRow(instance(1), 'one'),
    plannedRow(instance(2), 'two'),
  ])
  const url = `/v1/notifications/${notification}/vmoves`
  const listed = await world.call({ url: `${url}?status=pending&sort_dir=asc`, version: '1.3' })
  t.is(listed.status, 200)
  t.like(at(listed.json, 'vmoves', 0), {
    uuid: moves[0]?.uuid,
    notification_uuid: notification,
    instance_name: 'one',
    source_host: 'compute-1',
    dest_host: null,
    start_time: null,
    type: 'evacuation',
    status: 'pending',
  })
  const none = await world.call({ url: `${url}?type=migration` })
  t.deepEqual(none.json, { vmoves: [] })
  const one = await world.call({ url: `${url}/${moves[1]?.uuid}` })
  t.is(textAt(one.json, 'vmove', 'instance_name'), 'two')

  const missing = await world.call({ url: `${url}/${notification}` })
  t.is(missing.status, 404)
  t.is(textAt(missing.json, 'itemNotFound', 'message'), `No vm move with id ${notification}.`)
  const nowhere = await world.call({ url: `/v1/notifications/x/vmoves/${moves[0]?.uuid}` })
  t.is(textAt(nowhere.json, 'itemNotFound', 'message'), 'No notification with id x.')
  const vm = await post(world, { notification: VM })
  const other = textAt(vm.json, 'notification', 'notification_uuid')
  const refused = await world.call({ url: `/v1/notifications/${other}/vmoves` })
  t.is(refused.status, 400)
  const message = `This notification ${other} without vm moves.`
  t.is(textAt(refused.json, 'badRequest', 'message'), message)
})

/** Hosts through the API. */
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'

const HOST = { name: 'compute-1', type: 'COMPUTE', control_attributes: 'SSH' }
const NOWHERE = '00000000-0000-4000-8000-000000000000'

test('a host is created, shown with its segment, changed and deleted', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const url = `/v1/segments/${segment}/hosts`
  const created = await world.call({
    method: 'POST',
    url,
    body: { host: { ...HOST, reserved: 'True' } },
  })
  t.is(created.status, 201)
  const uuid = textAt(created.json, 'host', 'uuid')
  t.deepEqual(at(created.json, 'host'), {
    ...HOST,
    id: 1,
    uuid,
    failover_segment_id: segment,
    failover_segment: at((await world.call({ url: `/v1/segments/${segment}` })).json, 'segment'),
    reserved: true,
    on_maintenance: false,
    created_at: '2026-01-01T00:00:00.000000',
    updated_at: null,
    deleted_at: null,
    deleted: false,
  })
  t.deepEqual((await world.call({ url: `${url}/${uuid}` })).json, created.json)
  const body = { host: { on_maintenance: 'yes', name: 'compute-2' } }
  const changed = await world.call({ method: 'PUT', url: `${url}/${uuid}`, body })
  t.is(changed.status, 200)
  t.is(at(changed.json, 'host', 'on_maintenance'), true)
  t.is(at(changed.json, 'host', 'name'), 'compute-2')
  t.is((await world.call({ method: 'DELETE', url: `${url}/${uuid}` })).status, 204)
  const { status, json } = await world.call({ url: `${url}/${uuid}` })
  t.is(status, 404)
  t.is(
    textAt(json, 'itemNotFound', 'message'),
    `Host '${uuid}' under failover_segment '${segment}' could not be found.`,
  )
})

test('a host is found only in its own segment', async (t) => {
  await using world = await startGateway()
  const host = await aHost(world, await aSegment(world))
  const other = await aSegment(world, 'rack-2')
  const request = { url: `/v1/segments/${other}/hosts/${host}` }
  t.is((await world.call(request)).status, 404)
  t.is((await world.call({ ...request, method: 'DELETE' })).status, 404)
  const body = { host: { reserved: true } }
  t.is((await world.call({ ...request, method: 'PUT', body })).status, 404)
})

test('unknown segments and malformed ids are 404', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  for (const [url, message] of [
    [`/v1/segments/${NOWHERE}/hosts`, `No failover segment with id ${NOWHERE}.`],
    ['/v1/segments/x%00y/hosts', 'No failover segment with id x\u0000y.'],
    [`/v1/segments/${segment}/hosts/abc`, 'No host with id abc.'],
  ] as const) {
    const { status, json } = await world.call({ url })
    t.is(status, 404)
    t.is(textAt(json, 'itemNotFound', 'message'), message)
  }
})

test('a host can be in one segment only', async (t) => {
  await using world = await startGateway()
  await aHost(world, await aSegment(world))
  const url = `/v1/segments/${await aSegment(world, 'rack-2')}/hosts`
  const { status, json } = await world.call({ method: 'POST', url, body: { host: HOST } })
  t.is(status, 409)
  t.is(textAt(json, 'conflictingRequest', 'message'), 'Host with name compute-1 already exists.')
})

test('a host that Compute does not know is 400, when it is created and when it is renamed', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const url = `/v1/segments/${segment}/hosts`
  const host = await aHost(world, segment)
  const message = 'Compute service with name unknown-1 could not be found.'
  for (const request of [
    { method: 'POST', url, body: { host: { ...HOST, name: 'unknown-1' } } },
    { method: 'PUT', url: `${url}/${host}`, body: { host: { name: 'unknown-1' } } },
  ] as const) {
    const { status, json } = await world.call(request)
    t.is(status, 400)
    t.deepEqual(json, { badRequest: { code: 400, message } })
  }
})

for (const code of ['COMPUTE_UNAVAILABLE', 'COMPUTE_REFUSED', 'IDENTITY_REFUSED'] as const) {
  test(`creating a host while Compute answers ${code} is 503`, async (t) => {
    await using world = await startGateway({
      compute: {
        findService: async () => {
          throw new CodedError(code, 'http://nova.internal:8774 said no')
        },
      },
    })
    const url = `/v1/segments/${await aSegment(world)}/hosts`
    const { status, text } = await world.call({ method: 'POST', url, body: { host: HOST } })
    t.is(status, 503)
    t.false(text.includes('nova.internal'))
  })
}

test('a Compute service that never answers is 503 at the deadline', async (t) => {
  const asked = Promise.withResolvers<AbortSignal | undefined>()
  await using world = await startGateway({
    compute: {
      findService: (_host, signal) => {
        asked.resolve(signal)
        return new Promise<undefined>(() => undefined)
      },
    },
  })
  const url = `/v1/segments/${await aSegment(world)}/hosts`
  const answer = world.call({ method: 'POST', url, body: { host: HOST } })
  const signal = await asked.promise
  await world.clock.pass(10_001, async () => undefined)
  t.is((await answer).status, 503)
  t.true(signal?.aborted)
})

test('a host of a segment under recovery cannot be changed; since 1.4 its switches can', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  await world.call({ method: 'POST', url: '/v1/notifications', body: hostFailure() })
  const url = `/v1/segments/${segment}/hosts/${host}`
  t.is((await world.call({ method: 'DELETE', url })).status, 409)
  const rename = { host: { name: 'compute-9' } }
  t.is((await world.call({ method: 'PUT', url, body: rename })).status, 409)
  const hold = { host: { on_maintenance: true } }
  t.is((await world.call({ method: 'PUT', url, body: hold, version: '1.3' })).status, 409)
  t.is((await world.call({ method: 'PUT', url, body: rename, version: '1.4' })).status, 409)
  const held = await world.call({ method: 'PUT', url, body: hold, version: '1.4' })
  t.is(held.status, 200)
  t.is(at(held.json, 'host', 'on_maintenance'), true)
})

for (const [what, change, field] of [
  ['a null type', { type: null }, 'type'],
  ['null control attributes', { control_attributes: null }, 'control_attributes'],
  ['a type with an underscore', { type: 'COMPUTE_HOST' }, 'type'],
  ['a number for reserved', { reserved: 1 }, 'reserved'],
  ['another segment', { failover_segment_id: NOWHERE }, 'host'],
] as const) {
  test(`a host with ${what} is 400 and names ${field}`, async (t) => {
    await using world = await startGateway()
    const url = `/v1/segments/${await aSegment(world)}/hosts`
    const body = { host: { ...HOST, ...change } }
    const { status, json } = await world.call({ method: 'POST', url, body })
    t.is(status, 400)
    t.true(textAt(json, 'badRequest', 'message').includes(`field/attribute ${field}.`))
    t.deepEqual((await world.call({ url })).json, { hosts: [] })
  })
}

test('refused control attributes are not repeated in the answer', async (t) => {
  await using world = await startGateway()
  const url = `/v1/segments/${await aSegment(world)}/hosts`
  const body = { host: { ...HOST, control_attributes: '{"password":"calvin"}\u0000' } }
  const { status, text } = await world.call({ method: 'POST', url, body })
  t.is(status, 400)
  t.false(text.includes('calvin'))
})

test('hosts are filtered by every documented column', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  await aHost(world, segment, 'compute-1', { reserved: true })
  await aHost(world, segment, 'compute-2', { type: 'OTHER', on_maintenance: true })
  for (const [query, names] of [
    ['reserved=T', ['compute-1']],
    ['on_maintenance=n', ['compute-1']],
    ['type=OTHER', ['compute-2']],
    ['name=compute-2', ['compute-2']],
    ['control_attributes=nothing', []],
    ['failover_segment_id=ignored&sort_key=name&sort_dir=asc', ['compute-1', 'compute-2']],
  ] as const) {
    const { json } = await world.call({ url: `/v1/segments/${segment}/hosts?${query}` })
    const rows = at(json, 'hosts')
    t.deepEqual(Array.isArray(rows) && rows.map((row) => textAt(row, 'name')), [...names], query)
  }
  const odd = await world.call({ url: `/v1/segments/${segment}/hosts?reserved=2` })
  t.is(odd.status, 400)
})

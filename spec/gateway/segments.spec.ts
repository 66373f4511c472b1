/** Segments through the API. */
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'

const SEGMENT = { name: 'rack-1', recovery_method: 'auto', service_type: 'COMPUTE' }

test('a segment is created, shown, changed and deleted', async (t) => {
  await using world = await startGateway()
  const created = await world.call({
    method: 'POST',
    url: '/v1/segments',
    body: { segment: { ...SEGMENT, description: 'two\nlines' } },
  })
  t.is(created.status, 201)
  t.is(created.headers['content-type'], 'application/json')
  const uuid = textAt(created.json, 'segment', 'uuid')
  t.deepEqual(at(created.json, 'segment'), {
    ...SEGMENT,
    id: 1,
    uuid,
    description: 'two\nlines',
    enabled: true,
    created_at: '2026-01-01T00:00:00.000000',
    updated_at: null,
    deleted_at: null,
    deleted: false,
  })
  t.deepEqual((await world.call({ url: `/v1/segments/${uuid}.json` })).json, created.json)

  const body = { segment: { name: 'rack-2', description: null } }
  const changed = await world.call({ method: 'PUT', url: `/v1/segments/${uuid}`, body })
  t.is(changed.status, 200)
  t.is(at(changed.json, 'segment', 'name'), 'rack-2')
  t.is(at(changed.json, 'segment', 'description'), null)
  t.is(at(changed.json, 'segment', 'updated_at'), '2026-01-01T00:00:00.000000')

  const deleted = await world.call({ method: 'DELETE', url: `/v1/segments/${uuid}` })
  t.is(deleted.status, 204)
  t.is(deleted.text, '')
  const { status, json } = await world.call({ url: `/v1/segments/${uuid}` })
  t.is(status, 404)
  t.is(textAt(json, 'itemNotFound', 'message'), `No failover segment with id ${uuid}.`)
})

test('a name that is taken is 409', async (t) => {
  await using world = await startGateway()
  await aSegment(world)
  const request = { method: 'POST', url: '/v1/segments', body: { segment: SEGMENT } } as const
  const { status, json } = await world.call(request)
  t.is(status, 409)
  const message = 'Failover segment with name rack-1 already exists.'
  t.deepEqual(json, { conflictingRequest: { code: 409, message } })
})

test('a segment under recovery cannot be changed; since 1.4 it can be disabled', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  await aHost(world, segment)
  await world.call({ method: 'POST', url: '/v1/notifications', body: hostFailure() })
  const url = `/v1/segments/${segment}`
  const body = { segment: { name: 'other' } }
  for (const request of [
    { method: 'PUT', url, body },
    { method: 'DELETE', url },
    { method: 'PUT', url, body: { segment: { enabled: false } }, version: '1.3' },
    { method: 'PUT', url, body: { segment: { ...body.segment, enabled: false } }, version: '1.4' },
  ] as const) {
    const { status, json } = await world.call(request)
    t.is(status, 409)
    t.is(at(json, 'conflictingRequest', 'code'), 409)
  }
  const disable = { segment: { enabled: false } }
  const disabled = await world.call({ method: 'PUT', url, body: disable, version: '1.4' })
  t.is(disabled.status, 200)
  t.is(at(disabled.json, 'segment', 'enabled'), false)
})

test('a15: enabled may be set from 1.2 on, as a boolean or as one of its words, and is stored as given', async (t) => {
  await using world = await startGateway()
  const request = { method: 'POST', url: '/v1/segments' } as const
  const body = { segment: { ...SEGMENT, enabled: 'no' } }
  const early = await world.call({ ...request, body, version: '1.1' })
  t.is(early.status, 400)
  t.regex(textAt(early.json, 'badRequest', 'message'), /'enabled' was unexpected/)
  const created = await world.call({ ...request, body, version: '1.2' })
  t.is(at(created.json, 'segment', 'enabled'), false)
  const url = `/v1/segments/${textAt(created.json, 'segment', 'uuid')}`
  for (const [sent, stored] of [
    ['True', true],
    ['false', false],
    [true, true],
    ['OFF', false],
  ] as const) {
    const answer = await world.call({
      method: 'PUT',
      url,
      body: { segment: { enabled: sent } },
      version: '1.3',
    })
    t.is(at(answer.json, 'segment', 'enabled'), stored)
  }
  for (const enabled of [1, 0, null, 'tRue', 'maybe', []]) {
    const refused = { method: 'PUT', url, body: { segment: { enabled } }, version: '1.3' } as const
    t.is((await world.call(refused)).status, 400, String(enabled))
  }
})

for (const [what, segment, field] of [
  ['a control character in the name', { ...SEGMENT, name: 'a\u0007b' }, 'name'],
  ['a line break in the name', { ...SEGMENT, name: 'a\n' }, 'name'],
  ['a name that begins with a space', { ...SEGMENT, name: ' a' }, 'name'],
  ['an empty name', { ...SEGMENT, name: '' }, 'name'],
  ['a name of 256 characters', { ...SEGMENT, name: 'x'.repeat(256) }, 'name'],
  [
    'a name of one letter with 300 accents',
    { ...SEGMENT, name: `a${'\u0301'.repeat(300)}` },
    'name',
  ],
  ['a lone surrogate', { ...SEGMENT, name: '\ud800' }, 'name'],
  ['a number as name', { ...SEGMENT, name: 1e308 }, 'name'],
  ['an unknown method', { ...SEGMENT, recovery_method: 'AUTO' }, 'recovery_method'],
  ['a null method', { ...SEGMENT, recovery_method: null }, 'recovery_method'],
  ['a tab in the description', { ...SEGMENT, description: '\t' }, 'description'],
  ['a uuid of the caller', { ...SEGMENT, uuid: 'x' }, 'segment'],
  ['a missing name', { recovery_method: 'auto', service_type: 'x' }, 'segment'],
  ['a list instead of an object', [], 'segment'],
] as const) {
  test(`${what} is 400 and names ${field}`, async (t) => {
    await using world = await startGateway()
    const answer = await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
    t.is(answer.status, 400)
    const message = textAt(answer.json, 'badRequest', 'message')
    t.true(message.startsWith(`Invalid input for field/attribute ${field}. Value: `), message)
    t.deepEqual((await world.call({ url: '/v1/segments' })).json, { segments: [] })
  })
}

for (const [what, body] of [
  ['no JSON', '{"segment":'],
  ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
] as const) {
  test(`a body that is ${what} is 400`, async (t) => {
    await using world = await startGateway()
    const { status, json } = await world.call({ method: 'POST', url: '/v1/segments', body })
    t.is(status, 400)
    t.deepEqual(json, { badRequest: { code: 400, message: 'Malformed request body' } })
  })
}

for (const body of [
  '{"segment":{"name":"a","recovery_method":"auto","service_type":"x","__proto__":{"enabled":1}}}',
  '{"__proto__":{"segment":{"name":"a","recovery_method":"auto","service_type":"x"}}}',
  '{"segment":{"name":"a","recovery_method":"auto","service_type":"x","constructor":{"prototype":{}}}}',
  `{"segment":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  '{}',
  'null',
  '[]',
  '7',
  '""',
  '',
]) {
  test(`the body ${body.slice(0, 90)} is 400 and stores nothing`, async (t) => {
    await using world = await startGateway()
    const { status, json } = await world.call({ method: 'POST', url: '/v1/segments', body })
    t.is(status, 400)
    t.is(at(json, 'badRequest', 'code'), 400)
    t.deepEqual((await world.call({ url: '/v1/segments' })).json, { segments: [] })
    t.is(at({}, 'enabled'), undefined)
  })
}

test('bodies are read as JSON with any harmless content type, and with no other one', async (t) => {
  await using world = await startGateway()
  const types = [
    ['application/json; charset=utf-8', 201],
    ['application/vnd.openstack.masakari+json', 201],
    ['text/plain', 201],
    ['application/xml', 415],
    ['multipart/form-data; boundary=x', 415],
  ] as const
  for (const [index, [type, status]] of types.entries()) {
    const body = { segment: { ...SEGMENT, name: `s${index}` } }
    const headers = { 'content-type': type }
    const answer = await world.call({ method: 'POST', url: '/v1/segments', body, headers })
    t.is(answer.status, status, type)
  }
})

test('a body above the limit is 413 in plain text', async (t) => {
  await using world = await startGateway()
  const segment = { ...SEGMENT, description: 'x'.repeat(114_688) }
  const answer = await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
  t.is(answer.status, 413)
  t.regex(String(answer.headers['content-type']), /^text\/plain/)
})

test('a database that does not answer is 503 with Retry-After and without its address', async (t) => {
  await using world = await startGateway({
    wrapStore: (store) => ({
      ...store,
      listSegments: async () => {
        throw new CodedError('STORE_UNAVAILABLE', 'mysql://ha:secret@10.0.0.9/ha refused')
      },
    }),
  })
  const { status, text, json, headers } = await world.call({ url: '/v1/segments' })
  t.is(status, 503)
  t.is(headers['retry-after'], '5')
  t.is(at(json, 'serviceUnavailable', 'code'), 503)
  t.false(text.includes('secret'))
})

test('an unexpected error is 500 without internals', async (t) => {
  await using world = await startGateway({
    wrapStore: (store) => ({
      ...store,
      listSegments: async () => {
        throw new TypeError('secret thing is undefined')
      },
    }),
  })
  const { status, text, json, headers } = await world.call({ url: '/v1/segments' })
  t.is(status, 500)
  t.false(text.includes('secret'))
  const message = textAt(json, 'masakariFault', 'message')
  t.true(message.includes(String(headers['x-openstack-request-id'])))
})

for (const [segment, text] of [
  [{}, "Value: an object. 'name' is a required property"],
  [{ ...SEGMENT, a: 1 }, "Additional properties are not allowed ('a' was unexpected)"],
  [{ ...SEGMENT, a: 1, b: 2 }, "Additional properties are not allowed ('a', 'b' were unexpected)"],
  [{ ...SEGMENT, name: 7 }, "name. Value: 7. 7 is not of type 'string'"],
  [{ ...SEGMENT, description: 7 }, "7 is not of type 'string', 'null'"],
  [{ ...SEGMENT, name: '' }, "name. Value: ''. '' is too short"],
  [
    { ...SEGMENT, recovery_method: 'x' },
    `'x' is not one of ["auto","reserved_host","auto_priority","rh_priority"]`,
  ],
] as const) {
  test(`the body ${JSON.stringify(segment)} is refused with the text ${text}`, async (t) => {
    await using world = await startGateway()
    const { json } = await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
    t.true(textAt(json, 'badRequest', 'message').endsWith(text), JSON.stringify(json))
  })
}

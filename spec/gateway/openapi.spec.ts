/** The API's own description: complete, valid in its main parts, and equal to the answers. */
import test from 'ava'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import {
  aHost,
  anInstance,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
} from '../support/gateway.ts'

/** Every operation of every path. */
function operations(document: unknown): ReadonlyMap<string, unknown> {
  const paths = Object.entries(Object(at(document, 'paths')))
  return new Map(
    paths.flatMap(([path, methods]) =>
      Object.entries(Object(methods)).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    ),
  )
}

test('description is OpenAPI 3.1, needs no token, and names every resource with its methods', async (t) => {
  await using world = await startGateway()
  const { status, json } = await world.call({ url: '/openapi.json', token: '' })
  t.is(status, 200)
  t.regex(textAt(json, 'openapi'), /^3\.1\./)
  const found = [...operations(json).keys()].filter((name) => name.includes('/v1/'))
  for (const resource of ['/v1/segments', '/v1/segments/{segment}/hosts']) {
    for (const name of [`GET ${resource}`, `POST ${resource}`]) t.true(found.includes(name), name)
  }
  const items = ['/v1/segments/{id}', '/v1/segments/{segment}/hosts/{id}']
  for (const name of items.flatMap((item) => [`GET ${item}`, `PUT ${item}`, `DELETE ${item}`])) {
    t.true(found.includes(name), name)
  }
  t.true(found.includes('POST /v1/notifications'))
  t.true(found.includes('GET /v1/notifications/{notification}/vmoves/{id}'))
  t.false(found.some((name) => name.includes('projectId')))
})

test('every operation of a resource has its own name, parameters for its path, and answers', async (t) => {
  await using world = await startGateway()
  const { json } = await world.call({ url: '/openapi.json' })
  const names: string[] = []
  for (const [operation, described] of operations(json)) {
    if (!operation.includes('/v1/')) continue
    names.push(textAt(described, 'operationId'))
    const needed = [...operation.matchAll(/\{(\w+)\}/g)].map(([, name]) => String(name))
    const parameters: readonly unknown[] = Object(at(described, 'parameters') ?? [])
    const given = parameters
      .filter((each) => at(each, 'in') === 'path')
      .map((each) => textAt(each, 'name'))
    t.deepEqual(new Set(given), new Set(needed), operation)
    t.true(Object.keys(Object(at(described, 'responses'))).length > 0, operation)
    t.deepEqual(at(described, 'security'), [{ token: [] }], operation)
  }
  t.is(new Set(names).size, names.length)
  t.false(names.includes('undefined'))
})

test('answers are as the description says', async (t) => {
  const owned = anInstance(1)
  const compute = { listProjectInstances: async () => [owned] }
  await using world = await startGateway({ compute })
  const { json } = await world.call({ url: '/openapi.json' })
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  const body = hostFailure()
  const posted = await world.call({ method: 'POST', url: '/v1/notifications', body })
  const notification = textAt(posted.json, 'notification', 'notification_uuid')
  for (const [url, kind] of [
    [`/v1/notifications/${notification}/commands`, 'pause'],
    ['/v1/commands', 'stop'],
  ] as const) {
    const given = { command: { kind, reason: 'so' } }
    await world.call({ method: 'POST', url, version: '1.4', body: given })
  }
  const asked: readonly (readonly [path: string, url: string])[] = [
    ['/v1/segments', '/v1/segments?limit=1'],
    ['/v1/segments/{id}', `/v1/segments/${segment}`],
    ['/v1/segments/{id}/policy', `/v1/segments/${segment}/policy`],
    ['/v1/segments/{segment}/hosts', `/v1/segments/${segment}/hosts`],
    ['/v1/segments/{segment}/hosts/{id}', `/v1/segments/${segment}/hosts/${host}`],
    ['/v1/notifications', '/v1/notifications'],
    ['/v1/notifications/{id}', `/v1/notifications/${notification}`],
    ['/v1/notifications/{notification}/vmoves', `/v1/notifications/${notification}/vmoves`],
    ['/v1/notifications/{id}/commands', `/v1/notifications/${notification}/commands`],
    ['/v1/commands', '/v1/commands'],
    ['/v1/extensions', '/v1/extensions'],
    ['/v1/instances', '/v1/instances'],
    ['/v1/instances/{id}', `/v1/instances/${owned.id}`],
    ['/v1/moves', '/v1/moves'],
  ]
  for (const [path, url] of asked) {
    const schema = at(
      json,
      'paths',
      path,
      'get',
      'responses',
      '200',
      'content',
      'application/json',
      'schema',
    )
    t.truthy(schema, path)
    const check = Compile(Type.Unsafe<unknown>(Object(schema)))
    const { json: answer } = await world.call({ url, version: '1.4' })
    t.deepEqual(check.Errors(answer), [], url)
  }
})

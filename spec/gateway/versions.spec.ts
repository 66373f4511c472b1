/** Version discovery, microversions and the answers of the router itself. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { at, startGateway, textAt, PROJECT } from '../support/gateway.ts'

test('the root lists the version for every caller', async (t) => {
  await using world = await startGateway()
  const { status, json, headers } = await world.call({
    url: '/',
    token: '',
    headers: { host: 'ha.example:15868' },
  })
  t.is(status, 200)
  t.deepEqual(json, {
    versions: [
      {
        id: 'v1.0',
        status: 'CURRENT',
        version: '1.4',
        min_version: '1.0',
        updated: '2016-07-01T11:33:21Z',
        links: [{ rel: 'self', href: 'http://ha.example:15868/v1/' }],
      },
    ],
  })
  t.is(headers['x-openstack-request-id'], undefined)
  t.is(headers['content-type'], 'application/json')
})

for (const method of ['HEAD', 'POST', 'PUT', 'DELETE'] as const) {
  test(`the root answers ${method} as it answers GET`, async (t) => {
    await using world = await startGateway()
    const { status, json, headers } = await world.call({ method, url: '/', token: '' })
    t.is(status, 200)
    t.is(headers['content-type'], 'application/json')
    if (method !== 'HEAD') t.is(textAt(json, 'versions', 0, 'id'), 'v1.0')
  })
}

test('without a host name in the request, links use the address at which it arrived', async (t) => {
  await using world = await startGateway()
  const { port } = new URL(await world.app.listen({ host: '127.0.0.1', port: 0 }))
  for (const host of ['', 'Host: \r\n']) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET / HTTP/1.0\r\n${host}\r\n`)
    t.true((await text(socket)).includes(`"http://127.0.0.1:${port}/v1/"`), host)
  }
})

test('/v1 and /v1/ show the version to callers with a token', async (t) => {
  await using world = await startGateway()
  for (const url of ['/v1', '/v1/', '//v1']) {
    const { status, json } = await world.call({ url })
    t.is(status, 200, url)
    t.is(textAt(json, 'version', 'id'), 'v1.0')
    t.is(textAt(json, 'version', 'links', 1, 'rel'), 'describedby')
    t.is(at(json, 'version', 'media-types', 0, 'base'), 'application/json')
  }
  t.is((await world.call({ url: '/v1/', token: '' })).status, 401)
})

test('a link prefix replaces scheme and host of links', async (t) => {
  await using world = await startGateway({ options: { linkPrefix: 'https://cloud.example/ha/' } })
  const { json } = await world.call({ url: '/' })
  t.is(textAt(json, 'versions', 0, 'links', 0, 'href'), 'https://cloud.example/ha/v1/')
})

test('any other path offers a choice of versions', async (t) => {
  await using world = await startGateway()
  const { status, json, headers } = await world.call({ url: '/v2/segments?x=1', token: '' })
  t.is(status, 300)
  t.is(headers['content-type'], 'application/json')
  t.is(textAt(json, 'choices', 0, 'links', 0, 'href'), 'http://localhost:80/v1/v2/segments')
})

for (const [header, answered] of [
  [undefined, '1.0'],
  ['instance-ha 1.2', '1.2'],
  ['compute 2.53, Instance-HA  1.3', '1.3'],
  ['instance-ha latest', '1.4'],
  ['instance-ha', '1.0'],
  ['ha 9.9', '1.0'],
] as const) {
  test(`the version header ${JSON.stringify(header)} is answered with ${answered}`, async (t) => {
    await using world = await startGateway()
    const headers = header === undefined ? {} : { 'OpenStack-API-Version': header }
    const answer = await world.call({ url: '/v1/segments', headers })
    t.is(answer.status, 200)
    t.is(answer.headers['openstack-api-version'], `instance-ha ${answered}`)
    t.is(answer.headers['vary'], 'OpenStack-API-Version')
  })
}

test('a version that is not supported is 406 and echoed', async (t) => {
  await using world = await startGateway()
  for (const version of ['1.5', '2.0', '1.99999999999999999999']) {
    const { status, json, headers } = await world.call({ url: '/v1/segments', version })
    t.is(status, 406)
    t.regex(textAt(json, 'masakariFault', 'message'), /Minimum is 1\.0 and maximum is 1\.4/)
    t.is(headers['openstack-api-version'], `instance-ha ${version}`)
  }
})

test('a version of another form is 400 without a version header', async (t) => {
  await using world = await startGateway()
  for (const version of ['1', '0.1', '1.02', 'new', '1.2.3', '-1.0']) {
    const { status, json, headers } = await world.call({ url: '/v1/segments', version })
    t.is(status, 400, version)
    t.is(at(json, 'badRequest', 'code'), 400)
    t.is(headers['openstack-api-version'], undefined)
  }
})

test('every answer under /v1 has its own request id', async (t) => {
  await using world = await startGateway()
  const seen = new Set<unknown>()
  for (const url of ['/v1', '/v1/segments', '/v1/nothing', '/v1/segments/x']) {
    const { headers } = await world.call({ url })
    t.regex(String(headers['x-openstack-request-id']), /^req-[0-9a-f-]{36}$/)
    seen.add(headers['x-openstack-request-id'])
  }
  t.is(seen.size, 4)
})

test('a path that the router does not know is 404 with a fault in JSON', async (t) => {
  await using world = await startGateway()
  const requests = [
    { url: '/v1/segments/' },
    { url: '/v1/not-a-project/segments' },
    { url: '/v1/nothing' },
    { method: 'DELETE', url: '/v1/segments' },
    { method: 'PATCH', url: '/v1/segments/1' },
    { method: 'HEAD', url: '/v1/segments' },
  ] as const
  for (const request of requests) {
    const { status, headers, json } = await world.call(request)
    t.is(status, 404, request.url)
    t.regex(String(headers['content-type']), /^application\/json/)
    if ('method' in request && request.method === 'HEAD') continue
    const message = 'The resource could not be found.'
    t.deepEqual(json, { itemNotFound: { code: 404, message } })
  }
})

test('a method that a resource does not have is 405', async (t) => {
  await using world = await startGateway()
  const requests = [
    { method: 'PUT', url: '/v1/notifications/1' },
    { method: 'DELETE', url: `/v1/${PROJECT}/notifications/1` },
    { method: 'POST', url: '/v1/notifications/1/vmoves' },
    { method: 'GET', url: '/v1/segments/new' },
    { method: 'POST', url: '/v1/segments/1/action' },
    { method: 'POST', url: '/v1/extensions' },
    { method: 'PUT', url: '/v1/extensions/segments' },
    { method: 'DELETE', url: '/v1/extensions/segments' },
    { method: 'GET', url: '/v1/extensions/new' },
    { method: 'POST', url: '/v1/extensions/segments/action' },
  ] as const
  for (const request of requests) {
    const { status, json } = await world.call(request)
    t.is(status, 405, request.url)
    t.is(at(json, 'badMethod', 'code'), 405)
  }
})

test('the content type of answers follows the Accept header', async (t) => {
  await using world = await startGateway()
  const plain = await world.call({ url: '/v1/segments', headers: { accept: 'text/html' } })
  t.is(plain.headers['content-type'], 'application/json')
  const accept = 'application/vnd.openstack.masakari+json'
  const vendor = await world.call({ url: '/v1/segments', headers: { accept } })
  t.is(vendor.headers['content-type'], accept)
  const failed = await world.call({ url: '/v1/segments/x' })
  t.is(failed.headers['content-type'], 'application/json; charset=UTF-8')
})

test('the built-in extensions are listed and shown', async (t) => {
  await using world = await startGateway()
  const { json } = await world.call({ url: '/v1/extensions' })
  t.is(textAt(json, 'extensions', 2, 'alias'), 'os-hosts')
  t.is((await world.call({ url: '/v1/extensions/vmoves' })).status, 200)
  t.is((await world.call({ url: '/v1/extensions/other' })).status, 404)
})

test('a path that cannot be decoded is 400', async (t) => {
  await using world = await startGateway()
  for (const url of ['/v1/segments/%zz', '/v1/segments/%ff', '/v1/%']) {
    const { status, json } = await world.call({ url })
    t.is(status, 400, url)
    t.is(textAt(json, 'badRequest', 'message'), 'Malformed request url')
  }
})

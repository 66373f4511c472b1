/** Browsers of other origins, proxies in front, and requests that are not HTTP. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { aHost, aSegment, at, startGateway, textAt } from '../support/gateway.ts'

const CORS = { allowedOrigins: ['https://panel.example'], credentials: true, maxAgeSeconds: 600 }

test('OPTIONS is 200 and empty for every caller, with any path', async (t) => {
  await using world = await startGateway()
  for (const url of ['/', '/v1/segments', '/v1/segments/x', '/nowhere', '/healthcheck']) {
    const answer = await world.call({ method: 'OPTIONS', url, token: '' })
    t.is(answer.status, 200, url)
    t.is(answer.text, '')
    t.is(answer.headers['access-control-allow-origin'], undefined)
  }
})

test('a page of an allowed origin may read answers, and a page of another origin may not', async (t) => {
  await using world = await startGateway({ options: { cors: CORS } })
  const asked = {
    origin: 'https://panel.example',
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'x-auth-token, content-type',
  }
  const request = { method: 'OPTIONS', url: '/v1/segments', token: '' } as const
  const allowed = await world.call({ ...request, headers: asked })
  t.like(allowed.headers, {
    'access-control-allow-origin': 'https://panel.example',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'PUT',
    'access-control-allow-headers': 'x-auth-token,content-type',
    'access-control-max-age': '600',
    vary: 'Origin',
  })
  for (const headers of [
    { ...asked, origin: 'https://evil.example' },
    { ...asked, 'access-control-request-method': 'TRACE' },
    { ...asked, 'access-control-request-headers': 'x-other' },
  ]) {
    const refused = await world.call({ ...request, headers })
    t.is(refused.status, 200)
    t.is(refused.headers['access-control-allow-origin'], undefined)
  }
  const { headers } = await world.call({ url: '/v1/segments', headers: { origin: asked.origin } })
  t.is(headers['access-control-allow-origin'], asked.origin)
  t.regex(String(headers['access-control-expose-headers']), /X-Openstack-Request-Id/)
  t.is(headers['vary'], 'OpenStack-API-Version, Origin')
})

test('without log-in, a page of another origin can send nothing, and programs and own pages can', async (t) => {
  const cors = { ...CORS, allowedOrigins: ['https://panel.example'] }
  await using world = await startGateway({ identity: undefined, options: { cors } })
  let made = 0
  const sends = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const post = { method: 'POST', url: '/v1/segments', token: '' } as const
    made += 1
    const name = `zone-${made}`
    const body = { segment: { name, recovery_method: 'auto', service_type: 'COMPUTE' } }
    return (await world.call({ ...post, body, headers })).status
  }
  const plain = { 'content-type': 'text/plain' }
  t.is(await sends(plain), 201, 'a program')
  t.is(await sends({ ...plain, origin: 'https://evil.example' }), 403)
  t.is(await sends({ ...plain, origin: 'null' }), 403)
  t.is(await sends({ ...plain, 'sec-fetch-site': 'cross-site' }), 403)
  const rebound = { host: 'evil.example', origin: 'http://evil.example' }
  t.is(await sends({ ...rebound, 'sec-fetch-site': 'same-origin' }), 403)
  t.is(await sends({ host: 'evil.example', 'sec-fetch-site': 'same-origin' }), 403)
  t.is(await sends({ host: '127.0.0.1:15868', origin: 'http://127.0.0.1:15868' }), 201)
  t.is(await sends({ origin: 'https://panel.example', 'sec-fetch-site': 'cross-site' }), 201)
  const read = { url: '/health/supervisors', token: '', headers: rebound } as const
  t.is((await world.call(read)).status, 403)
})

const hrefOf = (json: unknown): string => textAt(json, 'versions', 0, 'links', 0, 'href')

for (const [what, headers, trusted] of [
  [
    'X-Forwarded-*',
    { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ha.example', 'x-forwarded-prefix': '/ha' },
    'https://ha.example/ha/v1/',
  ],
  [
    'Forwarded',
    { forwarded: 'for=1.2.3.4;proto=https;host="ha.example:99", proto=http;host=inner' },
    'https://ha.example:99/v1/',
  ],
  ['Forwarded with an odd scheme', { forwarded: 'proto=javascript' }, 'http://direct:1/v1/'],
] as const) {
  test(`links follow ${what} only when the proxy is trusted`, async (t) => {
    await using plain = await startGateway()
    await using proxied = await startGateway({ options: { trustProxy: true } })
    const request = { url: '/', headers: { host: 'direct:1', ...headers } }
    t.is(hrefOf((await plain.call(request)).json), 'http://direct:1/v1/')
    t.is(hrefOf((await proxied.call(request)).json), trusted)
  })
}

for (const [what, sent, status] of [
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['a broken header', 'GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n', 400],
  ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
] as const) {
  test(`${what} is answered with ${status} in the form of every other fault`, async (t) => {
    await using world = await startGateway()
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = world.app.server.address() as AddressInfo // it listens on TCP
    const socket = connect(port, '127.0.0.1')
    socket.end(sent)
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n', 2)
    t.true(head.startsWith(`HTTP/1.1 ${status} `), head)
    t.regex(head, /content-type: application\/json/i)
    const json: unknown = JSON.parse(body)
    t.is(at(Object.values(Object(json))[0], 'code'), status)
  })
}

test('a global request id is passed on to Compute, and the answer has one of ours', async (t) => {
  const passed: (string | undefined)[] = []
  await using world = await startGateway({
    compute: {
      findService: async (host, _signal, requestId) => {
        passed.push(requestId)
        return {
          id: '1',
          host,
          up: true,
          disabled: false,
          disabledReason: null,
          forcedDown: false,
          zone: null,
          writtenAt: 0,
          writtenAgoMs: 0,
        }
      },
    },
  })
  const url = `/v1/segments/${await aSegment(world)}/hosts`
  const global = 'req-0f0e0d0c-0000-4000-8000-000000000001'
  for (const [name, id] of [
    ['compute-1', global],
    ['compute-2', 'req-\tnonsense'],
  ] as const) {
    const host = { name, type: 'COMPUTE', control_attributes: '' }
    const headers = { 'x-openstack-request-id': id }
    const { status, headers: answered } = await world.call({
      method: 'POST',
      url,
      body: { host },
      headers,
    })
    t.is(status, 201)
    t.not(answered['x-openstack-request-id'], id)
  }
  t.deepEqual(passed, [global, undefined])
  await aHost(world, await aSegment(world, 'rack-2'), 'compute-3')
  t.is(passed.at(-1), undefined)
})

test('a process that is taken out of service tells its load balancer', async (t) => {
  let out = true
  await using world = await startGateway({ outOfService: () => out })
  const ask = async (method: 'GET' | 'HEAD'): Promise<number> =>
    (await world.call({ method, url: '/healthcheck', token: '' })).status
  t.deepEqual([await ask('GET'), await ask('HEAD')], [503, 503])
  out = false
  t.deepEqual([await ask('GET'), await ask('HEAD')], [200, 204])
})

test('the form of project ids in paths can be changed', async (t) => {
  await using world = await startGateway({ options: { projectIdPattern: '[a-z]+_[0-9]+' } })
  t.is((await world.call({ url: '/v1/project_7/segments' })).status, 400)
  t.is((await world.call({ url: '/v1/0123456789abcdef0123456789abcdef/segments' })).status, 404)
})

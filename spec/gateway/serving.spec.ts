/** The server: TLS, time-outs, the rate limit, and an end without a lost answer. */
import { readFile } from 'node:fs/promises'
import { request as tlsRequest } from 'node:https'
import { connect } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import test from 'ava'
import type { SegmentFilter, Page } from '../../actors/ports/store.ts'
import { makeAuthority } from '../support/certificates.ts'
import { aSegment, at, startGateway, textAt } from '../support/gateway.ts'
import { until } from '../support/until.ts'
import { temporaryDirectory } from '../support/process.ts'

const listen = { host: '127.0.0.1', port: 0 }

/**
 * Lets OpenSSL use TLS 1.1 on both sides. Otherwise the version would not be the reason of the
 * refusal.
 */
const ANY_LEVEL = 'DEFAULT@SECLEVEL=0'
const OLD = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: ANY_LEVEL }
/** The server's alerts (RFC 5246, 7.2). A caller whose own OpenSSL gives up gets no alert. */
const ALERTS = { protocol_version: 70, handshake_failure: 40 }

for (const [what, asked, refused, alert] of [
  [
    'nothing older than 1.2',
    { minVersion: 'TLSv1.2', ciphers: ANY_LEVEL },
    OLD,
    'protocol_version',
  ],
  [
    'nothing older than 1.3 if so configured',
    { minVersion: 'TLSv1.3' },
    { maxVersion: 'TLSv1.2' },
    'protocol_version',
  ],
  [
    'only with the ciphers that are configured',
    { minVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    'handshake_failure',
  ],
] as const) {
  test(`with a certificate the API speaks TLS, and ${what}`, async (t) => {
    await using directory = await temporaryDirectory('tls')
    const authority = makeAuthority(directory.path)
    const files = await authority.issue('api', 'IP:127.0.0.1')
    const [key, certificate] = [
      await readFile(files.key, 'utf8'),
      await readFile(files.cert, 'utf8'),
    ]
    await using world = await startGateway({ options: { tls: { key, certificate, ...asked } } })
    const { port } = new URL(await world.app.listen(listen))
    const ca = await readFile(authority.ca, 'utf8')
    const ask = async (more: object): Promise<number | undefined> => {
      const sent = tlsRequest(`https://127.0.0.1:${port}/health/live`, { ca, ...more })
      const answered = once(sent, 'response')
      sent.end()
      const [answer] = await answered
      await text(answer)
      return answer.statusCode
    }
    t.is(await ask({}), 200)
    const message = new RegExp(`SSL alert number ${ALERTS[alert]}\\s*$`)
    await t.throwsAsync(ask(refused), { code: 'EPROTO', message })
  })
}

test('headers and bodies that do not arrive in time are 408, and hold no connection', async (t) => {
  await using world = await startGateway()
  const { server } = world.app
  t.is(server.headersTimeout, 10_000)
  t.is(server.requestTimeout, 30_000)
  server.headersTimeout = 50
  server.requestTimeout = 100
  const { port } = new URL(await world.app.listen(listen))
  const beginnings = [
    'GET / HTTP/1.1\r\nHost: x\r\n',
    'POST /v1/segments HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin-token\r\nContent-Length: 9\r\n\r\n{',
  ]
  for (const beginning of beginnings) {
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(beginning)
    t.regex(await text(socket), /^HTTP\/1\.1 408 /)
  }
})

test('token with too many requests waits, and others do not', async (t) => {
  await using world = await startGateway({ options: { requestsPerMinute: 3 } })
  const statuses: number[] = []
  for (let index = 0; index < 4; index += 1) {
    statuses.push((await world.call({ url: '/v1/segments' })).status)
  }
  t.deepEqual(statuses, [200, 200, 200, 429])
  const { json, headers } = await world.call({ url: '/v1/notifications' })
  t.is(textAt(json, 'overLimit', 'code'), '429')
  t.is(at(json, 'overLimit', 'retryAfter'), headers['retry-after'])
  const seconds = Number(headers['retry-after'])
  t.true(seconds > 0 && seconds <= 60)
  t.is((await world.call({ url: '/v1/segments', token: 'member-token' })).status, 200)
  t.is((await world.call({ url: '/health/live' })).status, 200)
})

test('at its end the server finishes answers under way, and accepts no new requests', async (t) => {
  const reading = Promise.withResolvers<void>()
  const mayAnswer = Promise.withResolvers<void>()
  await using world = await startGateway({
    wrapStore: (store) => ({
      ...store,
      listSegments: async (filter: SegmentFilter, page: Page) => {
        reading.resolve()
        await mayAnswer.promise
        return store.listSegments(filter, page)
      },
    }),
  })
  await aSegment(world)
  const address = await world.app.listen(listen)
  const headers = { 'x-auth-token': 'admin-token' }
  const answer = fetch(`${address}/v1/segments`, { headers })
  await reading.promise
  const closed = world.app.close()
  await until('nobody listens', () => !world.app.server.listening)
  const refused = await t.throwsAsync(fetch(`${address}/health/live`))
  t.is(Object(refused.cause).code, 'ECONNREFUSED')
  mayAnswer.resolve()
  const { status, headers: answered } = await answer
  t.is(status, 200)
  t.is(answered.get('connection'), 'close', 'or the caller would hold up the end')
  t.is(textAt(await (await answer).json(), 'segments', 0, 'name'), 'rack-1')
  await closed
})

test('the request id of an answer is new, whatever id the caller sends', async (t) => {
  await using world = await startGateway()
  const global = 'req-0f0e0d0c-0000-4000-8000-000000000001'
  const sent = { 'x-openstack-request-id': global }
  const { headers } = await world.call({ url: '/v1/segments', headers: sent })
  t.regex(String(headers['x-openstack-request-id']), /^req-[0-9a-f-]{36}$/)
  t.not(headers['x-openstack-request-id'], global)
})

test('callers who do not read their answers are disconnected, the oldest first when there are many', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const description = 'x'.repeat(60_000)
  for (let index = 0; index < 60; index += 1) {
    const body = {
      segment: { name: `s${index}`, recovery_method: 'auto', service_type: 'c', description },
    }
    const made = await world.call({ method: 'POST', url: '/v1/segments', body })
    t.is(made.status, 201, made.text)
  }
  t.truthy(segment)
  const { port } = new URL(await world.app.listen(listen))
  const connections = promisify(world.app.server.getConnections.bind(world.app.server))
  await using sockets = new AsyncDisposableStack()
  const request = 'GET /v1/segments HTTP/1.1\r\nHost: x\r\nX-Auth-Token: admin-token\r\n\r\n'
  for (let index = 0; index < 30; index += 1) {
    const socket = connect(Number(port), '127.0.0.1')
    sockets.defer(() => void socket.destroy())
    socket.on('error', () => undefined) // it is reset
    socket.pause()
    socket.write(request)
  }
  // Thirty answers of 3.6 MB are never in memory together.
  await until('the oldest are cut off', async () => (await connections()) < 15)
  await until('all are cut off', async () => {
    await world.clock.pass(61_000, async () => undefined)
    return (await connections()) === 0
  })
})

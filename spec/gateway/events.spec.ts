/** Progress as server-sent events over real connections. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import test from 'ava'
import type { FeedEvent } from '../../gateway/event-feed.ts'
import { startGateway, type GatewayWorld } from '../support/gateway.ts'
import { until } from '../support/until.ts'

const event = (id: string, notification = 'n1', more: object = {}): FeedEvent => ({
  id,
  type: 'recovery.stepped',
  about: {
    notification,
    host: 'compute-1',
    instance: undefined,
    type: 'recovery.stepped',
    ...more,
  },
  data: { notification_uuid: notification, step: id },
})

interface Follower extends AsyncDisposable {
  readonly status: number
  readonly type: string | null
  text(): string
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>
}

async function follow(
  world: GatewayWorld,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Follower> {
  const address = world.app.server.address() ?? (await listening(world))
  const port = typeof address === 'object' ? address.port : 0
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/v1/events${query}`, {
    signal: abort.signal,
    headers: {
      'x-auth-token': 'reader-token',
      'openstack-api-version': 'instance-ha 1.4',
      ...headers,
    },
  })
  let text = ''
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true })
  }
  const ended = read().catch(() => undefined)
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: () => text,
    ended,
    async [Symbol.asyncDispose]() {
      abort.abort()
      await ended
    },
  }
}

async function listening({ app }: GatewayWorld) {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app.server.address() ?? ''
}

const heard = (follower: Follower): string =>
  [...follower.text().matchAll(/^id: (.+)$/gm)].map(([, id]) => id).join()

const hears = (follower: Follower, ids: string): Promise<void> =>
  until(`the events ${ids}, not ${heard(follower)}`, () => heard(follower) === ids)

test('events arrive as they happen, each with its id, name and data', async (t) => {
  await using world = await startGateway()
  await using follower = await follow(world)
  t.is(follower.status, 200)
  t.is(follower.type, 'text/event-stream')
  world.feed.publish(event('e1'))
  await hears(follower, 'e1')
  t.true(
    follower
      .text()
      .endsWith(
        'id: e1\nevent: recovery.stepped\ndata: {"notification_uuid":"n1","step":"e1"}\n\n',
      ),
  )
})

test('a follower may ask for some events only', async (t) => {
  await using world = await startGateway()
  await using one = await follow(world, '?notification=n2')
  await using two = await follow(world, '?type=move.stepped&instance=i1')
  world.feed.publish(event('e1'))
  world.feed.publish(event('e2', 'n2'))
  world.feed.publish(event('e3', 'n1', { type: 'move.stepped', instance: 'i1' }))
  world.feed.publish(event('e4', 'n2'))
  await hears(one, 'e2,e4')
  await hears(two, 'e3')
  t.pass()
})

test('a follower that comes back gets what it missed, at any gateway', async (t) => {
  await using world = await startGateway()
  for (const id of ['e1', 'e2', 'e3']) world.feed.publish(event(id))
  await using back = await follow(world, '', { 'last-event-id': 'e1' })
  await hears(back, 'e2,e3')
  t.false(back.text().includes('event: gap'))
  await using late = await follow(world, '', { 'last-event-id': 'forgotten' })
  await hears(late, 'e1,e2,e3')
  t.true(late.text().includes('event: gap\n'))
  await using fresh = await follow(world)
  world.feed.publish(event('e4'))
  await hears(fresh, 'e4')
})

test('a stream ends with its token', async (t) => {
  await using world = await startGateway()
  await using follower = await follow(world)
  await world.clock.pass(3_600_001, async () => undefined)
  await follower.ended
  t.true(follower.text().includes(': still here\n\n'))
})

test('streams end when the gateway closes', async (t) => {
  await using world = await startGateway()
  await using follower = await follow(world)
  await world.app.close()
  await follower.ended
  t.is(follower.status, 200)
})

test('who may not read recoveries may not follow them, and there is a limit to followers', async (t) => {
  await using world = await startGateway()
  await using refused = await follow(world, '', { 'x-auth-token': 'member-token' })
  t.is(refused.status, 403)
  await using followers = new AsyncDisposableStack()
  for (let count = 0; count < 200; count += 1) followers.use(await follow(world))
  await using last = await follow(world)
  t.is(last.status, 429)
})

test('a follower that never reads is cut off instead of filling the memory', async (t) => {
  await using world = await startGateway()
  const address = await listening(world)
  const socket = connect(typeof address === 'object' ? address.port : 0, '127.0.0.1')
  socket.on('error', () => undefined) // it may be reset
  const version = 'OpenStack-API-Version: instance-ha 1.4'
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: a\r\nX-Auth-Token: reader-token\r\n${version}\r\n\r\n`,
  )
  await once(socket, 'readable')
  const connections = promisify(world.app.server.getConnections.bind(world.app.server))
  const data = { text: 'x'.repeat(100_000) }
  let published = 0
  await until('the stream is cut', async () => {
    for (let count = 0; count < 20; count += 1) {
      published += 1
      world.feed.publish({ ...event(String(published)), data })
    }
    return (await connections()) === 0
  })
  const closed = once(socket, 'close')
  socket.resume()
  await closed
  t.true(published < 1000, `${published}`)
})

/** Progress as server-sent events over real connections. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import type { FeedEvent } from '../../gateway/events/feed.ts'
import { anInstance, startGateway, type GatewayWorld } from '../support/gateway.ts'
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
  path = '',
): Promise<Follower> {
  const address = world.app.server.address() ?? (await listening(world))
  const port = typeof address === 'object' ? address.port : 0
  const abort = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/v1${path}/events${query}`, {
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

test('a follower may ask for some kinds of events only', async (t) => {
  await using world = await startGateway()
  await using one = await follow(world, '?notification=n2')
  await using two = await follow(world, '?type=move.stepped&instance=i1')
  world.feed.publish(event('e1'))
  world.feed.publish(event('e2', 'n2'))
  world.feed.publish(event('e3', 'n1', { type: 'move.stepped', instance: 'i1' }))
  world.feed.publish(event('e4', 'n2'))
  await hears(one, 'e2,e4')
  await hears(two, 'e3')
  t.deepEqual([heard(one), heard(two)], ['e2,e4', 'e3'])
})

test('a member hears of own instances only, and no host or reason', async (t) => {
  const own = [anInstance(1), anInstance(2)]
  const compute = { listProjectInstances: async () => own.slice(0, 2) }
  await using world = await startGateway({ compute })
  const member = { 'x-auth-token': 'member-token' }
  await using refused = await follow(world, '', member)
  t.is(refused.status, 403)
  await using follower = await follow(world, '', member, '/instances')
  t.is(follower.status, 200)
  const moved = (id: string, instance: string | undefined) =>
    world.feed.publish(event(id, 'n1', { type: 'move.stepped', instance }))
  moved('e1', anInstance(3).id)
  moved('e2', undefined)
  moved('e3', anInstance(2).id)
  await hears(follower, 'e3')
  t.regex(follower.text(), new RegExp(`data: {"instance_uuid":"${anInstance(2).id}"}`))
  t.notRegex(follower.text(), /compute-1|n1|step"/)
  await using nobody = await follow(
    world,
    '',
    { 'x-auth-token': 'system-reader-token' },
    '/instances',
  )
  t.is(nobody.status, 403)
})

test('a follower that reconnects gets the missed events, from any gateway', async (t) => {
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

/** Lets time pass slowly enough for the follower to read what keeps its stream open. */
async function passMinutes(
  world: GatewayWorld,
  minutes: number,
  follower: Follower,
): Promise<void> {
  const beats = () => follower.text().split(': still here').length
  for (let quarter = 0; quarter < 4 * minutes; quarter += 1) {
    const before = beats()
    await world.clock.pass(15_000, async () => undefined)
    await until('the follower hears that its stream lives', () => beats() > before)
  }
}

/**
 * Followers with one token, alternately through the path with the project and the path without it.
 */
async function followMany(
  world: GatewayWorld,
  token: string,
  count: number,
  into: AsyncDisposableStack,
): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let index = 0; index < count; index += 1) {
    const path = index % 2 === 0 ? '' : `/${world.callers.get(token)?.projectId}`
    statuses.push(into.use(await follow(world, '', { 'x-auth-token': token }, path)).status)
  }
  return statuses
}

test('callers without the right to read recoveries may not follow them', async (t) => {
  await using world = await startGateway()
  await using refused = await follow(world, '', { 'x-auth-token': 'member-token' })
  t.is(refused.status, 403)
})

test('one user has at most twenty streams, over all paths', async (t) => {
  await using world = await startGateway()
  await using followers = new AsyncDisposableStack()
  const statuses = await followMany(world, 'reader-token', 21, followers)
  t.deepEqual(statuses, [...Array.from({ length: 20 }, () => 200), 429])
  const others = await followMany(world, 'other-reader', 1, followers)
  t.deepEqual(others, [401])
})

test('places stay free for administrators when readers take all others', async (t) => {
  await using world = await startGateway()
  await using followers = new AsyncDisposableStack()
  const reader = world.callers.get('reader-token')
  if (reader === undefined) return t.fail('there is no reader')
  const statuses: number[] = []
  for (let user = 0; user < 9; user += 1) {
    world.callers.set(`reader-${user}`, { ...reader, userId: `reader-${user}` })
    statuses.push(...(await followMany(world, `reader-${user}`, 20, followers)))
  }
  t.is(statuses.filter((status) => status === 200).length, 160)
  t.is(statuses.filter((status) => status === 429).length, 20)
  t.deepEqual(await followMany(world, 'admin-token', 1, followers), [200])
})

test('a place that is given up is free again', async (t) => {
  await using world = await startGateway()
  {
    await using followers = new AsyncDisposableStack()
    t.is((await followMany(world, 'reader-token', 20, followers)).at(-1), 200)
  }
  await until('a place is free', async () => {
    await using again = await follow(world)
    return again.status === 200
  })
})

test('when a token is revoked, its stream ends within a minute, and no other one does', async (t) => {
  await using world = await startGateway()
  await using revoked = await follow(world)
  await using other = await follow(world, '', { 'x-auth-token': 'admin-token' })
  world.callers.delete('reader-token')
  await passMinutes(world, 1, other)
  await revoked.ended
  world.feed.publish(event('e1'))
  await hears(other, 'e1')
  t.is(heard(revoked), '')
})

test('a stream ends when its user may not follow events any more', async (t) => {
  await using world = await startGateway()
  await using follower = await follow(world)
  const reader = world.callers.get('reader-token')
  if (reader === undefined) return t.fail('there is no reader')
  world.callers.set('reader-token', { ...reader, roles: ['member'] })
  await world.clock.pass(60_000, async () => undefined)
  await follower.ended
  t.is(follower.status, 200)
})

test('a stream continues while the Identity service does not answer', async (t) => {
  let away = false
  await using world = await startGateway({
    identity: {
      validate: async (token) => {
        if (away) throw new CodedError('IDENTITY_UNAVAILABLE', 'it is away')
        return world.callers.get(token)
      },
    },
  })
  await using follower = await follow(world)
  away = true
  await passMinutes(world, 5, follower)
  world.feed.publish(event('e1'))
  await hears(follower, 'e1')
  t.is(follower.status, 200)
})

test('a follower that never reads is disconnected, and holds no copy of the events meanwhile', async (t) => {
  await using world = await startGateway()
  const address = await listening(world)
  const data = { text: 'x'.repeat(20_000) }
  for (let index = 0; index < 1000; index += 1) world.feed.publish({ ...event(`e${index}`), data })
  const socket = connect(typeof address === 'object' ? address.port : 0, '127.0.0.1')
  socket.on('error', () => undefined) // it may be reset
  const lines = [
    'GET /v1/events HTTP/1.1',
    'Host: a',
    'X-Auth-Token: reader-token',
    'OpenStack-API-Version: instance-ha 1.4',
    'Last-Event-Id: e0',
  ]
  const answered = once(world.app.server, 'request')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const [, response] = await answered
  await until('the answer waits for its reader', () => response.writableNeedDrain)
  t.true(response.writableLength < 200_000, `${response.writableLength}`)
  const connections = promisify(world.app.server.getConnections.bind(world.app.server))
  await until('the stream is cut', async () => {
    await world.clock.pass(15_000, async () => undefined)
    return (await connections()) === 0
  })
  const closed = once(socket, 'close')
  socket.resume()
  await closed
})

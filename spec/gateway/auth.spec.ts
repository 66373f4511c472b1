/** Tokens, roles and the project in the URL. */
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import {
  aHost,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
  PROJECT,
} from '../support/gateway.ts'

const settled = async (): Promise<void> => undefined

test('a caller without a valid token gets the address of the Identity service', async (t) => {
  await using world = await startGateway()
  for (const token of ['', 'made-up']) {
    const { status, json, headers } = await world.call({ url: '/v1/segments', token })
    t.is(status, 401)
    t.is(at(json, 'error', 'code'), 401)
    t.is(at(json, 'error', 'title'), 'Unauthorized')
    t.is(headers['www-authenticate'], 'Keystone uri="http://keystone.example/v3"')
  }
})

test('a valid token is validated once in five minutes', async (t) => {
  await using world = await startGateway()
  await Promise.all(Array.from({ length: 5 }, () => world.call({ url: '/v1/segments' })))
  t.is(world.asked(), 1)
  await world.clock.pass(299_000, settled)
  await world.call({ url: '/v1/segments' })
  t.is(world.asked(), 1)
  await world.clock.pass(2000, settled)
  await world.call({ url: '/v1/segments' })
  t.is(world.asked(), 2)
})

test('an invalid token is validated once in ten seconds', async (t) => {
  await using world = await startGateway()
  await world.call({ url: '/v1/segments', token: 'made-up' })
  await world.call({ url: '/v1/segments', token: 'made-up' })
  t.is(world.asked(), 1)
  await world.clock.pass(10_001, settled)
  await world.call({ url: '/v1/segments', token: 'made-up' })
  t.is(world.asked(), 2)
})

test('a thousand invalid tokens cause sixty requests to the Identity service', async (t) => {
  await using world = await startGateway()
  const guess = (index: number) => world.call({ url: '/v1/segments', token: `guess-${index}` })
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, index) => guess(index)))
  t.is(world.asked(), 60)
  t.deepEqual(new Set(answers.map(({ status }) => status)), new Set([401, 429]))
  const refused = answers.find(({ status }) => status === 429)
  t.is(refused?.headers['retry-after'], '1')
  await world.clock.pass(5000, settled)
  await Promise.all(Array.from({ length: 100 }, (_, index) => guess(2000 + index)))
  t.is(world.asked(), 65)
})

test('a flood of invalid tokens does not block known tokens', async (t) => {
  await using world = await startGateway()
  t.is((await world.call({ url: '/v1/segments' })).status, 200)
  for (let index = 0; index < 100; index += 1) {
    await world.call({ url: '/v1/segments', token: `guess-${index}` })
  }
  t.is((await world.call({ url: '/v1/segments' })).status, 200)
})

test('valid tokens do not count against the limit', async (t) => {
  await using world = await startGateway()
  const admin = world.callers.get('admin-token')
  if (admin === undefined) return t.fail('there is no admin')
  for (let index = 0; index < 200; index += 1) {
    world.callers.set(`good-${index}`, admin)
    const { status } = await world.call({ url: '/v1/segments', token: `good-${index}` })
    t.is(status, 200)
  }
})

test('behind a trusted proxy each caller has its own limit, and cannot choose another address', async (t) => {
  await using world = await startGateway({ options: { trustProxy: true } })
  const guess = (index: number, forwarded: string) =>
    world.call({
      url: '/v1/segments',
      token: `guess-${forwarded}-${index}`,
      headers: { 'x-forwarded-for': forwarded },
    })
  for (let index = 0; index < 100; index += 1) await guess(index, `192.0.2.${index}, 198.51.100.7`)
  t.is(world.asked(), 60)
  t.is((await guess(0, '198.51.100.8')).status, 401)
  // One caller has all addresses of an IPv6 network.
  for (let index = 0; index < 100; index += 1) await guess(index, `2001:db8:0:1::${index}`)
  t.is(world.asked(), 60 + 1 + 60)
})

test('a token is never valid after its expiry, also when the wall clock jumps', async (t) => {
  await using world = await startGateway()
  const known = world.callers.get('admin-token')
  if (known === undefined) return t.fail()
  world.callers.set('short', { ...known, expiresAt: world.clock.wallMs() + 5000 })
  t.is((await world.call({ url: '/v1/segments', token: 'short' })).status, 200)
  world.clock.jumpWall(6000)
  t.is((await world.call({ url: '/v1/segments', token: 'short' })).status, 401)
})

test('when the Identity service does not answer, the answer is 503, and the next request asks again', async (t) => {
  let away = true
  await using world = await startGateway({
    identity: {
      validate: async () => {
        if (away) throw new CodedError('IDENTITY_UNAVAILABLE', 'connect ECONNREFUSED 10.1.2.3')
        return undefined
      },
    },
  })
  const { status, text, headers } = await world.call({ url: '/v1/segments' })
  t.is(status, 503)
  t.false(text.includes('10.1.2.3'))
  t.is(headers['retry-after'], '5')
  away = false
  t.is((await world.call({ url: '/v1/segments' })).status, 401)
})

test('an Identity service that refuses this service is 503 and not 401', async (t) => {
  await using world = await startGateway({
    identity: {
      validate: async () => {
        throw new CodedError('IDENTITY_REFUSED', 'wrong password of the service user')
      },
    },
  })
  t.is((await world.call({ url: '/v1/segments' })).status, 503)
})

test('without an Identity service every caller is an admin', async (t) => {
  await using world = await startGateway({ identity: undefined })
  t.is((await world.call({ url: '/v1/segments', token: '' })).status, 200)
  t.is((await world.call({ url: `/v1/${PROJECT}/segments`, token: '' })).status, 200)
})

test('the project in the URL must be the project of the token', async (t) => {
  await using world = await startGateway()
  t.is((await world.call({ url: `/v1/${PROJECT}/segments` })).status, 200)
  const { status, json } = await world.call({ url: '/v1/fedcba/segments' })
  t.is(status, 400)
  t.regex(textAt(json, 'badRequest', 'message'), /project id fedcba/)
})

const notification = '/v1/notifications/00000000-0000-4000-8000-000000000000'
for (const [role, rows] of Object.entries({
  member: [
    ['/v1/segments', 200],
    ['/v1/notifications', 200],
    ['/v1/segments/SEGMENT/hosts', 403],
    [`${notification}/vmoves`, 404],
    ['/health/supervisors', 403],
  ],
  user: [
    ['/v1/segments', 200],
    ['/v1/notifications', 200],
    ['/v1/segments/SEGMENT/hosts', 403],
    [`${notification}/vmoves`, 404],
    ['/health/supervisors', 403],
  ],
  'system-reader': [
    ['/v1/segments/SEGMENT/hosts', 200],
    ['/health/supervisors', 200],
  ],
  reader: [
    ['/v1/segments', 200],
    ['/v1/segments/SEGMENT/hosts', 200],
    [`${notification}/vmoves`, 404],
    ['/health/supervisors', 200],
  ],
  stranger: [
    ['/v1/segments', 403],
    ['/v1/notifications', 403],
    ['/health/supervisors', 403],
    ['/v1', 200],
  ],
} as const)) {
  test(`a ${role} can read what its role allows`, async (t) => {
    await using world = await startGateway()
    const segment = await aSegment(world)
    for (const [path, status] of rows) {
      const url = path.replace('SEGMENT', segment)
      t.is((await world.call({ url, token: `${role}-token` })).status, status, url)
    }
  })
}

test('only an admin writes', async (t) => {
  await using world = await startGateway()
  const segment = { name: 'a', recovery_method: 'auto', service_type: 'b' }
  const answer = await world.call({
    method: 'POST',
    url: '/v1/segments',
    body: { segment },
    token: 'reader-token',
  })
  t.is(answer.status, 403)
  t.is(
    textAt(answer.json, 'forbidden', 'message'),
    "Policy doesn't allow os_masakari_api:segments:create to be performed.",
  )
})

test('a bad body is refused before the role is checked', async (t) => {
  await using world = await startGateway()
  const request = { method: 'POST', url: '/v1/segments', token: 'reader-token' } as const
  t.is((await world.call({ ...request, body: {} })).status, 400)
  const report = { ...request, url: '/v1/notifications' }
  const late = hostFailure('compute-1', 'yesterday')
  t.is((await world.call({ ...report, body: late })).status, 400)
  t.is((await world.call({ ...report, body: hostFailure() })).status, 403)
})

test('secrets are shown to no caller, and labels to admins only', async (t) => {
  await using world = await startGateway()
  const segment = await aSegment(world)
  const attributes = JSON.stringify({
    ipmi: { host: '10.0.0.1', username: 'root', password: 'calvin', port: 623 },
    fence: { fence_x: { deep: 'calvin' } },
  })
  const id = await aHost(world, segment, 'compute-1', { control_attributes: attributes })
  const other = await aHost(world, segment, 'compute-2', { control_attributes: 'password=calvin' })
  for (const host of [id, other]) {
    const url = `/v1/segments/${segment}/hosts/${host}`
    t.false((await world.call({ url })).text.includes('calvin'))
    const { text, json } = await world.call({ url, token: 'reader-token' })
    t.false(text.includes('calvin'))
    t.true(textAt(json, 'host', 'control_attributes').includes('***'))
  }
  const labelled = await aHost(world, segment, 'compute-3', { control_attributes: 'rack 7' })
  const list = `/v1/segments/${segment}/hosts`
  t.true((await world.call({ url: `${list}/${labelled}` })).text.includes('rack 7'))
  const listed = await world.call({ url: list, token: 'reader-token' })
  t.false(listed.text.includes('rack 7'))
  t.false(listed.text.includes('calvin'))
  t.true(listed.text.includes('10.0.0.1'))
  const guess = await world.call({
    url: `${list}?control_attributes=${encodeURIComponent('password=guess')}`,
    token: 'reader-token',
  })
  t.is(Object.keys(at(guess.json, 'hosts') ?? {}).length, 3)
  const sorted = await world.call({
    url: `${list}?sort_key=control_attributes`,
    token: 'reader-token',
  })
  t.is(sorted.status, 400)
})

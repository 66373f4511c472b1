/** Validating users' tokens, over real HTTP. */
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { openTo, SmallCloud } from './small-cloud.ts'

const caller = {
  token: {
    methods: ['password'],
    user: { id: 'user-1', name: 'demo', domain: { id: 'default', name: 'Default' } },
    project: { id: 'project-1', name: 'demo' },
    roles: [
      { id: '1', name: 'member' },
      { id: '2', name: 'reader' },
    ],
    issued_at: '2026-11-22T10:00:00.000000Z',
    expires_at: '2026-11-22T11:00:00.000000Z',
  },
}

test("a valid token has its owner's project and roles", async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 200, body: caller })
  await using openstack = await openTo(cloud)
  t.deepEqual(await openstack.identity.validate('theirs'), {
    userId: 'user-1',
    projectId: 'project-1',
    systemScope: false,
    serviceProjectId: 'service-project',
    roles: ['member', 'reader'],
    expiresAt: Date.parse('2026-11-22T11:00:00Z'),
  })
  t.like(cloud.calls[0], {
    path: '/v3/auth/tokens?nocatalog=1',
    headers: { 'x-subject-token': 'theirs', 'x-auth-token': cloud.token },
  })
})

test('a token without a project is one of the system', async (t) => {
  await using cloud = await SmallCloud.start()
  const { project: _project, ...token } = caller.token
  cloud.api = () => ({ status: 200, body: { token: { ...token, system: { all: true } } } })
  await using openstack = await openTo(cloud)
  t.like(await openstack.identity.validate('theirs'), { projectId: null, systemScope: true })
})

test('a token that Keystone does not know has no owner', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 404, body: { error: { code: 404, message: 'no such token' } } })
  await using openstack = await openTo(cloud)
  t.is(await openstack.identity.validate('theirs'), undefined)
})

for (const token of ['', 'two words', 'line\r\nX-Auth-Token: forged', 'ü', 'x'.repeat(9000)]) {
  test(`${JSON.stringify(token.slice(0, 30))} has no owner, without a request`, async (t) => {
    await using cloud = await SmallCloud.start()
    await using openstack = await openTo(cloud)
    t.is(await openstack.identity.validate(token), undefined)
    t.is(cloud.requests.length, 0)
  })
}

test('our own token is replaced when it becomes invalid', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 200, body: caller })
  await using openstack = await openTo(cloud)
  await openstack.identity.validate('theirs')
  cloud.forgetTokens()
  t.is((await openstack.identity.validate('theirs'))?.userId, 'user-1')
  t.is(openstack.loginCount(), 2)
})

const away: readonly (readonly [string, number])[] = [
  ['our account may not validate', 403],
  ['our token is refused again', 401],
  ['Keystone is broken', 500],
]
for (const [what, status] of away) {
  test(`when ${what} the caller's token is neither valid nor invalid`, async (t) => {
    await using cloud = await SmallCloud.start()
    cloud.api = () => ({ status, body: { error: { code: status, message: 'no' } } })
    await using openstack = await openTo(cloud)
    const error = await t.throwsAsync(openstack.identity.validate('theirs'))
    t.true(isCoded(error, 'IDENTITY_UNAVAILABLE'))
    t.false(String(error.stack).includes('theirs'))
  })
}

test("when our own login is refused, the caller's token is neither valid nor invalid", async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.login = () => ({ status: 401, body: { error: { code: 401, message: 'no' } } })
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.identity.validate('theirs'))
  t.true(isCoded(error, 'IDENTITY_UNAVAILABLE'))
})

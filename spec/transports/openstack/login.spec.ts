/** Log-in of people at Keystone: what it is sent, and what each of its answers means. */
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { loginOf } from '../../../transports/openstack/login.ts'
import { openHttpClient } from '../../../transports/openstack/http-client.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import {
  HttpServer,
  type HttpReply,
  type ServedRequest,
} from '../../../ops/simulated-cloud/http-server.ts'
import { freePlace } from '../../support/process.ts'

/** A Keystone that gives the same answer to everything, and remembers what it was sent. */
async function keystoneThat(reply: HttpReply) {
  const sent: ServedRequest[] = []
  const server = await HttpServer.start(await freePlace(), async (request) => {
    sent.push(request)
    return reply
  })
  const clock = new SystemClock()
  const client = openHttpClient({ clock, ca: undefined, insecure: false })
  const login = loginOf({
    client,
    url: `${server.url}/v3`,
    timing: { clock, random: new SystemRandom() },
    requestTimeoutMs: 2000,
    signalOf: (signal) => signal ?? new AbortController().signal,
  })
  return {
    login,
    sent,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const PROOF = {
  kind: 'password',
  username: 'ann',
  domain: 'people',
  password: new Secret('pw'),
  scope: { kind: 'project', name: 'infra', domain: 'Default' },
} as const

test('a password is sent with its domain and project, once, and the token is taken', async (t) => {
  await using keystone = await keystoneThat({ status: 201, headers: { 'X-Subject-Token': 'tok' } })
  t.is((await keystone.login.login(PROOF))?.reveal(), 'tok')
  const [request] = keystone.sent
  t.is(request?.url.pathname, '/v3/auth/tokens')
  t.deepEqual(request?.body, {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: 'ann', domain: { name: 'people' }, password: 'pw' } },
      },
      scope: { project: { name: 'infra', domain: { name: 'Default' } } },
    },
  })
})

test('an application credential and a login to the whole system have their own forms', async (t) => {
  await using keystone = await keystoneThat({ status: 201, headers: { 'X-Subject-Token': 'tok' } })
  const secret = new Secret('s')
  await keystone.login.login({ kind: 'application-credential', id: 'c1', secret })
  await keystone.login.login({ ...PROOF, scope: { kind: 'system' } })
  t.like(keystone.sent[0]?.body, {
    auth: { identity: { application_credential: { id: 'c1', secret: 's' } } },
  })
  t.like(keystone.sent[1]?.body, { auth: { scope: { system: { all: true } } } })
})

test('a refusal is no token, and is not repeated, because that may lock the account', async (t) => {
  for (const status of [400, 401, 403]) {
    await using keystone = await keystoneThat({ status })
    t.is(await keystone.login.login(PROOF), undefined)
    t.is(keystone.sent.length, 1)
  }
})

test('when Keystone is in trouble, that is said, without the password', async (t) => {
  for (const status of [429, 500, 503]) {
    await using keystone = await keystoneThat({ status })
    const error = await t.throwsAsync(keystone.login.login(PROOF), {
      code: 'IDENTITY_UNAVAILABLE',
    })
    t.false(error.message.includes('pw'))
  }
})

test('a token ends with itself as proof, and one that is gone already is no trouble', async (t) => {
  for (const status of [204, 401, 404]) {
    await using keystone = await keystoneThat({ status })
    await keystone.login.revoke(new Secret('tok'))
    t.is(keystone.sent[0]?.method, 'DELETE')
    t.is(keystone.sent[0]?.headers['x-subject-token'], 'tok')
  }
  await using keystone = await keystoneThat({ status: 500 })
  await t.throwsAsync(keystone.login.revoke(new Secret('tok')), { code: 'IDENTITY_UNAVAILABLE' })
})

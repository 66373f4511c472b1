/** One login for all requests, over real HTTP. */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { isCoded } from '../../../schema/errors.ts'
import { freePort, program, temporaryDirectory } from '../../support/process.ts'
import { until } from '../../support/until.ts'
import { openTo, PASSWORD, ShiftedClock, SmallCloud } from './small-cloud.ts'

const noServices = () => ({ status: 200, body: { services: [] } })
const many = (call: () => Promise<unknown>): Promise<unknown[]> =>
  Promise.all(Array.from({ length: 60 }, call))

test('sixty simultaneous first calls log in once', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  await using openstack = await openTo(cloud)
  await many(() => openstack.compute.listServices())
  t.is(openstack.loginCount(), 1)
  t.is(openstack.requestCount(), 61)
  t.is(cloud.calls.length, 60)
})

test('sixty simultaneous refused tokens cause one more login, and every call succeeds', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  await using openstack = await openTo(cloud)
  await openstack.compute.listServices()
  cloud.forgetTokens()
  await many(() => openstack.compute.listServices())
  t.is(openstack.loginCount(), 2)
})

test('when a new token is refused too, the error is our own refusal', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = () => ({ status: 401, body: { error: { code: 401, message: 'not you' } } })
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'IDENTITY_REFUSED'))
  t.is(openstack.loginCount(), 2)
})

test('the error of a wrong password does not repeat it', async (t) => {
  await using cloud = await SmallCloud.start()
  const message = 'The request you have made requires authentication.'
  cloud.login = () => ({ status: 401, body: { error: { code: 401, message } } })
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'IDENTITY_REFUSED'))
  t.true(error.message.includes(message))
  t.is(cloud.requests.length, 1)
})

test('a login carries names, domains and the project, to either form of the URL', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  for (const authUrl of [cloud.url, `${cloud.url}/`, `${cloud.url}/v3`, `${cloud.url}/v3/`]) {
    await using openstack = await openTo(cloud, { authUrl })
    await openstack.compute.listServices()
  }
  const user = { name: 'ha', domain: { name: 'Default' }, password: PASSWORD }
  t.deepEqual(cloud.requests[0]?.body, {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: { project: { name: 'service', domain: { name: 'Default' } } },
    },
  })
})

test('a login carries the ids of domains and project when they are known', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  const domain = { id: '4e1fd508dda14c6685cf980aee1f00de' }
  for (const project of [{ name: 'services', domain }, { id: 'p-1' }]) {
    await using openstack = await openTo(cloud, { userDomain: domain, project })
    await openstack.compute.listServices()
  }
  const user = { name: 'ha', domain, password: PASSWORD }
  const identity = { methods: ['password'], password: { user } }
  t.deepEqual(
    cloud.requests.filter(({ body }) => body !== undefined).map(({ body }) => body),
    [{ name: 'services', domain }, { id: 'p-1' }].map((project) => ({
      auth: { identity, scope: { project } },
    })),
  )
})

test('a token is renewed before it expires, while calls continue', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  const clock = new ShiftedClock()
  await using openstack = await openTo(cloud, { clock })
  await openstack.compute.listServices()
  clock.shiftMs = cloud.tokenLifeMs - 301_000
  await openstack.compute.listServices()
  t.is(openstack.loginCount(), 1)
  clock.shiftMs = cloud.tokenLifeMs - 299_000
  await openstack.compute.listServices()
  await until('renewed', () => openstack.loginCount() === 2)
})

test('an expired token is not used', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  const clock = new ShiftedClock()
  await using openstack = await openTo(cloud, { clock })
  await openstack.compute.listServices()
  clock.shiftMs = cloud.tokenLifeMs
  await openstack.compute.listServices()
  t.is(openstack.loginCount(), 2)
  t.is(cloud.calls.length, 2)
})

test('during a Keystone outage, a valid token is still used', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  const clock = new ShiftedClock()
  await using openstack = await openTo(cloud, { clock })
  await openstack.compute.listServices()
  cloud.login = () => ({ status: 404, body: 'gone' })
  clock.shiftMs = cloud.tokenLifeMs - 100_000
  for (let turn = 0; turn < 5; turn += 1) await openstack.compute.listServices()
  await until('tried to renew', () => openstack.loginCount() === 2)
  clock.shiftMs = cloud.tokenLifeMs
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'IDENTITY_UNAVAILABLE'))
})

test('a login is repeated while Keystone is busy', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  let logins = 0
  const broken = { status: 503 } as const
  cloud.login = () => {
    logins += 1
    if (logins === 2) cloud.login = undefined
    return broken
  }
  await using openstack = await openTo(cloud)
  await openstack.compute.listServices()
  t.is(cloud.requests.length - cloud.calls.length, 3)
})

test('a Keystone that refuses connections is unavailable', async (t) => {
  await using cloud = await SmallCloud.start()
  const authUrl = `http://127.0.0.1:${await freePort()}`
  await using openstack = await openTo(cloud, { authUrl })
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'IDENTITY_UNAVAILABLE'))
})

test('the error of a catalogue without our region is a sentence', async (t) => {
  await using cloud = await SmallCloud.start()
  await using openstack = await openTo(cloud, { region: 'three' })
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'COMPUTE_UNAVAILABLE'))
  t.regex(error.message, /catalogue/)
})

test('a hundred calls one after the other share one connection', async (t) => {
  await using cloud = await SmallCloud.start()
  cloud.api = noServices
  await using openstack = await openTo(cloud)
  for (let turn = 0; turn < 100; turn += 1) await openstack.compute.listServices()
  t.is(cloud.connections, 1)
})

test('a private certificate is trusted when its file is named, and any certificate when the option says so', async (t) => {
  await using directory = await temporaryDirectory('tls')
  const [key, cert] = [join(directory.path, 'key.pem'), join(directory.path, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const subject = ['-nodes', '-subj', '/CN=cloud', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', key, '-out', cert]
  spawnSync(program('openssl', 'openssl'), [...request, ...subject, ...files])
  await using cloud = await SmallCloud.start({
    key: await readFile(key, 'utf8'),
    cert: await readFile(cert, 'utf8'),
  })
  cloud.api = noServices
  for (const trust of [{ cacertFile: cert }, { insecure: true }]) {
    await using openstack = await openTo(cloud, trust)
    await openstack.compute.listServices()
  }
  const seen = cloud.requests.length
  await using openstack = await openTo(cloud)
  const error = await t.throwsAsync(openstack.compute.listServices())
  t.true(isCoded(error, 'IDENTITY_UNAVAILABLE'))
  t.regex(error.message, /self-signed/)
  t.is(cloud.requests.length, seen)
})

test('a certificate file that cannot be read is a wrong configuration', async (t) => {
  await using cloud = await SmallCloud.start()
  const error = await t.throwsAsync(openTo(cloud, { cacertFile: '/nowhere/ca.pem' }))
  t.true(isCoded(error, 'CONFIG_INVALID'))
})

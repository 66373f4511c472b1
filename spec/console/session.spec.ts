/** Sessions of the console, and those who want to get in without one. */
import test from 'ava'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { Browser, IDLE_MS, PASSWORD, startConsole } from '../support/console.ts'
import { until } from '../support/until.ts'
import { aSegment, at, startGateway, textAt } from '../support/gateway.ts'

const SEGMENT = { segment: { name: 'evil', recovery_method: 'auto', service_type: 'COMPUTE' } }

test('a person logs in, acts with the own token, and logs out, which ends the token', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  const entered = await browser.logIn('admin')
  t.is(entered.status, 201, entered.text)
  t.true((at(entered.json, 'actions') as string[]).includes('segments:create'))
  const created = await browser.send('POST', '/console/v1/segments', SEGMENT)
  t.is(created.status, 201, created.text)
  t.is((await browser.send('DELETE', '/console/session')).status, 204)
  t.deepEqual(world.revoked, ['admin-token'])
})

test('the cookie is hidden from scripts and from other sites, and shows neither token nor name', async (t) => {
  await using world = await startConsole()
  const { headers, text } = await new Browser(world).logIn('admin')
  const cookie = String(headers['set-cookie'])
  t.regex(cookie, /^instance_ha_console=[\w-]+; HttpOnly; SameSite=Strict$/)
  t.false(cookie.includes('admin'))
  t.false(text.includes('admin-token'))
})

test('behind TLS the cookie is sent over TLS only', async (t) => {
  await using world = await startConsole({ options: { linkPrefix: 'https://ha.example/' } })
  const { headers } = await new Browser(world).logIn('admin')
  t.regex(String(headers['set-cookie']), /; Secure$/)
})

test('an application credential and a pasted token log in, too; a pasted token is left alone', async (t) => {
  await using world = await startConsole()
  const byCredential = new Browser(world)
  const credential = { method: 'application-credential', id: 'reader', secret: PASSWORD }
  t.is((await byCredential.enter(credential)).status, 201)
  const byToken = new Browser(world)
  t.is((await byToken.enter({ method: 'token', token: 'member-token' })).status, 201)
  t.is((await byToken.send('DELETE', '/console/session')).status, 204)
  t.deepEqual(world.revoked, [])
})

test('a person without a project logs in to the whole system', async (t) => {
  await using world = await startConsole()
  const body = { method: 'password', username: 'system-reader', password: PASSWORD }
  const { status, json } = await new Browser(world).enter(body)
  t.is(status, 201)
  t.is(at(json, 'project_id'), null)
  const [proof] = world.proofs
  t.deepEqual(proof?.kind === 'password' && proof.scope, { kind: 'system' })
})

test('a wrong password is refused without a hint, and leaves no cookie', async (t) => {
  await using world = await startConsole()
  const wrong = await new Browser(world).logIn('admin', 'guessed')
  t.is(wrong.status, 401)
  t.is(wrong.headers['set-cookie'], undefined)
  t.false(wrong.text.includes('admin'))
})

test('half a log-in names the missing field, and a long secret is not repeated', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  const half = await browser.enter({ method: 'password', username: 'admin' })
  t.is(half.status, 400)
  t.regex(half.text, /field\/attribute password/)
  const long = await browser.enter({ method: 'token', token: 's3cret'.repeat(2000) })
  t.is(long.status, 400)
  t.false(long.text.includes('s3crets3cret'))
})

test('an oversized log-in is refused before it is read', async (t) => {
  await using world = await startConsole()
  const body = { method: 'password', username: 'admin', password: 'x'.repeat(20_000) }
  t.is((await new Browser(world).enter(body)).status, 413)
  t.deepEqual(world.proofs, [])
})

test('a token that no cookie can hold is refused with the reason', async (t) => {
  await using world = await startConsole()
  const token = 'p'.repeat(5000)
  const admin = world.callers.get('admin-token')
  if (admin === undefined) return t.fail('there is no administrator')
  world.callers.set(token, admin)
  const { status, text } = await new Browser(world).enter({ method: 'token', token })
  t.is(status, 400)
  t.regex(text, /too long for the cookie/)
})

test('a page of another origin cannot post, not even with the cookie of the person', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  await browser.logIn('admin')
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    const posted = await browser.send('POST', '/console/v1/segments', SEGMENT, headers)
    t.is(posted.status, 403, JSON.stringify(headers))
    t.is((await browser.send('GET', '/console/session', undefined, headers)).status, 403)
    t.is((await browser.send('GET', '/console/v1/segments', undefined, headers)).status, 403)
  }
  t.deepEqual(await world.store.listSegments({}, { limit: 5, sort: [] }), [])
})

test('an origin that may read the API may not use the console', async (t) => {
  const cors = { allowedOrigins: ['https://board.example'], credentials: true, maxAgeSeconds: 1 }
  await using world = await startConsole({ options: { cors } })
  const browser = new Browser(world)
  await browser.logIn('admin')
  const headers = { origin: 'https://board.example' }
  const answer = await browser.send('GET', '/console/v1/segments', undefined, headers)
  t.is(answer.status, 403)
})

test('a request that changes something repeats the value against forgery', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  await browser.logIn('admin')
  const own = browser.csrf
  const other = new Browser(world)
  await other.logIn('reader')
  for (const csrf of ['', 'guessed', other.csrf]) {
    browser.csrf = csrf
    t.is((await browser.send('POST', '/console/v1/segments', SEGMENT)).status, 403)
    t.is((await browser.send('DELETE', '/console/session')).status, 403)
    t.is((await browser.send('PUT', '/console/session')).status, 403)
  }
  browser.csrf = own
  t.is((await browser.send('POST', '/console/v1/segments', SEGMENT)).status, 201)
})

test('a log-in that is no JSON, as a form sends it, is refused', async (t) => {
  await using world = await startConsole()
  const body = { method: 'password', username: 'admin', password: PASSWORD }
  const headers = { 'content-type': 'text/plain' }
  const posted = await new Browser(world).send('POST', '/console/session', body, headers)
  t.is(posted.status, 415)
})

test('the cookie means nothing to the API itself, and a token means nothing to the console', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  await browser.logIn('admin')
  t.is((await browser.send('GET', '/v1/segments')).status, 401)
  const headers = { 'x-auth-token': 'admin-token' }
  const stranger = new Browser(world)
  const asked = await stranger.send('GET', '/console/v1/segments', undefined, headers)
  t.is(asked.status, 401)
})

test('a member acts with the rights of a member, whatever the page shows', async (t) => {
  await using world = await startConsole()
  const segment = await aSegment(world)
  const browser = new Browser(world)
  const { json } = await browser.logIn('member')
  t.false((at(json, 'actions') as string[]).includes('os-hosts:index'))
  t.is((await browser.send('GET', `/console/v1/segments/${segment}/hosts`)).status, 403)
  t.is((await browser.send('POST', '/console/v1/segments', SEGMENT)).status, 403)
  t.is((await browser.send('GET', '/console/v1/events')).status, 403)
})

test('forged and foreign cookies open nothing', async (t) => {
  await using world = await startConsole()
  await using elsewhere = await startConsole()
  const browser = new Browser(elsewhere)
  await browser.logIn('admin')
  const here = new Browser(world)
  const [name = '', value = ''] = browser.cookie.split('=', 2)
  const last = value.endsWith('A') ? 'B' : 'A'
  const changed = `${value.slice(0, 40)}${value[40] === 'A' ? 'B' : 'A'}${value.slice(41)}`
  for (const cookie of [value, changed, value.slice(0, -1) + last, '', 'AAAA', 'x'.repeat(9000)]) {
    here.cookie = `${name}=${cookie}`
    t.is((await here.send('GET', '/console/session')).status, 401)
  }
})

test('gateways with one key take the sessions of each other', async (t) => {
  const key = new Secret('the same on every gateway of the cloud')
  await using one = await startConsole({}, key)
  await using other = await startConsole({}, key)
  const browser = new Browser(one)
  await browser.logIn('admin')
  const there = new Browser(other)
  there.cookie = browser.cookie
  t.is((await there.send('GET', '/console/session')).status, 200)
})

test('a person who does nothing is logged out, and one who does something is not', async (t) => {
  await using world = await startConsole()
  const idle = new Browser(world)
  const busy = new Browser(world)
  await idle.logIn('admin')
  await busy.logIn('admin')
  await world.clock.pass(IDLE_MS - 1000, async () => undefined)
  t.is((await busy.touch()).status, 200)
  await world.clock.pass(2000, async () => undefined)
  t.is((await idle.send('GET', '/console/v1/segments')).status, 401)
  t.is((await idle.touch()).status, 401)
  t.is((await busy.send('GET', '/console/v1/segments')).status, 200)
})

test('a session ends with its token', async (t) => {
  await using world = await startConsole()
  const browser = new Browser(world)
  await browser.logIn('admin')
  world.callers.delete('admin-token')
  await world.clock.pass(301_000, async () => undefined) // the answer of the Identity service is kept so long
  t.is((await browser.send('GET', '/console/v1/segments')).status, 401)
  t.is((await browser.send('GET', '/console/session')).status, 401)
})

const away = async (): Promise<never> => {
  throw new CodedError('IDENTITY_UNAVAILABLE', 'it is away')
}

test('log-out works while the Identity service is away', async (t) => {
  await using world = await startConsole({ login: { login: away, revoke: away } })
  const browser = new Browser(world)
  t.is((await browser.logIn('admin')).status, 503)
  await browser.enter({ method: 'token', token: 'admin-token' })
  t.is((await browser.send('DELETE', '/console/session')).status, 204)
})

test('guessing passwords is slowed down', async (t) => {
  await using world = await startConsole()
  const statuses: number[] = []
  for (let index = 0; index < 14; index += 1) {
    statuses.push((await new Browser(world).logIn('admin', `guess ${index}`)).status)
  }
  t.is(statuses.filter((status) => status === 401).length, 10)
  t.is(statuses.at(-1), 429)
})

test('a flood of log-ins waits in a bounded number', async (t) => {
  const slow = Promise.withResolvers<undefined>()
  await using world = await startConsole({
    login: { login: () => slow.promise, revoke: async () => undefined },
    options: { trustProxy: true },
  })
  let refused = 0
  const floods = Array.from({ length: 60 }, (_unit, index) =>
    new Browser(world).send(
      'POST',
      '/console/session',
      { method: 'password', username: 'admin', password: 'x' },
      { 'x-forwarded-for': `10.0.0.${index}` },
    ),
  )
  for (const flood of floods) void flood.then(({ status }) => (refused += status === 429 ? 1 : 0))
  await until('the others are refused', () => refused === 28)
  slow.resolve(undefined)
  const statuses = (await Promise.all(floods)).map(({ status }) => status)
  t.is(statuses.filter((status) => status === 401).length, 32)
})

test('every answer of the console forbids inline scripts, frames and foreign servers', async (t) => {
  await using world = await startConsole()
  for (const url of [
    '/console/',
    '/console/session',
    '/console/v1/segments',
    '/console/assets/no',
  ]) {
    const { headers } = await world.call({ url, token: '', headers: { host: 'localhost' } })
    const policy = String(headers['content-security-policy'])
    t.regex(policy, /default-src 'none'; script-src 'self'; style-src 'self'/, url)
    t.notRegex(policy, /unsafe|http|data:/)
    t.is(headers['x-content-type-options'], 'nosniff')
    t.is(headers['x-frame-options'], 'DENY')
  }
})

test('no page holds an inline script, an inline style, or the address of a foreign server', async (t) => {
  await using world = await startConsole()
  const { text } = await world.call({ url: '/console/', token: '' })
  t.regex(text, /<script type="module" src="assets\/[\w-]{22}\/app.js"><\/script>/)
  t.notRegex(text, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|https?:/)
  t.is((await world.call({ url: '/console/assets/x/..%2fconsole.ts', token: '' })).status, 404)
})

test('without an Identity service, people on this machine need no log-in, and others get nothing', async (t) => {
  await using world = await startConsole({ identity: undefined, login: undefined })
  const browser = new Browser(world)
  const here = await browser.send('GET', '/console/session')
  t.is(here.status, 200)
  t.is(at(here.json, 'login'), false)
  const posted = await browser.send('POST', '/console/v1/segments', SEGMENT)
  t.is(posted.status, 403, 'the value against forgery is needed here, too')
  browser.csrf = textAt(here.json, 'csrf')
  t.is((await browser.send('POST', '/console/v1/segments', SEGMENT)).status, 201)
  const rebound = { host: 'evil.example', origin: 'http://evil.example' }
  t.is((await browser.send('GET', '/console/v1/segments', undefined, rebound)).status, 403)
  const remote = await world.app.inject({
    url: '/console/v1/segments',
    remoteAddress: '192.0.2.7',
    headers: { host: 'localhost' },
  })
  t.is(remote.statusCode, 403)
})

test('one option switches the console off', async (t) => {
  await using world = await startGateway()
  t.is((await world.call({ url: '/console/', token: '' })).status, 300)
  t.is((await world.call({ url: '/console/session', token: '' })).status, 300)
})

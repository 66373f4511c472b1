/** Tokens of real HTTP requests, checked with a Keystone that may not answer. */
import test from 'ava'
import { startClientWorld, type ClientWorld } from './client-world.ts'

const get = (world: ClientWorld, token: string, path = '/v1/segments'): Promise<Response> =>
  fetch(world.url + path, { headers: { 'x-auth-token': token } })

test('tokens are checked with the service account, and their owners may do what their roles allow', async (t) => {
  await using world = await startClientWorld()
  const { keystone } = world.http
  t.is((await get(world, keystone.issue('admin'))).status, 200)
  t.is((await get(world, keystone.issue('reader'))).status, 200)
  t.is((await get(world, keystone.issue('reporter'))).status, 403)
  const unknown = await get(world, 'made-up')
  t.is(unknown.status, 401)
  t.is(unknown.headers.get('www-authenticate'), `Keystone uri="${keystone.url}"`)
})

test('a token that was revoked is refused', async (t) => {
  await using world = await startClientWorld()
  const { keystone } = world.http
  const token = keystone.issue('admin')
  keystone.revoke(token)
  t.is((await get(world, token)).status, 401)
})

test('during a Keystone outage no new caller is accepted, known callers continue, and it recovers afterwards', async (t) => {
  await using world = await startClientWorld()
  const { keystone } = world.http
  const known = keystone.issue('admin')
  t.is((await get(world, known)).status, 200)
  const fresh = keystone.issue('admin')
  await keystone.stop()
  const refused = await get(world, fresh)
  t.is(refused.status, 503)
  t.truthy(refused.headers.get('retry-after'))
  t.is((await get(world, known)).status, 200)
  await keystone.start()
  t.is((await get(world, fresh)).status, 200)
})

test('the project in the URL must be the project of the token', async (t) => {
  await using world = await startClientWorld()
  const token = world.http.keystone.issue('admin')
  const own = '/v1/0123456789abcdef0123456789abcdef/segments'
  t.is((await get(world, token, own)).status, 200)
  t.is((await get(world, token, '/v1/abcdef/segments')).status, 400)
})

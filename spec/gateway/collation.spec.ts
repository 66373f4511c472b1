/** Ids and filters are compared as the default collation of MySQL did: without regard to case and trailing blanks. */
import test from 'ava'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'

async function stage() {
  const world = await startGateway()
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  const { json } = await world.call({
    method: 'POST',
    url: '/v1/notifications',
    body: hostFailure(),
  })
  const notification = textAt(json, 'notification', 'notification_uuid')
  return Object.assign(world, { segment, host, notification })
}

test('a row is found by its id in capital letters', async (t) => {
  await using world = await stage()
  const [segment, host, notification] = [world.segment, world.host, world.notification].map((id) =>
    id.toUpperCase(),
  )
  for (const [url, found] of [
    [`/v1/segments/${segment}`, ['segment', 'uuid']],
    [`/v1/segments/${segment}/hosts/${host}`, ['host', 'uuid']],
    [`/v1/segments/${segment}/hosts`, ['hosts', 0, 'uuid']],
    [`/v1/notifications/${notification}`, ['notification', 'notification_uuid']],
    [`/v1/notifications?source_host_uuid=${host}`, ['notifications', 0, 'notification_uuid']],
    [`/v1/segments?marker=${segment}`, ['segments']],
  ] as const) {
    const { status, json } = await world.call({ url })
    t.is(status, 200, url)
    t.not(at(json, ...found), undefined, url)
  }
  t.is((await world.call({ url: `/v1/notifications/${notification}/vmoves` })).status, 200)
})

test('a row is changed and deleted by its id in capital letters', async (t) => {
  await using world = await startGateway()
  const segment = (await aSegment(world)).toUpperCase()
  const host = (await aHost(world, segment)).toUpperCase()
  const url = `/v1/segments/${segment}/hosts/${host}`
  const change = { method: 'PUT', url, body: { host: { reserved: true } } } as const
  t.is((await world.call(change)).status, 200)
  t.is((await world.call({ method: 'DELETE', url })).status, 204)
  t.is((await world.call({ method: 'DELETE', url: `/v1/segments/${segment}` })).status, 204)
})

/** In the other case. */
const swapped = (text: string): string =>
  text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase()

test('filters are compared without regard to case and trailing blanks', async (t) => {
  await using world = await stage()
  const url = `/v1/segments/${world.segment}`
  const serviceType = textAt((await world.call({ url })).json, 'segment', 'service_type')
  const type = textAt(
    (await world.call({ url: `${url}/hosts/${world.host}` })).json,
    'host',
    'type',
  )
  for (const [path, list] of [
    [`/v1/segments?service_type=${swapped(serviceType)}`, 'segments'],
    [`/v1/segments?service_type=${swapped(serviceType)}%20%20`, 'segments'],
    ['/v1/segments?recovery_method=AUTO', 'segments'],
    [`${url}/hosts?type=${swapped(type)}`, 'hosts'],
    [`${url}/hosts?name=COMPUTE-1%20`, 'hosts'],
    ['/v1/notifications?status=NEW', 'notifications'],
    ['/v1/notifications?type=compute_host', 'notifications'],
  ] as const) {
    t.not(at((await world.call({ url: path })).json, list, 0), undefined, path)
  }
  for (const path of [
    '/v1/segments?service_type=%20COMPUTE',
    '/v1/segments?service_type=COMPUT_',
  ]) {
    t.is(at((await world.call({ url: path })).json, 'segments', 0), undefined, path)
  }
})

test('letters beyond ASCII are folded, too', async (t) => {
  await using world = await startGateway()
  const segment = { name: 's', service_type: 'GRÖSSE', recovery_method: 'auto' }
  await world.call({ method: 'POST', url: '/v1/segments', body: { segment } })
  const { json } = await world.call({
    url: `/v1/segments?service_type=${encodeURIComponent('größe')}`,
  })
  t.is(at(json, 'segments', 0), undefined, 'ß is not ss')
  const other = await world.call({
    url: `/v1/segments?service_type=${encodeURIComponent('grösse')}`,
  })
  t.not(at(other.json, 'segments', 0), undefined)
})

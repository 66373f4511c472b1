/** Bodies have limits of depth and length, and the answer names the limit. */
import test from 'ava'
import { Secret } from '../../schema/control-attributes.ts'
import { aHost, aSegment, startGateway, textAt } from '../support/gateway.ts'

const deepList = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const deepObject = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

for (const [title, text] of Object.entries({
  'a list of 5,000 levels': deepList(5000),
  'objects of 5,000 levels': deepObject(5000),
  'a password of 10,000 levels': `{"ipmi":{"host":"a","username":"b","password":${deepList(10_000)}}}`,
  'settings that are deep and cut off': `{"ssh":${'['.repeat(5000)}`,
  'settings with too many members': JSON.stringify({ a: Array.from({ length: 1001 }, () => 0) }),
  'a label that is too long': 'x'.repeat(65_536),
})) {
  test(`${title} as control_attributes is 400 that names field and limit, and is not stored`, async (t) => {
    await using world = await startGateway()
    const segment = await aSegment(world)
    const list = `/v1/segments/${segment}/hosts`
    const id = await aHost(world, segment)
    const host = { name: 'compute-2', type: 'COMPUTE', control_attributes: text }
    const url = `${list}/${id}`
    const created = await world.call({ method: 'POST', url: list, body: { host } })
    const body = { host: { control_attributes: text } }
    const changed = await world.call({ method: 'PUT', url, body })
    for (const { status, json } of [created, changed]) {
      t.is(status, 400)
      t.regex(
        textAt(json, 'badRequest', 'message'),
        /control_attributes\. Value: \*\*\*\. It cannot be read: the text .*(16 levels|1000 members|65535 characters)$/,
      )
    }
    const stored = await world.store.listAllHosts()
    t.deepEqual(
      stored.map(({ controlAttributes }) => controlAttributes),
      ['label'],
    )
    t.is((await world.call({ url: list })).status, 200)
  })
}

const BODIES: Readonly<Record<string, string>> = {
  'a list': deepList(50_000),
  'a body cut off': '['.repeat(100_000),
  'a host': `{"host":{"control_attributes":${deepObject(5000)}}}`,
  'a payload': `{"notification":{"payload":${deepObject(5000)}}}`,
  'a member of many': `{"a":"x","alerts":[{"labels":${deepObject(5000)}}]}`,
}

for (const [title, body] of Object.entries(BODIES)) {
  test(`${title} that is nested too deep is 400 at every route with a body`, async (t) => {
    const webhook = {
      token: new Secret('webhook-token'),
      basic: undefined,
      hostLabel: 'compute_host',
      instanceLabel: 'instance_uuid',
      seenAlive: async () => {},
    }
    await using world = await startGateway({ webhook })
    const segment = await aSegment(world)
    const host = await aHost(world, segment)
    for (const [method, url] of [
      ['POST', '/v1/segments'],
      ['PUT', `/v1/segments/${segment}`],
      ['PUT', `/v1/segments/${segment}/policy`],
      ['POST', `/v1/segments/${segment}/hosts`],
      ['PUT', `/v1/segments/${segment}/hosts/${host}`],
      ['POST', '/v1/notifications'],
      ['POST', '/v1/commands'],
      ['POST', '/v1/webhooks/alertmanager'],
    ] as const) {
      const isWebhook = url.startsWith('/v1/webhooks')
      const headers = isWebhook ? { authorization: 'Bearer webhook-token' } : {}
      const token = isWebhook ? '' : 'admin-token'
      const { status, text } = await world.call({
        method,
        url,
        body,
        version: '1.4',
        headers,
        token,
      })
      t.is(status, 400, url)
      t.regex(text, /body\. The body is nested deeper than 16 levels/, url)
    }
  })
}

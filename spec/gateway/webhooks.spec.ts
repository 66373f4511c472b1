/** Alerts of Alertmanager: what they become, and which senders are allowed. */
import { readFile } from 'node:fs/promises'
import test from 'ava'
import type { Webhook } from '../../gateway/routes/webhooks.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { aHost, aSegment, at, startGateway, textAt, type GatewayWorld } from '../support/gateway.ts'

const BEARER = 'Bearer webhook-token'
const URL = '/v1/webhooks/alertmanager'
const INSTANCE = '0F0E0D0C-0000-4000-8000-000000000001'
const STARTED = '2026-11-22T07:24:52.123456789Z'

interface Alert {
  readonly status: string
  readonly labels: Readonly<Record<string, string>>
  readonly startsAt?: string
}

/** As Alertmanager 0.27 sends it. */
const message = (...alerts: readonly Alert[]) => ({
  receiver: 'instance-ha',
  status: 'firing',
  groupLabels: { alertname: 'ComputeHostDown' },
  commonLabels: { alertname: 'ComputeHostDown', severity: 'critical' },
  commonAnnotations: {},
  externalURL: 'http://alertmanager.example:9093',
  version: '4',
  groupKey: '{}:{alertname="ComputeHostDown"}',
  truncatedAlerts: 0,
  alerts: alerts.map((alert, index) => ({
    startsAt: STARTED,
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.example:9090/graph',
    annotations: { summary: 'down' },
    fingerprint: `f${index}`,
    ...alert,
  })),
})

const firing = (labels: Readonly<Record<string, string>>): Alert => ({
  status: 'firing',
  labels: { alertname: 'ComputeHostDown', ...labels },
})

async function world(more: Parameters<typeof startGateway>[0] = {}) {
  const alive: string[] = []
  const webhook: Webhook = {
    token: new Secret('webhook-token'),
    basic: { username: 'prometheus', password: new Secret('open sesame') },
    hostLabel: 'compute_host',
    instanceLabel: 'instance_uuid',
    seenAlive: async (host, sentence) => void alive.push(`${host.name}: ${sentence}`),
  }
  return { gateway: await startGateway({ webhook, ...more }), alive }
}

const post = (gateway: GatewayWorld, body: unknown, authorization = BEARER) =>
  gateway.call({ method: 'POST', url: URL, body, token: '', headers: { authorization } })

test('firing alert of a host becomes one notification, however often it is repeated', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened))
  const body = message(firing({ compute_host: 'compute-1' }))
  const { status, json } = await post(opened, body)
  t.is(status, 200)
  const uuid = textAt(json, 'alerts', 0, 'notification_uuid')
  t.like(at(json, 'alerts', 0), { fingerprint: 'f0', outcome: 'accepted', reason: null })
  t.deepEqual(
    opened.announced.map((each) => String(each.uuid)),
    [uuid],
  )
  t.like(opened.announced[0], {
    type: 'COMPUTE_HOST',
    generatedAt: Date.UTC(2026, 10, 22, 7, 24, 52, 123),
    payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  })
  const again = await post(opened, body)
  t.like(at(again.json, 'alerts', 0), { outcome: 'duplicate', notification_uuid: uuid })
  t.is(opened.announced.length, 1)
})

test("Grafana's alerts are read like Alertmanager's, with Grafana's own version", async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened), 'compute-01')
  const body = JSON.parse(await readFile('spec/fixtures/attributes/grafana-webhook.json', 'utf8'))
  const { status, json } = await post(opened, body)
  t.is(status, 200)
  t.is(textAt(json, 'alerts', 0, 'outcome'), 'accepted')
  t.is(opened.announced[0]?.generatedAt, Date.UTC(2026, 10, 29, 0, 0, 0, 157))
  t.is(textAt((await post(opened, body)).json, 'alerts', 0, 'outcome'), 'duplicate')
  t.is((await post(opened, { ...body, version: '4' })).status, 200)
})

for (const version of ['', '0', '2', '5', '44', 'v4', 4, null]) {
  test(`version ${JSON.stringify(version)} is 400 that names it and the known ones`, async (t) => {
    const { gateway } = await world()
    await using opened = gateway
    const { status, text } = await post(opened, { ...message(), version })
    t.is(status, 400)
    t.regex(text, /attribute version\..*is not one of \[\\"1\\",\\"4\\"\]/)
  })
}

test('alert whose evaluation failed is no report', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened))
  for (const alertname of ['DatasourceNoData', 'DatasourceError']) {
    const alert = { status: 'firing', labels: { alertname, compute_host: 'compute-1' } }
    const { json } = await post(opened, message(alert))
    t.is(textAt(json, 'alerts', 0, 'reason'), `${alertname} says nothing about the host`)
  }
  t.deepEqual(opened.announced, [])
})

test('misspelt member is 400, and a misspelt label is ignored, each with the nearest known name', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened))
  const { labels, ...rest } = firing({ compute_host: 'compute-1' })
  const misspelt = await post(opened, {
    ...message(),
    alerts: [{ startsAt: STARTED, ...rest, lables: labels }],
  })
  t.is(misspelt.status, 400)
  t.regex(misspelt.text, /'labels' is a required property; did you mean it by 'lables'\?/)
  const { alerts, ...others } = message()
  t.regex((await post(opened, { ...others, alert: alerts })).text, /'alerts'.*by 'alert'\?/)
  const { json } = await post(
    opened,
    message(
      firing({ compute_hosts: 'compute-1' }),
      firing({ compute_host: 'compute-1', instanceuuid: INSTANCE }),
    ),
  )
  t.is(
    textAt(json, 'alerts', 0, 'reason'),
    'there is no label compute_host; is compute_hosts meant?',
  )
  t.is(
    textAt(json, 'alerts', 1, 'reason'),
    'the label instanceuuid looks like a misspelt instance_uuid',
  )
  t.deepEqual(opened.announced, [])
})

test('1,000 alerts of usual size are accepted, and one more is refused', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  const alerts = Array.from({ length: 1000 }, (_value, index) =>
    firing({ note: `${index} ${'x'.repeat(1000)}` }),
  )
  const { status, json } = await post(opened, message(...alerts))
  t.is(status, 200)
  t.is(textAt(json, 'alerts', 999, 'outcome'), 'ignored')
  const small = Array.from({ length: 1001 }, () => firing({}))
  const refused = await post(opened, message(...small))
  t.is(refused.status, 400)
  t.regex(refused.text, /attribute alerts\..*1000/)
})

test('alert with an instance reports the instance', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened))
  const labels = { compute_host: 'compute-1', instance_uuid: INSTANCE }
  await post(opened, message(firing(labels)))
  t.like(opened.announced[0], {
    type: 'VM',
    payload: {
      event: 'LIFECYCLE',
      instance_uuid: INSTANCE.toLowerCase(),
      vir_domain_event: 'STOPPED_FAILED',
    },
  })
})

test('resolved alert of a host is evidence of its life, and one of an instance has no effect', async (t) => {
  const { gateway, alive } = await world()
  await using opened = gateway
  await aHost(opened, await aSegment(opened))
  const host = { alertname: 'ComputeHostDown', compute_host: 'compute-1' }
  const { json } = await post(
    opened,
    message(
      { status: 'resolved', labels: host },
      { status: 'resolved', labels: { ...host, instance_uuid: INSTANCE } },
      { status: 'resolved', labels: { compute_host: 'stranger' } },
    ),
  )
  t.is(textAt(json, 'alerts', 0, 'outcome'), 'alive')
  t.is(textAt(json, 'alerts', 1, 'outcome'), 'ignored')
  t.is(textAt(json, 'alerts', 2, 'reason'), 'host stranger is not registered')
  t.deepEqual(alive, ['compute-1: the alert ComputeHostDown is resolved'])
  t.deepEqual(opened.announced, [])
})

test('alert that is not for us is ignored with the reason, and the others are read', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  const segment = await aSegment(opened)
  await aHost(opened, segment)
  await aHost(opened, segment, 'compute-2', { on_maintenance: true })
  const { status, json } = await post(
    opened,
    message(
      firing({}),
      firing({ compute_host: 'stranger' }),
      firing({ compute_host: 'compute-2' }),
      firing({ compute_host: 'compute-1', instance_uuid: 'vm-1' }),
      firing({ compute_host: 'compute-1' }),
    ),
  )
  t.is(status, 200)
  const reasons = [0, 1, 2, 3, 4].map((index) => at(json, 'alerts', index, 'reason'))
  t.deepEqual(reasons, [
    'there is no label compute_host',
    'host stranger is not registered',
    'host compute-2 is on maintenance',
    'the label instance_uuid is not a UUID',
    null,
  ])
  t.is(opened.announced.length, 1)
})

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('token, or user and password, authorise a sender; a token of the Identity service does not', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  for (const allowed of [BEARER, basic('prometheus:open sesame')]) {
    t.is((await post(opened, message(), allowed)).status, 200, allowed)
  }
  for (const refused of [
    '',
    'Bearer',
    'Bearer x',
    'webhook-token',
    basic('prometheus:'),
    basic(''),
  ]) {
    const { status, headers } = await post(opened, message(), refused)
    t.is(status, 401, refused)
    t.truthy(headers['www-authenticate'])
  }
  t.is((await opened.call({ method: 'POST', url: URL, body: message() })).status, 401)
})

test('webhook is closed while it has no credentials', async (t) => {
  await using opened = await startGateway()
  t.is((await post(opened, message())).status, 401)
  t.is((await opened.call({ method: 'POST', url: URL, body: message() })).status, 404)
})

test('payload of another version or shape is 400', async (t) => {
  const { gateway } = await world()
  await using opened = gateway
  const broken = { ...message(), alerts: [{ status: 'burning', labels: {}, startsAt: STARTED }] }
  for (const body of [{ ...message(), version: '3' }, {}, [], broken, '{"alerts": [']) {
    t.is((await post(opened, body)).status, 400, JSON.stringify(body))
  }
})

test('database that does not answer is 503, so that Alertmanager repeats the alert', async (t) => {
  const { gateway } = await world({
    wrapStore: (store) => ({
      ...store,
      acceptNotification: () => Promise.reject(new CodedError('STORE_UNAVAILABLE', 'away')),
    }),
  })
  await using opened = gateway
  const { status } = await post(opened, message(firing({ compute_host: 'compute-1' })))
  t.is(status, 503)
})

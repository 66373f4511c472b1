/**
 * The policy of a segment through the API: the valid policy, the choices, and what cannot be
 * chosen.
 */
import test from 'ava'
import { segmentId } from '../../schema/ids.ts'
import { aSegment, at, startGateway, textAt } from '../support/gateway.ts'
import type { GatewayWorld } from '../support/gateway.ts'

async function withSegment(): Promise<
  GatewayWorld & { readonly id: string; readonly url: string }
> {
  const world = await startGateway()
  const id = await aSegment(world)
  return Object.assign(world, { id, url: `/v1/segments/${id}/policy` })
}

const put = (world: GatewayWorld & { readonly url: string }, policy: unknown, as: object = {}) =>
  world.call({ method: 'PUT', url: world.url, version: '1.4', body: { policy }, ...as })

test('before 1.4 policies are not shown', async (t) => {
  await using world = await withSegment()
  t.is((await world.call({ url: world.url, version: '1.3' })).status, 404)
  t.is((await put(world, {}, { version: '1.3' })).status, 404)
})

test('without a choice, the configured value counts', async (t) => {
  await using world = await withSegment()
  const { status, json } = await world.call({ url: world.url, version: '1.4' })
  t.is(status, 200)
  t.deepEqual(json, {
    policy: {
      fence: [{ kind: 'bmc', limit_seconds: 20 }],
      trust_reports: false,
      return_to_service: 'operator',
      max_hosts: 0,
      max_hosts_share: 0.34,
      rebuild_instances: 'forbid',
      instance_disks: 'shared',
      rebuild_local: 'forbid',
      dead_domain: 'hosts',
    },
    chosen: {},
  })
})

test('choices are stored as a whole, and removed as a whole', async (t) => {
  await using world = await withSegment()
  const fence = [
    { kind: 'bmc', limit_seconds: 30 },
    { kind: 'agent', name: 'fence_apc', limit_seconds: 60 },
    { kind: 'command', name: 'ceph-blocklist', limit_seconds: 10 },
    { kind: 'operator', limit_seconds: 3600 },
  ]
  const others = {
    trust_reports: true,
    return_to_service: 'automatic',
    max_hosts: 3,
    max_hosts_share: 0.5,
    rebuild_instances: 'allow',
    instance_disks: 'local',
    rebuild_local: 'allow',
    dead_domain: 'one',
  }
  const { status, json } = await put(world, { fence, ...others })
  t.deepEqual([status, json], [200, { policy: { fence, ...others }, chosen: { fence, ...others } }])
  t.deepEqual((await world.call({ url: world.url, version: '1.4' })).json, json)
  const stored = await world.store.getPolicy(segmentId(world.id))
  t.like(stored, { hostsMax: 3, instanceDisks: 'local', trustReports: true })
  t.deepEqual(stored.rungs?.[1], { kind: 'agent', name: 'fence_apc', limitMs: 60_000 })
  t.deepEqual(at((await put(world, { max_hosts: 2 })).json, 'chosen'), { max_hosts: 2 })
  await put(world, {})
  t.deepEqual(await world.store.getPolicy(segmentId(world.id)), {})
})

const REFUSED: readonly (readonly [policy: object, text: RegExp])[] = [
  [{ instance_disks: 'cloud' }, /instance_disks\. .*'cloud' is not one of \["shared","local"\]/],
  [{ return_to_service: 1 }, /return_to_service\. .*is not one of \["automatic","operator"\]/],
  [{ max_hosts: -1 }, /max_hosts\. .*-1 must be >= 0/],
  [{ max_hosts: 1.5 }, /max_hosts\. .*1\.5 is not of type 'integer'/],
  [{ max_hosts_share: 7 }, /max_hosts_share\. .*7 must be <= 1/],
  [{ trust_reports: 'yes' }, /trust_reports\. .*'yes' is not of type 'boolean'/],
  [{ fence: [] }, /fence\. /],
  [{ fence: [{ kind: 'axe', limit_seconds: 5 }] }, /kind\. .*'axe' is not one of \["bmc"/],
  [{ fence: [{ kind: 'agent', limit_seconds: 5 }] }, /fence\. /],
  [{ fence: [{ kind: 'agent', name: '../sh', limit_seconds: 5 }] }, /fence\. /],
  [{ fence: [{ kind: 'bmc', limit_seconds: 0 }] }, /limit_seconds\. .*0 must be >= 1/],
  [{ window: 7 }, /'window' was unexpected/],
  [{ max_host: 7 }, /'max_host' was unexpected\); did you mean 'max_hosts'\?/],
  [{ fences: [] }, /'fences' was unexpected\); did you mean 'fence'\?/],
  [{ instance_disks: 'Local' }, /'Local' is not one of .*; did you mean 'local'\?/],
  [
    { fence: [{ kind: 'bmc', limit_second: 5, limit_seconds: 5 }] },
    /'limit_second' was unexpected\); did you mean 'limit_seconds'\?/,
  ],
]

test('an invalid choice is refused with its field and the valid values, and nothing is changed', async (t) => {
  await using world = await withSegment()
  await put(world, { max_hosts: 3 })
  for (const [policy, text] of REFUSED) {
    const { status, json } = await put(world, policy)
    t.is(status, 400, JSON.stringify(policy))
    t.regex(textAt(json, 'badRequest', 'message'), text)
  }
  t.is((await world.call({ method: 'PUT', url: world.url, version: '1.4', body: {} })).status, 400)
  t.deepEqual(await world.store.getPolicy(segmentId(world.id)), { hostsMax: 3 })
})

test('readers may read a policy, administrators may change it, and the segment must exist', async (t) => {
  await using world = await withSegment()
  const look = async (token: string) =>
    (await world.call({ url: world.url, version: '1.4', token })).status
  t.is(await look('reader-token'), 200)
  t.is(await look('member-token'), 403)
  for (const token of ['reader-token', 'member-token', 'reporter-token', 'stranger-token']) {
    t.is((await put(world, { max_hosts: 1 }, { token })).status, 403, token)
  }
  for (const id of ['no-uuid', '00000000-0000-4000-8000-000000000000']) {
    const url = `/v1/segments/${id}/policy`
    t.is((await world.call({ url, version: '1.4' })).status, 404, id)
    t.is((await put({ ...world, url }, {})).status, 404, id)
  }
})

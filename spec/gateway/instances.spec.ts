/** What a project sees of its instances: whether they are protected, and what happened to them. */
import test from 'ava'
import type { Instance } from '../../actors/ports/compute.ts'
import { CodedError } from '../../schema/errors.ts'
import { hostName, instanceId, nodeName, notificationId, segmentId } from '../../schema/ids.ts'
import {
  aHost,
  anInstance,
  aSegment,
  at,
  hostFailure,
  PROJECT,
  textAt,
} from '../support/gateway.ts'
import { startGateway, type Answer, type GatewayWorld } from '../support/gateway.ts'
import { plannedRow } from '../support/planned.ts'

interface ProjectWorld extends GatewayWorld {
  /** The instances in Compute, of all projects. */
  readonly instances: Instance[]
  readonly asked: () => number
  view(url: string, token?: string): Promise<Answer>
}

const BAD = 'bad' // an instance that the engine would not move

async function startProject(): Promise<ProjectWorld> {
  const instances: Instance[] = []
  let asked = 0
  const world = await startGateway({
    objection: ({ name }) => (name === BAD ? 'it is bad' : undefined),
    compute: {
      listProjectInstances: async (project) => {
        asked += 1
        return instances.filter((instance) => instance.project === project)
      },
    },
  })
  const view = (url: string, token = 'member-token'): Promise<Answer> =>
    world.call({ url, token, version: '1.4' })
  return Object.assign(world, { instances, asked: () => asked, view })
}

test('each instance is protected, or has a reason why not', async (t) => {
  await using world = await startProject()
  const { instances, store } = world
  const on = await aSegment(world, 'on')
  const off = await aSegment(world, 'off')
  await aHost(world, on, 'Good-1')
  await aHost(world, on, 'away-1', { on_maintenance: true })
  await aHost(world, off, 'off-1')
  await store.updateSegment(segmentId(off), { enabled: false })
  const dead = await aHost(world, on, 'dead-1')
  const report = await world.call({
    method: 'POST',
    url: '/v1/notifications',
    body: hostFailure('dead-1'),
  })
  const by = notificationId(textAt(report.json, 'notification', 'notification_uuid'))
  const [held] = (await store.listAllHosts()).filter(({ uuid }) => uuid === dead)
  if (held === undefined) return t.fail()
  await store.holdHost(await store.claimEpoch(nodeName('engine-1')), held.uuid, by)
  const cases: readonly (readonly [Partial<Instance>, string | null])[] = [
    [{ host: hostName('good-1') }, null],
    [{ host: hostName('good-1'), name: BAD }, 'it is bad'],
    [{ host: null }, 'it is on no host'],
    [{ host: hostName('stranger') }, 'its host is not registered in a failover segment'],
    [{ host: hostName('off-1') }, 'recovery is switched off for its failover segment'],
    [{ host: hostName('away-1') }, 'its host is on maintenance'],
    [{ host: hostName('dead-1') }, 'its host has failed and is being recovered or repaired'],
  ]
  instances.push(...cases.map(([change], index) => anInstance(index, change)))
  instances.push(anInstance(99, { project: 'somebody else' }))
  const { status, json, text } = await world.view('/v1/instances')
  t.is(status, 200)
  t.deepEqual(at(json, 'instances', 0), {
    uuid: anInstance(0).id,
    name: 'vm-0',
    protected: true,
    reason: null,
  })
  for (const [index, [, reason]] of cases.entries()) {
    const shown = at(json, 'instances', index)
    t.like(shown, { protected: reason === null, reason }, JSON.stringify(shown))
    const alone = await world.view(`/v1/${PROJECT}/instances/${anInstance(index).id}`)
    t.deepEqual(at(alone.json, 'instance'), shown)
  }
  t.is(at(json, 'instances', cases.length), undefined)
  t.notRegex(text, /good-1|away-1|off-1|dead-1|stranger/i)
})

test('pages of instances follow each other', async (t) => {
  await using world = await startProject()
  world.instances.push(...[3, 1, 2].map((number) => anInstance(number)))
  const first = await world.view('/v1/instances?limit=2')
  t.is(at(first.json, 'instances', 2), undefined)
  const next = textAt(first.json, 'links', 0, 'href').replace('http://localhost:80', '')
  const second = await world.view(next)
  t.is(textAt(second.json, 'instances', 0, 'uuid'), anInstance(3).id)
  t.is(at(second.json, 'links'), undefined)
  t.is((await world.view(`/v1/instances?marker=${anInstance(9).id}`)).status, 400)
})

test("moves are shown for the caller's own instances, and without hosts", async (t) => {
  await using world = await startProject()
  const { instances, store } = world
  const segment = await aSegment(world)
  for (const name of ['compute-1', 'compute-2', 'compute-3']) await aHost(world, segment, name)
  instances.push(anInstance(1), anInstance(2), anInstance(3, { project: 'somebody else' }))
  const made = await world.call({ method: 'POST', url: '/v1/notifications', body: hostFailure() })
  const notification = notificationId(textAt(made.json, 'notification', 'notification_uuid'))
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const planned = [1, 2, 3].map((number) => plannedRow(anInstance(number).id, `vm-${number}`))
  const moves = await store.planMoves(epoch, notification, hostName('compute-1'), planned)
  const [first, second, third] = moves.map(({ uuid }) => uuid)
  if (first === undefined || second === undefined) return t.fail()
  const ongoing = { from: ['pending'], to: 'ongoing', message: null } as const
  const dest = hostName('compute-2')
  await store.updateMove(epoch, { move: first, ...ongoing, destHost: dest })
  const lost = { from: ['ongoing'], to: 'pending', destHost: null } as const
  const message = 'Compute-3 died as well, and compute-1, not compute-10 or compute-2.'
  await store.updateMove(epoch, { move: first, ...lost, message })
  const refusal = 'COMPUTE_REFUSED: POST /servers/x/action: 409 compute-2.example is full'
  const failed = { from: ['pending'], to: 'failed', destHost: null } as const
  await store.updateMove(epoch, { move: second, ...failed, message: refusal })

  const { json, text, status } = await world.view('/v1/moves?sort_key=instance_name&sort_dir=asc')
  t.is(status, 200)
  t.like(at(json, 'moves', 0), {
    uuid: first,
    instance_uuid: anInstance(1).id,
    instance_name: 'vm-1',
    type: 'evacuation',
    status: 'pending',
    start_time: '2026-01-01T00:00:00.000000',
    end_time: null,
    message: 'a host died as well, and a host, not compute-10 or a host.',
  })
  t.like(at(json, 'moves', 1), {
    status: 'failed',
    message: 'the Compute service did not accept the request',
  })
  t.is(at(json, 'moves', 2), undefined)
  t.notRegex(text, /compute-[123]\b/i)
  t.false(text.includes(String(third)))
  const arrived = { from: ['pending', 'ongoing'], destHost: dest, message: null } as const
  await store.updateMove(epoch, { move: first, ...arrived, to: 'succeeded' })
  const guest = async (): Promise<unknown> => {
    const url = `/v1/moves?instance_uuid=${anInstance(1).id}`
    return at((await world.view(url)).json, 'moves', 0, 'guest')
  }
  t.deepEqual(await guest(), { state: 'not_heard', heard_at: null, reason: null })
  const heard = { state: 'agent', at: world.clock.wallMs(), reason: 'its agent answers' } as const
  await store.recordGuest(epoch, first, heard)
  t.like(await guest(), { state: 'agent', heard_at: '2026-01-01T00:00:00.000000' })
  const one = await world.view(`/v1/moves?instance_uuid=${anInstance(2).id}`)
  t.is(textAt(one.json, 'moves', 0, 'uuid'), second)
  t.is(at(one.json, 'moves', 1), undefined)
  t.deepEqual(at((await world.view('/v1/moves?status=ignored')).json, 'moves'), [])
  for (const id of [anInstance(3).id, anInstance(9).id, 'x']) {
    const other = await world.view(`/v1/moves?instance_uuid=${id}`)
    const text = `This project has no instance with id ${id}.`
    t.deepEqual([other.status, textAt(other.json, 'itemNotFound', 'message')], [404, text])
    t.is((await world.view(`/v1/instances/${id}`)).status, 404)
  }
})

test('every member of a project sees it, with any role; a token without a project sees nothing', async (t) => {
  await using world = await startProject()
  world.instances.push(anInstance(1), anInstance(2, { project: 'another' }))
  for (const token of ['member-token', 'reader-token', 'stranger-token', 'admin-token']) {
    const { status, json } = await world.view('/v1/instances', token)
    t.is(status, 200, token)
    t.is(at(json, 'instances', 1), undefined, token)
  }
  const unscoped = {
    userId: 'u',
    projectId: null,
    systemScope: false,
    serviceProjectId: null,
    expiresAt: world.clock.wallMs() + 1e6,
  }
  world.callers.set('unscoped', { ...unscoped, roles: ['member'] })
  world.callers.set('unscoped-admin', { ...unscoped, roles: ['admin'] })
  for (const token of ['unscoped', 'unscoped-admin']) {
    for (const url of ['/v1/instances', '/v1/moves', `/v1/instances/${anInstance(1).id}`]) {
      t.is((await world.view(url, token)).status, 403, `${token} ${url}`)
    }
    t.is((await world.view('/v1/another/instances', token)).status, 404)
    t.is((await world.view(`/v1/${PROJECT}/instances`, token)).status, 400)
  }
  const before = await world.call({ url: '/v1/instances', version: '1.3' })
  t.is(before.status, 404)
})

test('many requests at once, and soon after each other, cause one list from Compute', async (t) => {
  await using world = await startProject()
  await Promise.all(Array.from({ length: 20 }, () => world.view('/v1/instances')))
  await world.view('/v1/moves')
  t.is(world.asked(), 1)
  await world.clock.pass(6000, async () => undefined)
  await world.view('/v1/instances')
  t.is(world.asked(), 2)
})

test('a Compute service that does not answer is 503, and the next request asks again', async (t) => {
  let away = true
  await using world = await startGateway({
    compute: {
      listProjectInstances: async () => {
        if (away) throw new CodedError('COMPUTE_UNAVAILABLE', 'gone')
        return [anInstance(1, { id: instanceId('x') })]
      },
    },
  })
  const ask = () => world.call({ url: '/v1/instances', version: '1.4', token: 'member-token' })
  t.is((await ask()).status, 503)
  away = false
  t.is((await ask()).status, 200)
})

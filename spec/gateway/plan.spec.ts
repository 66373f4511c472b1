/** The plan of a host through the API: who may see it, its form, and what prevents it. */
import test from 'ava'
import { CodedError } from '../../schema/errors.ts'
import { aHost, aSegment, at, startGateway } from '../support/gateway.ts'
import { REHEARSAL } from '../support/rehearsal.ts'
import type { Answer, GatewayWorld } from '../support/gateway.ts'

type Replaced = Parameters<typeof startGateway>[0]

async function withHost(replaced: Replaced): Promise<{
  readonly world: GatewayWorld
  readonly plan: (token?: string, version?: string) => Promise<Answer>
}> {
  const world = await startGateway(replaced)
  const segment = await aSegment(world)
  const host = await aHost(world, segment)
  const url = `/v1/segments/${segment}/hosts/${host}/plan`
  return {
    world,
    plan: (token = 'reader-token', version = '1.4') => world.call({ url, token, version }),
  }
}

test('a plan names each instance with its fate, its target or the reason', async (t) => {
  const { world, plan } = await withHost({ rehearse: async () => REHEARSAL })
  await using _ = world
  const { status, json } = await plan()
  t.is(status, 200)
  t.is(at(json, 'plan', 'decision'), 'act')
  t.deepEqual(at(json, 'plan', 'instances'), [
    { uuid: 'a', name: 'vm-a', fate: 'move', target: 'compute-2', reason: null },
    { uuid: 'b', name: 'vm-b', fate: 'wait', target: null, reason: 'no room' },
  ])
})

test('a plan is shown to readers, since 1.4', async (t) => {
  const { world, plan } = await withHost({ rehearse: async () => REHEARSAL })
  await using _ = world
  for (const token of ['member-token', 'reporter-token', 'stranger-token']) {
    t.is((await plan(token)).status, 403, token)
  }
  t.is((await plan('admin-token', '1.3')).status, 404)
})

test('a plan needs the Compute service', async (t) => {
  const away = new CodedError('COMPUTE_UNAVAILABLE', 'nobody answers')
  const { world, plan } = await withHost({ rehearse: () => Promise.reject(away) })
  await using _ = world
  t.is((await plan()).status, 503)
})

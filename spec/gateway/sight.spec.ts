/**
 * Ordinary users see neither the infrastructure nor the instances of others. Readers of the system
 * or of the service see them.
 */
import test from 'ava'
import { hostName, instanceId, nodeName, notificationId } from '../../schema/ids.ts'
import {
  aHost,
  anInstance,
  aSegment,
  at,
  hostFailure,
  startGateway,
  textAt,
  type GatewayWorld,
} from '../support/gateway.ts'
import { plannedRow } from '../support/planned.ts'

const USERS = ['member-token', 'user-token']
const OPERATORS = ['admin-token', 'reader-token', 'system-reader-token']

const OURS = anInstance(1)
const THEIRS = anInstance(2)

interface SightWorld extends GatewayWorld {
  readonly segment: string
  readonly host: string
  /** The recovery of a host with an instance of the users' project and one of another project. */
  readonly recovery: string
}

/** A recovery with moves of both, and a report about each instance. */
async function startWorld(): Promise<SightWorld> {
  const world = await startGateway({
    compute: { listProjectInstances: async () => [OURS] },
  })
  const segment = await aSegment(world)
  const control_attributes = '{"ipmi":{"host":"10.0.0.1","username":"ha","password":"calvin"}}'
  const host = await aHost(world, segment, 'compute-1', { control_attributes })
  await aHost(world, segment, 'compute-2')
  const post = (body: unknown) =>
    world.call({ method: 'POST', url: '/v1/notifications', token: 'reporter-token', body })
  const recovery = textAt((await post(hostFailure())).json, 'notification', 'notification_uuid')
  for (const { id } of [OURS, THEIRS]) {
    const payload = { instance_uuid: id, event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED' }
    await post({
      notification: { ...hostFailure('compute-2').notification, type: 'VM', payload },
    })
  }
  const { store } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const rows = [OURS, THEIRS].map(({ id, name }) => plannedRow(id, name))
  await store.planMoves(epoch, notificationId(recovery), hostName('compute-1'), rows)
  return Object.assign(world, { segment, host, recovery })
}

test('credentials and names of the infrastructure are for operators only', async (t) => {
  await using world = await startWorld()
  const host = `/v1/segments/${world.segment}/hosts/${world.host}`
  for (const url of [
    `/v1/segments/${world.segment}/hosts`,
    host,
    `${host}/plan`,
    `/v1/segments/${world.segment}/policy`,
    `/v1/notifications/${world.recovery}/evidence`,
    '/health/supervisors',
  ]) {
    for (const token of OPERATORS) {
      t.is((await world.call({ url, token, version: '1.4' })).status, 200, `${token} ${url}`)
    }
    for (const token of USERS) {
      t.is((await world.call({ url, token, version: '1.4' })).status, 403, `${token} ${url}`)
    }
  }
  for (const token of USERS) {
    t.is((await world.call({ url: '/v1/events', token, version: '1.4' })).status, 403)
  }
})

test('users list notifications without the instances of others, and without sentences about them', async (t) => {
  await using world = await startWorld()
  for (const token of USERS) {
    const { text, json } = await world.call({ url: '/v1/notifications', token })
    t.true(text.includes(OURS.id))
    t.false(text.includes(THEIRS.id))
    t.is(Object.keys(at(json, 'notifications') ?? {}).length, 3)
    for (const sort_key of ['payload', 'message']) {
      const sorted = await world.call({ url: `/v1/notifications?sort_key=${sort_key}`, token })
      t.is(sorted.status, 400, sort_key)
    }
  }
  const { text } = await world.call({ url: '/v1/notifications', token: 'reader-token' })
  t.true(text.includes(THEIRS.id))
})

test('users see the moves of their own instances, without hosts', async (t) => {
  await using world = await startWorld()
  const url = `/v1/notifications/${world.recovery}/vmoves`
  const all = await world.call({ url, token: 'reader-token' })
  t.is(Object.keys(at(all.json, 'vmoves') ?? {}).length, 2)
  const theirs = [0, 1].find((row) => at(all.json, 'vmoves', row, 'instance_uuid') === THEIRS.id)
  for (const token of USERS) {
    const { json, text } = await world.call({ url, token, version: '1.4' })
    t.is(Object.keys(at(json, 'vmoves') ?? {}).length, 1)
    t.is(at(json, 'vmoves', 0, 'instance_uuid'), OURS.id)
    t.false(text.includes('compute-'))
    const other = `${url}/${textAt(all.json, 'vmoves', theirs ?? -1, 'uuid')}`
    t.is((await world.call({ url: other, token })).status, 404)
    const marked = `${url}?marker=${textAt(all.json, 'vmoves', theirs ?? -1, 'uuid')}`
    t.is((await world.call({ url: marked, token })).status, 400)
  }
})

test('users follow the progress of a recovery without the lines of its journal', async (t) => {
  await using world = await startWorld()
  const epoch = await world.store.claimEpoch(nodeName('engine-1'))
  await world.store.appendJournal(epoch, {
    notification: notificationId(world.recovery),
    kind: 'intent',
    step: 'isolate',
    subject: 'compute-1',
    detail: `disable the service of compute-1, where ${THEIRS.name} runs`,
  })
  const url = `/v1/notifications/${world.recovery}`
  const read = (token: string) => world.call({ url, token, version: '1.4' })
  t.true((await read('reader-token')).text.includes(THEIRS.name))
  for (const token of USERS) {
    const { json, text } = await read(token)
    t.is(
      at(json, 'notification', 'recovery_workflow_details', 0, 'name'),
      'DisableComputeServiceTask',
    )
    t.is(at(json, 'notification', 'progress', 'total'), 2)
    t.false(text.includes(THEIRS.name))
    t.false(text.includes('compute-1'))
  }
})

test('a user without a project sees no instance', async (t) => {
  await using world = await startWorld()
  const member = world.callers.get('member-token')
  if (member === undefined) return t.fail('there is no member')
  world.callers.set('unscoped', { ...member, projectId: null })
  const { text, status } = await world.call({ url: '/v1/notifications', token: 'unscoped' })
  t.is(status, 200)
  for (const id of [OURS.id, THEIRS.id]) t.false(text.includes(instanceId(id)))
})

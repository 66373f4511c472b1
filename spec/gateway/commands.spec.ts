/** Operator commands through the API, for one recovery and for all of them. */
import test from 'ava'
import { nodeName, notificationId } from '../../schema/ids.ts'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'
import type { Answer, GatewayWorld } from '../support/gateway.ts'

async function withRecovery(): Promise<GatewayWorld & { readonly id: string }> {
  const world = await startGateway()
  await aHost(world, await aSegment(world))
  const body = hostFailure()
  const { json } = await world.call({ method: 'POST', url: '/v1/notifications', body })
  return Object.assign(world, { id: textAt(json, 'notification', 'notification_uuid') })
}

const commandsOf = (id: string): string => `/v1/notifications/${id}/commands`

interface Given {
  readonly url: string
  readonly kind: unknown
  readonly reason?: unknown
  readonly token?: string
  readonly version?: string
}

const give = (world: GatewayWorld, { url, kind, reason = 'so', ...as }: Given): Promise<Answer> =>
  world.call({ method: 'POST', url, version: '1.4', body: { command: { kind, reason } }, ...as })

test('before 1.4 there are no commands', async (t) => {
  await using world = await withRecovery()
  for (const url of [commandsOf(world.id), '/v1/commands']) {
    t.is((await world.call({ url, version: '1.3' })).status, 404, url)
    t.is((await give(world, { url, kind: 'pause', version: '1.3' })).status, 404, url)
  }
  t.deepEqual(await world.store.listCommands(notificationId(world.id)), [])
})

test('a command for a recovery is kept with the name of the caller, and the engine is told', async (t) => {
  await using world = await withRecovery()
  const url = commandsOf(world.id)
  const { status, json } = await give(world, { url, kind: 'pause', reason: 'switch work' })
  t.is(status, 201)
  const pause = {
    kind: 'pause',
    operator: 'admin-user',
    reason: 'switch work',
    given_at: '2026-01-01T00:00:00.000000',
  }
  t.deepEqual(json, { command: pause })
  t.deepEqual(world.commandsGiven, [notificationId(world.id)])
  t.like((await world.store.listUnfinished())[0]?.control, { kind: 'paused' })
  await give(world, { url, kind: 'resume' })
  const listed = await world.call({ url, version: '1.4' })
  t.is(listed.status, 200)
  t.deepEqual(at(listed.json, 'commands', 0), pause)
  t.is(at(listed.json, 'commands', 1, 'kind'), 'resume')
  const possible = ['confirm-dead', 'approve', 'let-back', 'pause', 'cancel']
  t.deepEqual(at(listed.json, 'possible'), possible)
})

test('a command for all recoveries stops every recovery until it is released', async (t) => {
  await using world = await withRecovery()
  const url = '/v1/commands'
  t.deepEqual((await world.call({ url, version: '1.4' })).json, {
    commands: [],
    possible: ['stop'],
  })
  const control = async () => (await world.store.listUnfinished())[0]?.control.kind
  t.is((await give(world, { url, kind: 'stop', reason: 'drill' })).status, 201)
  t.is(await control(), 'stopped')
  t.is((await give(world, { url, kind: 'release' })).status, 201)
  t.is(await control(), 'running')
  t.deepEqual(world.commandsGiven, [null, null])
  const { json } = await world.call({ url, version: '1.4' })
  t.like(at(json, 'commands', 0), { kind: 'stop', operator: 'admin-user', reason: 'drill' })
  t.is(at(json, 'commands', 1, 'kind'), 'release')
  t.deepEqual(at(json, 'possible'), ['stop'])
})

test('every command for a recovery is understood, and refused with a reason when it does not fit', async (t) => {
  await using world = await withRecovery()
  const url = commandsOf(world.id)
  const refused = async (said: Given, text: string): Promise<void> => {
    const { status, json } = await give(world, said)
    const message = `The command ${String(said.kind)} does not fit: ${text}.`
    t.deepEqual([status, json], [409, { conflictingRequest: { code: 409, message } }])
  }
  const now = 'possible now: confirm-dead, approve, let-back, pause, cancel'
  await refused({ url, kind: 'resume' }, `it is not paused; ${now}`)
  await refused({ url, kind: 'retry' }, `it has not ended: it is new; ${now}`)
  await refused({ url: '/v1/commands', kind: 'release' }, 'nothing is stopped')
  t.deepEqual(world.commandsGiven, [])
  for (const kind of ['pause', 'resume', 'confirm-dead', 'approve', 'let-back', 'cancel']) {
    t.is((await give(world, { url, kind })).status, 201, kind)
  }
  const epoch = await world.store.claimEpoch(nodeName('engine-1'))
  const notification = notificationId(world.id)
  const ended = { notification, from: ['new'], to: 'ignored', reason: 'cancelled' } as const
  await world.store.recordTransition(epoch, ended)
  t.is((await give(world, { url, kind: 'retry' })).status, 201)
})

test('misspelt member or command is 400 that names it and the nearest known name', async (t) => {
  await using world = await withRecovery()
  const url = commandsOf(world.id)
  const send = async (command: object): Promise<string> => {
    const answer = await world.call({ method: 'POST', url, version: '1.4', body: { command } })
    t.is(answer.status, 400)
    return answer.text
  }
  t.regex(await send({ kind: 'Pause', reason: 'so' }), /'Pause' is not one of .*mean 'pause'\?/)
  t.regex(await send({ kind: 'pause', reason: 'so', reson: 'x' }), /'reson' was.*mean 'reason'\?/)
  t.regex(await send({ kind: 'pause', reson: 'so' }), /'reason' is a required.*by 'reson'\?/)
  t.deepEqual(await world.store.listCommands(notificationId(world.id)), [])
})

test('only administrators give and read commands', async (t) => {
  await using world = await withRecovery()
  for (const token of ['reader-token', 'member-token', 'reporter-token', 'stranger-token']) {
    for (const [url, kind] of [
      [commandsOf(world.id), 'pause'],
      ['/v1/commands', 'stop'],
    ] as const) {
      t.is((await give(world, { url, kind, token })).status, 403, token)
      t.is((await world.call({ url, version: '1.4', token })).status, 403, token)
    }
  }
  t.deepEqual(await world.store.listSiteCommands(), [])
})

test('a command without a reason, or an unknown one, is 400; for an unknown recovery it is 404', async (t) => {
  await using world = await withRecovery()
  const url = commandsOf(world.id)
  for (const reason of ['', ' ', '\n', 'a\u0000', 'x'.repeat(1001), 7, null]) {
    t.is((await give(world, { url, kind: 'pause', reason })).status, 400, JSON.stringify(reason))
  }
  for (const body of [
    {},
    { command: {} },
    { command: { kind: 'pause' } },
    { command: { reason: 'so' } },
  ]) {
    t.is((await world.call({ method: 'POST', url, version: '1.4', body })).status, 400)
  }
  for (const kind of ['stop', 'Pause', 7]) {
    t.is((await give(world, { url, kind })).status, 400, String(kind))
  }
  t.is((await give(world, { url: '/v1/commands', kind: 'pause' })).status, 400)
  const operator = { command: { kind: 'pause', reason: 'so', operator: 'somebody-else' } }
  t.is((await world.call({ method: 'POST', url, version: '1.4', body: operator })).status, 400)
  for (const id of ['no-uuid', '00000000-0000-4000-8000-000000000000']) {
    t.is((await give(world, { url: commandsOf(id), kind: 'pause' })).status, 404, id)
    t.is((await world.call({ url: commandsOf(id), version: '1.4' })).status, 404, id)
  }
})

/**
 * The additions of microversion 1.4: evidence, progress in numbers, attempts, and the observations
 * of hosts.
 */
import test from 'ava'
import { epoch, hostName, instanceId, nodeName, notificationId } from '../../schema/ids.ts'
import { aHost, aSegment, at, hostFailure, startGateway, textAt } from '../support/gateway.ts'
import type { GatewayWorld } from '../support/gateway.ts'
import { plannedRow } from '../support/planned.ts'

async function withRecovery(): Promise<
  GatewayWorld & { readonly id: string; readonly url: string; readonly host: string }
> {
  const world = await startGateway()
  const host = await aHost(world, await aSegment(world))
  const { json } = await world.call({
    method: 'POST',
    url: '/v1/notifications',
    body: hostFailure(),
  })
  const id = textAt(json, 'notification', 'notification_uuid')
  return Object.assign(world, { id, host, url: `/v1/notifications/${id}` })
}

test('before 1.4 none of it is shown', async (t) => {
  await using world = await withRecovery()
  for (const url of [`${world.url}/evidence`, '/v1/events']) {
    const answer = await world.call({ url, version: '1.3' })
    t.is(answer.status, 404, url)
  }
  const { json } = await world.call({ url: world.url, version: '1.3' })
  t.is(at(json, 'notification', 'progress'), undefined)
})

test('a recovery shows why its host was declared dead, and each step with its reason', async (t) => {
  await using world = await withRecovery()
  const { store, clock } = world
  const notification = notificationId(world.id)
  const first = await store.claimEpoch(nodeName('engine-1'))
  const [host] = await store.listAllHosts()
  if (host === undefined) return t.fail()
  const running = { notification, from: ['new'], to: 'running', reason: 'two observers' } as const
  await store.recordTransition(first, running)
  const seen = 'controller-1 over ssh: silent for 12 s'
  const line = { notification, kind: 'evidence', step: 'observe', subject: host.name } as const
  await store.appendJournal(first, { ...line, detail: seen })
  await store.saveCertificate({
    notification,
    host: host.uuid,
    epoch: first,
    issuedAt: clock.wallMs(),
    ground: 'power-off-confirmed',
    evidence: ['the BMC reads off'],
  })
  const url = `${world.url}/evidence`
  const { status, json } = await world.call({ url, version: '1.4' })
  t.is(status, 200)
  t.deepEqual(at(json, 'death_certificate'), {
    host_uuid: world.host,
    ground: 'power-off-confirmed',
    issued_at: '2026-01-01T00:00:00.000000',
    epoch: epoch(1),
    evidence: ['the BMC reads off'],
  })
  t.like(at(json, 'evidence', 0), { step: 'transition', detail: 'new => running: two observers' })
  t.like(at(json, 'evidence', 1), { kind: 'evidence', subject: 'compute-1', detail: seen })
  const page = await world.call({ url: `${url}?limit=1`, version: '1.4' })
  t.is(at(page.json, 'evidence', 1), undefined)
  const next = textAt(page.json, 'links', 0, 'href').replace('http://localhost:80', '')
  const rest = await world.call({ url: next, version: '1.4' })
  t.deepEqual(at(rest.json, 'evidence', 0), at(json, 'evidence', 1))
  t.is((await world.call({ url, version: '1.4', token: 'member-token' })).status, 403)
  const none = await world.call({ url: `/v1/notifications/${world.host}/evidence`, version: '1.4' })
  t.is(none.status, 404)
})

test('progress counts the instances by state', async (t) => {
  await using world = await withRecovery()
  const { store } = world
  const notification = notificationId(world.id)
  const progress = async (): Promise<unknown> => {
    const { json } = await world.call({ url: world.url, version: '1.4' })
    return at(json, 'notification', 'progress')
  }
  t.like(await progress(), { percent: 0, total: 0 })
  const first = await store.claimEpoch(nodeName('engine-1'))
  const [host] = await store.listAllHosts()
  if (host === undefined) return t.fail()
  const planned = ['one', 'two', 'three'].map((name, index) =>
    plannedRow(instanceId(`00000000-0000-4000-8000-00000000000${index}`), name),
  )
  const [move] = await store.planMoves(first, notification, host.name, planned)
  if (move === undefined) return t.fail()
  const change = { move: move.uuid, destHost: null, message: null } as const
  await store.updateMove(first, { ...change, from: ['pending'], to: 'ongoing' })
  await store.updateMove(first, { ...change, from: ['ongoing'], to: 'succeeded' })
  const counts = { total: 3, pending: 2, ongoing: 0, ignored: 0, failed: 0, succeeded: 1 }
  const guests = { back: 0, not_heard: 1, not_expected: 0 }
  t.deepEqual(await progress(), { percent: 33, ...counts, guests })
  const heard = { state: 'running', at: world.clock.wallMs(), reason: 'it runs' } as const
  await store.recordGuest(first, move.uuid, heard)
  t.like(await progress(), { guests: { back: 1, not_heard: 0, not_expected: 0 } })
  const failed = { notification, from: ['new'], to: 'failed', reason: 'gave up' } as const
  await store.recordTransition(first, failed)
  t.like(await progress(), { percent: 100 })
})

test('a move shows whether its guest is back', async (t) => {
  await using world = await withRecovery()
  const { store, clock } = world
  const first = await store.claimEpoch(nodeName('engine-1'))
  const [host] = await store.listAllHosts()
  if (host === undefined) return t.fail()
  const planned = ['one', 'two', 'three', 'four'].map((name, index) =>
    plannedRow(instanceId(`00000000-0000-4000-8000-00000000000${index}`), name),
  )
  const moves = await store.planMoves(first, notificationId(world.id), host.name, planned)
  for (const { uuid: move } of moves.slice(1)) {
    const change = { move, destHost: null, message: null } as const
    await store.updateMove(first, { ...change, from: ['pending'], to: 'ongoing' })
    await store.updateMove(first, { ...change, from: ['ongoing'], to: 'succeeded' })
  }
  const [, , two, three] = moves
  if (two === undefined || three === undefined) return t.fail()
  const at0 = clock.wallMs()
  await store.recordGuest(first, two.uuid, { state: 'agent', at: at0, reason: 'it answers' })
  const silent = { state: 'not_heard', at: at0, reason: 'the monitor is silent' } as const
  await store.recordGuest(first, three.uuid, silent)
  const url = `${world.url}/vmoves?sort_key=instance_name&sort_dir=asc`
  const { json } = await world.call({ url, version: '1.4' })
  const guest = (index: number): unknown => at(json, 'vmoves', index, 'guest')
  t.deepEqual(guest(0), { state: 'not_heard', heard_at: null, reason: 'the monitor is silent' })
  t.is(guest(1), null, 'it has not been moved')
  t.deepEqual(guest(2), {
    state: 'agent',
    heard_at: '2026-01-01T00:00:00.000000',
    reason: 'it answers',
  })
  t.deepEqual(guest(3), { state: 'not_heard', heard_at: null, reason: 'not heard yet' })
  const one = await world.call({ url: `${world.url}/vmoves/${two.uuid}`, version: '1.4' })
  t.like(at(one.json, 'vmove', 'guest'), { state: 'agent' })
  const before = await world.call({ url, version: '1.3' })
  t.is(at(before.json, 'vmoves', 0, 'guest'), undefined)
})

test('a move shows each attempt with its target and its reason', async (t) => {
  await using world = await withRecovery()
  const { store } = world
  const first = await store.claimEpoch(nodeName('engine-1'))
  const [host] = await store.listAllHosts()
  if (host === undefined) return t.fail()
  const planned = ['one', 'two'].map((name, index) =>
    plannedRow(instanceId(`00000000-0000-4000-8000-00000000000${index}`), name),
  )
  const [move] = await store.planMoves(first, notificationId(world.id), host.name, planned)
  if (move === undefined) return t.fail()
  const change = { move: move.uuid, destHost: hostName('compute-2'), message: null } as const
  await store.updateMove(first, { ...change, from: ['pending'], to: 'ongoing' })
  const turned = { ...change, from: ['ongoing'], to: 'pending', message: 'turned down' } as const
  await store.updateMove(first, turned)
  await store.updateMove(first, { ...change, from: ['pending'], to: 'ongoing' })
  const requested_at = '2026-01-01T00:00:00.000000'
  const asked = { run: 0, target: 'compute-2', requested_at }
  const open = { ...asked, ended_at: null, outcome: null, reason: null }
  const failed = { ended_at: requested_at, outcome: 'failed', reason: 'turned down' }
  const attempts = [
    { ...open, number: 1, ...failed },
    { ...open, number: 2 },
  ]
  const url = `${world.url}/vmoves`
  const { json } = await world.call({ url: `${url}?sort_key=id&sort_dir=asc`, version: '1.4' })
  t.deepEqual(at(json, 'vmoves', 0, 'attempts'), attempts)
  t.deepEqual(at(json, 'vmoves', 1, 'attempts'), [])
  const one = await world.call({ url: `${url}/${move.uuid}`, version: '1.4' })
  t.deepEqual(at(one.json, 'vmove', 'attempts'), attempts)
  for (const path of [url, `${url}/${move.uuid}`]) {
    const { text } = await world.call({ url: path, version: '1.3' })
    t.false(text.includes('attempts'), path)
  }
  const document = await world.call({ url: '/openapi.json' })
  t.true(document.text.includes('"requested_at"'))
})

test('a host shows the observations of each observer until they are out of date', async (t) => {
  await using world = await withRecovery()
  const { observations, clock, host } = world
  const [segment] = await world.store.listAllHosts()
  const url = `/v1/segments/${segment?.segment}/hosts/${host}`
  const observed = async (path = url): Promise<unknown> => {
    const { json } = await world.call({ url: path, version: '1.4' })
    return at(json, 'host', 'observed') ?? at(json, 'hosts', 0, 'observed')
  }
  t.deepEqual(await observed(), { state: 'unknown', observers: [] })
  const say = (observer: string, state: 'alive' | 'dead' | 'blind'): void =>
    observations.note(host, { observer, state, evidence: [`ssh: ${state}`] })
  say('b', 'blind')
  say('a', 'alive')
  say('a', 'dead')
  const seen_at = '2026-01-01T00:00:00.000000'
  const expected = {
    state: 'dead',
    observers: [
      { observer: 'a', state: 'dead', seen_at, evidence: ['ssh: dead'] },
      { observer: 'b', state: 'blind', seen_at, evidence: ['ssh: blind'] },
    ],
  }
  t.deepEqual(await observed(), expected)
  t.deepEqual(await observed(`/v1/segments/${segment?.segment}/hosts`), expected)
  await clock.pass(50_000, async () => undefined)
  say('b', 'alive')
  t.like(await observed(), { state: 'alive' })
  await clock.pass(20_000, async () => undefined)
  t.like(await observed(), { state: 'alive', observers: { 0: { observer: 'b' } } })
  const old = await world.call({ url, version: '1.3' })
  t.is(at(old.json, 'host', 'observed'), undefined)
})

test('a host shows its failure domains and their source as the leader has told them', async (t) => {
  await using world = await withRecovery()
  const { domains, clock, host } = world
  const [row] = await world.store.listAllHosts()
  const list = `/v1/segments/${row?.segment}/hosts`
  const shown = async (): Promise<unknown> => {
    const one = await world.call({ url: `${list}/${host}`, version: '1.4' })
    const all = await world.call({ url: list, version: '1.4' })
    const seen = at(one.json, 'host', 'failure_domains')
    t.deepEqual(at(all.json, 'hosts', 0, 'failure_domains'), seen)
    return seen
  }
  const rack = { host, source: 'aggregate', names: ['rack:12', 'feed:a'] } as const
  const before = await world.call({ url: `${list}/${host}`, version: '1.3' })
  t.is(await shown(), null, 'no leader has spoken')
  domains.note(null, { hosts: [rack] })
  t.is(await shown(), null, 'somebody who does not lead has spoken')
  domains.note(7, { aggregatesReadAt: clock.wallMs() - 1000, hosts: [rack] })
  const read_at = '2025-12-31T23:59:59.000000'
  t.deepEqual(await shown(), { source: 'aggregate', names: ['rack:12', 'feed:a'], read_at })
  domains.note(6, { hosts: [{ host, source: 'none', names: [] }] })
  t.like(await shown(), { source: 'aggregate' }, 'an earlier leader does not replace it')
  for (const url of [list, `${list}/${host}`]) {
    const old = await world.call({ url, version: '1.3' })
    t.false(old.text.includes('failure_domains'), url)
  }
  const after = await world.call({ url: `${list}/${host}`, version: '1.3' })
  t.is(after.text, before.text)
  await clock.pass(31_000, async () => undefined)
  t.is(await shown(), null, 'what nobody repeats is over')
  domains.note(6, { aggregatesReadAt: 5, hosts: [{ host, source: 'settings', names: [] }] })
  t.deepEqual(await shown(), { source: 'settings', names: [], read_at: null })
})

test('a host on maintenance says why, and what releases it, and says nothing of it before 1.4', async (t) => {
  await using world = await withRecovery()
  const { store, host } = world
  const notification = notificationId(world.id)
  const [stored] = await store.listAllHosts()
  if (stored === undefined) return t.fail()
  const url = `/v1/segments/${stored.segment}/hosts/${host}`
  const maintenance = async (version = '1.4'): Promise<unknown> =>
    at((await world.call({ url, version })).json, 'host', 'maintenance')
  t.is(await maintenance(), null)
  const first = await store.claimEpoch(nodeName('engine-1'))
  const running = { notification, from: ['new'], to: 'running', reason: 'two observers' } as const
  await store.recordTransition(first, running)
  await store.holdHost(first, stored.uuid, notification)
  t.like(await maintenance(), {
    by: 'recovery',
    notification_uuid: world.id,
    reason: 'its recovery is running: two observers',
  })
  const failed = {
    notification,
    from: ['running'],
    to: 'failed',
    reason: 'two moves failed',
  } as const
  await store.recordTransition(first, failed)
  const held = await maintenance()
  t.like(held, { reason: 'its recovery is failed: two moves failed' })
  const ways = textAt(held, 'released_by')
  t.regex(ways, /^retry, which begins the recovery again; .+; on_maintenance = false/)
  await world.store.setPolicy(stored.segment, { returnToService: 'operator' })
  t.regex(textAt(await maintenance(), 'released_by'), /let-back/)
  const list = await world.call({ url: `/v1/segments/${stored.segment}/hosts`, version: '1.4' })
  t.deepEqual(at(list.json, 'hosts', 0, 'maintenance'), await maintenance())
  t.is(await maintenance('1.3'), undefined)
  const give = { host: { on_maintenance: true } }
  await store.releaseHost(first, stored.uuid, notification)
  await world.call({ method: 'PUT', url, version: '1.4', body: give })
  t.like(await maintenance(), { by: 'operator', notification_uuid: null })
})

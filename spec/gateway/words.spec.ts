/** What operators say through the API, about one recovery and about all of them. */
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

const wordsOf = (id: string): string => `/v1/notifications/${id}/words`

interface Said {
  readonly url: string
  readonly word: unknown
  readonly reason?: unknown
  readonly token?: string
  readonly version?: string
}

const say = (world: GatewayWorld, { url, word, reason = 'so', ...as }: Said): Promise<Answer> =>
  world.call({ method: 'POST', url, version: '1.4', body: { word: { word, reason } }, ...as })

test('before 1.4 nobody hears of words', async (t) => {
  await using world = await withRecovery()
  for (const url of [wordsOf(world.id), '/v1/words']) {
    t.is((await world.call({ url, version: '1.3' })).status, 404, url)
    t.is((await say(world, { url, word: 'pause', version: '1.3' })).status, 404, url)
  }
  t.deepEqual(await world.store.listWords(notificationId(world.id)), [])
})

test('a word about a recovery is kept with the name of the caller, and the engine hears of it', async (t) => {
  await using world = await withRecovery()
  const url = wordsOf(world.id)
  const { status, json } = await say(world, { url, word: 'pause', reason: 'switch work' })
  t.is(status, 201)
  const pause = {
    word: 'pause',
    operator: 'admin-user',
    reason: 'switch work',
    said_at: '2026-01-01T00:00:00.000000',
  }
  t.deepEqual(json, { word: pause })
  t.deepEqual(world.wordsSaid, [notificationId(world.id)])
  t.like((await world.store.listUnfinished())[0]?.standing, { kind: 'paused' })
  await say(world, { url, word: 'resume' })
  const listed = await world.call({ url, version: '1.4' })
  t.is(listed.status, 200)
  t.deepEqual(at(listed.json, 'words', 0), pause)
  t.is(at(listed.json, 'words', 1, 'word'), 'resume')
})

test('a word about everything stops every recovery until it is taken back', async (t) => {
  await using world = await withRecovery()
  const url = '/v1/words'
  t.deepEqual((await world.call({ url, version: '1.4' })).json, { words: [] })
  const standing = async () => (await world.store.listUnfinished())[0]?.standing.kind
  t.is((await say(world, { url, word: 'stop', reason: 'drill' })).status, 201)
  t.is(await standing(), 'stopped')
  t.is((await say(world, { url, word: 'release' })).status, 201)
  t.is(await standing(), 'free')
  t.deepEqual(world.wordsSaid, [null, null])
  const { json } = await world.call({ url, version: '1.4' })
  t.like(at(json, 'words', 0), { word: 'stop', operator: 'admin-user', reason: 'drill' })
  t.is(at(json, 'words', 1, 'word'), 'release')
})

test('every word about a recovery is understood, and refused with the reason where it does not fit', async (t) => {
  await using world = await withRecovery()
  const url = wordsOf(world.id)
  const refused = async (said: Said, text: string): Promise<void> => {
    const { status, json } = await say(world, said)
    const message = `The command ${String(said.word)} does not fit: ${text}.`
    t.deepEqual([status, json], [409, { conflictingRequest: { code: 409, message } }])
  }
  await refused({ url, word: 'resume' }, 'it is not paused')
  await refused({ url, word: 'retry' }, 'it has not ended: it is new')
  await refused({ url: '/v1/words', word: 'release' }, 'nothing is stopped')
  t.deepEqual(world.wordsSaid, [])
  for (const word of ['pause', 'resume', 'confirm-dead', 'approve', 'let-back', 'cancel']) {
    t.is((await say(world, { url, word })).status, 201, word)
  }
  const epoch = await world.store.claimEpoch(nodeName('engine-1'))
  const notification = notificationId(world.id)
  const ended = { notification, from: ['new'], to: 'ignored', reason: 'cancelled' } as const
  await world.store.recordTransition(epoch, ended)
  t.is((await say(world, { url, word: 'retry' })).status, 201)
})

test('misspelt member or word is 400 that names it and the one that was meant', async (t) => {
  await using world = await withRecovery()
  const url = wordsOf(world.id)
  const send = async (word: object): Promise<string> => {
    const answer = await world.call({ method: 'POST', url, version: '1.4', body: { word } })
    t.is(answer.status, 400)
    return answer.text
  }
  t.regex(await send({ word: 'Pause', reason: 'so' }), /'Pause' is not one of .*mean 'pause'\?/)
  t.regex(await send({ word: 'pause', reason: 'so', reson: 'x' }), /'reson' was.*mean 'reason'\?/)
  t.regex(await send({ word: 'pause', reson: 'so' }), /'reason' is a required.*by 'reson'\?/)
  t.deepEqual(await world.store.listWords(notificationId(world.id)), [])
})

test('only administrators say and read words', async (t) => {
  await using world = await withRecovery()
  for (const token of ['reader-token', 'member-token', 'reporter-token', 'stranger-token']) {
    for (const [url, word] of [
      [wordsOf(world.id), 'pause'],
      ['/v1/words', 'stop'],
    ] as const) {
      t.is((await say(world, { url, word, token })).status, 403, token)
      t.is((await world.call({ url, version: '1.4', token })).status, 403, token)
    }
  }
  t.deepEqual(await world.store.listSiteWords(), [])
})

test('a word without a reason, or that nobody knows, is 400; about no recovery 404', async (t) => {
  await using world = await withRecovery()
  const url = wordsOf(world.id)
  for (const reason of ['', ' ', '\n', 'a\u0000', 'x'.repeat(1001), 7, null]) {
    t.is((await say(world, { url, word: 'pause', reason })).status, 400, JSON.stringify(reason))
  }
  for (const body of [{}, { word: {} }, { word: { word: 'pause' } }, { word: { reason: 'so' } }]) {
    t.is((await world.call({ method: 'POST', url, version: '1.4', body })).status, 400)
  }
  for (const word of ['stop', 'Pause', 7]) {
    t.is((await say(world, { url, word })).status, 400, String(word))
  }
  t.is((await say(world, { url: '/v1/words', word: 'pause' })).status, 400)
  const operator = { word: { word: 'pause', reason: 'so', operator: 'somebody-else' } }
  t.is((await world.call({ method: 'POST', url, version: '1.4', body: operator })).status, 400)
  for (const id of ['no-uuid', '00000000-0000-4000-8000-000000000000']) {
    t.is((await say(world, { url: wordsOf(id), word: 'pause' })).status, 404, id)
    t.is((await world.call({ url: wordsOf(id), version: '1.4' })).status, 404, id)
  }
})

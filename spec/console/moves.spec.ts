/** The list of moves over all recoveries: newest first, in pages, by status, and not those of others' instances. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { hostName, nodeName, notificationId } from '../../schema/ids.ts'
import { Browser, startConsole } from '../support/console.ts'
import { aHost, anInstance, aSegment, at, hostFailure, textAt } from '../support/gateway.ts'
import { plannedRow } from '../support/planned.ts'

const OURS = anInstance(1)
const THEIRS = anInstance(2)

/** Two recoveries, each of which moves an instance of the users' project and one of another project. */
async function startRecoveries() {
  const world = await startConsole({ compute: { listProjectInstances: async () => [OURS] } })
  const segment = await aSegment(world)
  const { store, clock } = world
  const epoch = await store.claimEpoch(nodeName('engine-1'))
  const recoveries: string[] = []
  for (const name of ['compute-1', 'compute-2']) {
    await aHost(world, segment, name)
    const made = await world.call({
      method: 'POST',
      url: '/v1/notifications',
      token: 'reporter-token',
      body: hostFailure(name),
    })
    const recovery = textAt(made.json, 'notification', 'notification_uuid')
    const rows = [OURS, THEIRS].map(({ id, name: instance }) => plannedRow(id, instance))
    const [move] = await store.planMoves(epoch, notificationId(recovery), hostName(name), rows)
    if (move === undefined) throw new Error('no move')
    if (name === 'compute-2') {
      const failed = { from: ['pending'], to: 'failed', destHost: null } as const
      await store.updateMove(epoch, { move: move.uuid, ...failed, message: 'compute-1 is full' })
    }
    recoveries.push(recovery)
    await clock.pass(1000, () => setImmediate())
  }
  const browser = new Browser(world)
  const listed = async (query = '') => {
    const { status, json } = await browser.send('GET', `/console/v1/vmoves${query}`)
    const rows = at(json, 'vmoves')
    const moves = Array.isArray(rows) ? rows.map((row) => Object(row)) : []
    return {
      status,
      moves,
      names: moves.map((row) => `${row.source_host} ${row.instance_uuid}`),
      hasMore: at(json, 'links') !== undefined,
    }
  }
  return { ...world, browser, recoveries, listed }
}

test('operators get the newest moves of all recoveries first, in pages, with one status', async (t) => {
  await using world = await startRecoveries()
  const { browser, listed, recoveries } = world
  await browser.logIn('reader')
  const all = await listed()
  const expected = ['compute-2', 'compute-1'].flatMap((host) => [
    `${host} ${THEIRS.id}`,
    `${host} ${OURS.id}`,
  ])
  t.deepEqual(all.names, expected)
  t.false(all.hasMore)
  t.like(all.moves[0], { notification_uuid: recoveries[1], guest: null, status: 'pending' })
  const first = await listed('?limit=3')
  t.deepEqual([first.names, first.hasMore], [expected.slice(0, 3), true])
  const rest = await listed(`?limit=3&marker=${first.moves[2]?.uuid}`)
  t.deepEqual([rest.names, rest.hasMore], [expected.slice(3), false])
  const failed = await listed('?status=Failed')
  t.deepEqual(failed.names, [`compute-2 ${OURS.id}`])
  t.is(failed.moves[0]?.message, 'compute-1 is full')
  t.is((await listed('?limit=many')).status, 400)
  t.is((await listed('?marker=x')).status, 400)
})

test('members get the moves of their own instances only, and without hosts', async (t) => {
  await using world = await startRecoveries()
  const { browser, listed } = world
  await browser.logIn('member')
  const { moves, names } = await listed()
  t.deepEqual(names, [`null ${OURS.id}`, `null ${OURS.id}`])
  t.false(JSON.stringify(moves).includes('compute-'))
  const [own] = moves
  t.is((await listed(`?marker=${Number(own?.id) + 1}`)).status, 400, "another project's move")
})

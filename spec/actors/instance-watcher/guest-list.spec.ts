/** What the engine is told about the guests that run on a host, and when it is told again. */
import test from 'ava'
import { isDue, listOf } from '../../../actors/instance-watcher/guest-list.ts'
import { newcomer } from '../../../actors/instance-watcher/watched-guest.ts'
import { instanceId } from '../../../schema/ids.ts'
import { I1, I2 } from '../records.ts'
import { running, RULES, WatcherWalk } from './watcher-walk.ts'

const ROUND = RULES.intervalMs

test('a host tells at once which guests run, and whether their agents answer', (t) => {
  const walk = new WatcherWalk()
  walk.answers.set(I1, 'alive')
  walk.news({
    type: 'snapshot',
    guests: [running(I1), running(I2, { agent: 'none' })],
  })
  walk.pass(ROUND)
  t.deepEqual(walk.lists.at(-1), [
    { instance: I1, runsForMs: ROUND, agent: 'answers', answersForMs: ROUND },
    { instance: I2, runsForMs: ROUND, agent: 'none' },
  ])
})

test('only guests that run are told', (t) => {
  const walk = new WatcherWalk(running(I1), running(I2, { power: 'paused' }))
  walk.pass(0)
  t.deepEqual(walk.lists, [[{ instance: I1, runsForMs: 0, agent: 'silent' }]])
})

test('the list is told in each round while a guest is young, and once a minute afterwards', (t) => {
  const walk = new WatcherWalk(running(I1, { agent: 'none' }))
  walk.pass(60_000)
  t.is(walk.lists.length, 6)
  walk.pass(600_000)
  t.is(walk.lists.length, 16)
})

test('with short rounds, only what is new is told sooner than after 5 s', (t) => {
  const guest = newcomer(running(), 1000)
  t.false(isDue([guest], 1000, 5900))
  t.true(isDue([guest], 1000, 6000))
  t.true(isDue([{ ...guest, answersSinceMs: 1500 }], 1000, 1500))
  t.false(isDue([{ ...guest, answersSinceMs: 1500 }], 1500, 2500))
})

test('an agent that answers first after a long time is told at once', (t) => {
  const walk = new WatcherWalk(running())
  walk.pass(305_000)
  const before = walk.lists.length
  walk.answers.set(I1, 'alive')
  walk.pass(ROUND)
  t.is(walk.lists.length, before + 1)
  t.is(walk.lists.at(-1)?.[0]?.answersForMs, 0)
})

for (const event of ['started', 'reboot'] as const) {
  test(`after ${event}, a guest begins to run anew, and its agent has not answered`, (t) => {
    const walk = new WatcherWalk(running())
    walk.answers.set(I1, 'alive')
    walk.pass(10 * ROUND)
    walk.answers.set(I1, 'unknown')
    walk.events(event)
    walk.pass(ROUND)
    t.deepEqual(walk.lists.at(-1), [{ instance: I1, runsForMs: ROUND, agent: 'silent' }])
  })
}

test('a guest that crashes is not in the next list, and runs anew when it is started', (t) => {
  const walk = new WatcherWalk(running(I1, { agent: 'none' }))
  walk.pass(2 * ROUND)
  walk.events('stopped-failed')
  walk.pass(60_000)
  t.deepEqual(walk.lists.at(-1), [])
  walk.events('started')
  walk.pass(ROUND)
  t.deepEqual(walk.lists.at(-1), [{ instance: I1, runsForMs: ROUND, agent: 'none' }])
})

test('a guest that is paused and resumed has run with a break', (t) => {
  const walk = new WatcherWalk(running(I1, { agent: 'none' }))
  walk.pass(2 * ROUND)
  walk.events('suspended', 'resumed')
  walk.pass(ROUND)
  t.is(walk.lists.at(-1)?.[0]?.runsForMs, ROUND)
})

test('a gap is no break of a guest that runs on, but of one that was started anew', (t) => {
  for (const [run, runsForMs] of [
    [1, 3 * ROUND],
    [2, ROUND],
  ] as const) {
    const walk = new WatcherWalk(running(I1, { agent: 'none' }))
    walk.pass(2 * ROUND)
    walk.news({ type: 'lost', reason: 'it was killed' })
    walk.news({ type: 'snapshot', guests: [running(I1, { agent: 'none', run })] })
    walk.pass(ROUND)
    t.is(walk.lists.at(-1)?.[0]?.runsForMs, runsForMs)
  }
})

test('while the hypervisor is away, nothing is told of its guests', (t) => {
  const walk = new WatcherWalk(running())
  walk.news({ type: 'lost', reason: 'it was killed' })
  const before = walk.lists.length
  walk.pass(600_000)
  t.is(walk.lists.length, before)
})

test('of too many guests those are told that have run for the shortest time', (t) => {
  const guests = Array.from({ length: 1100 }, (_each, index) => {
    const instance = instanceId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`)
    return newcomer(running(instance), index)
  })
  const list = listOf(guests, 2000)
  t.is(list.length, 1000)
  t.is(Math.max(...list.map(({ runsForMs }) => runsForMs)), 2000 - 100)
})

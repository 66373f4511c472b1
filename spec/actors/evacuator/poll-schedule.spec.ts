/** News of Compute's bus make the next poll come sooner. Without news, polls come as scheduled. */
import test from 'ava'
import { expedite, schedulePoll, type Poll } from '../../../actors/evacuator/poll-schedule.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import { moveId } from '../../../schema/ids.ts'
import { evacuationRow, I1, I2, M2 } from '../records.ts'
import { RULES, asked, movingOf, ongoing, polled } from './tracks.ts'

const pollingAt = (poll: Poll, fruitlessPolls = 20) =>
  movingOf([asked(ongoing(true))], { poll, fruitlessPolls })
const due = (afterMs: number, expedited = false): Poll => ({
  kind: 'due',
  sinceMs: 1000,
  afterMs,
  expedited,
})

interface Row {
  readonly title: string
  readonly poll: Poll
  readonly atMs: number
  readonly after: Poll
  /** The delay of the timer that replaces the earlier one. */
  readonly afterMs?: number
}

const ROWS: readonly Row[] = [
  {
    title: 'halve the pause that has begun',
    poll: due(5000),
    atMs: 1100,
    after: due(2500, true),
    afterMs: 2400,
  },
  {
    title: 'after half of the pause make the poll come soon, together for several evacuations',
    poll: due(5000),
    atMs: 4000,
    after: due(3200, true),
    afterMs: 200,
  },
  {
    title: 'change nothing when the poll is due by then',
    poll: due(500),
    atMs: 1400,
    after: due(500),
  },
  {
    title: 'after the first ones have no further effect',
    poll: due(2500, true),
    atMs: 1200,
    after: due(2500, true),
  },
  {
    title: 'during a poll are kept for the next one',
    poll: { kind: 'open', news: false },
    atMs: 1200,
    after: { kind: 'open', news: true },
  },
]

for (const { title, poll, atMs, after, afterMs } of ROWS) {
  test(`news ${title}`, (t) => {
    const [state, effects] = expedite(pollingAt(poll), atMs)
    t.deepEqual(state.poll, after)
    t.deepEqual(
      effects.map((effect) => (effect.type === 'timer.start' ? effect.afterMs : effect.type)),
      afterMs === undefined ? [] : [afterMs],
    )
  })
}

const pauseAfter = (news: boolean) =>
  schedulePoll(pollingAt({ kind: 'none', news }), [], 7000)[0].poll

test('a poll that follows news comes after half the pause', (t) => {
  t.like(pauseAfter(false), { sinceMs: 7000, afterMs: 3000, expedited: false })
  t.like(pauseAfter(true), { sinceMs: 7000, afterMs: 1500, expedited: true })
})

/** The pause before the next poll, ms, with so many evacuations in flight. */
function pauseWith(inFlight: number, fruitlessPolls = 0): number {
  const tracks = Array.from({ length: inFlight }, (_, at) => ({
    ...asked(ongoing(true)),
    move: moveId(`move-${at}`),
  }))
  const state = movingOf(tracks, { poll: { kind: 'none', news: false }, fruitlessPolls })
  const { poll } = schedulePoll(state, [], 7000)[0]
  return poll.kind === 'due' ? poll.afterMs : Number.NaN
}

test('the more evacuations are in flight, the longer is the pause, and it is short for the last ones', (t) => {
  t.deepEqual(
    [1, 10, 20, 60].map((inFlight) => pauseWith(inFlight)),
    [1000, 1000, 2000, 3000],
  )
})

test('the pause grows while nothing ends, and is as short as before when something has ended', (t) => {
  t.deepEqual(
    [0, 1, 2, 9].map((polls) => pauseWith(1, polls)),
    [1000, 1300, 1690, 3000],
  )
  const two = movingOf([asked(ongoing(true)), asked(ongoing(true), { move: M2, instance: I2 })])
  const [open] = onMovingMessage(RULES, { ...two, fruitlessPolls: 4 }, { type: 'records.poll-due' })
  t.is(open.fruitlessPolls, 5)
  const [still] = onMovingMessage(RULES, open, polled(5000, [evacuationRow()]))
  t.is(still.fruitlessPolls, 5)
  const done = [evacuationRow({ status: 'done' })]
  const [ended] = onMovingMessage(RULES, open, polled(5000, done))
  t.is(ended.fruitlessPolls, 0)
})

test('news decide nothing, and the evacuator waits for further news', (t) => {
  const before = pollingAt(due(5000))
  const [state, effects] = onMovingMessage(RULES, before, { type: 'records.news', atMs: 1100 })
  t.deepEqual(state.tracks, before.tracks)
  t.deepEqual(
    effects.map(({ type }) => type),
    ['timer.start', 'news.await'],
  )
  t.deepEqual(effects.at(-1), { type: 'news.await', instances: [I1] })
})

test('with any number of news, at most one poll is open, and one poll follows it', (t) => {
  const news = { type: 'records.news', atMs: 1100 } as const
  let state = pollingAt(due(5000))
  const polls: string[] = []
  for (const message of [news, news, { type: 'records.poll-due' } as const, news, news]) {
    const [next, effects] = onMovingMessage(RULES, state, message)
    state = next
    polls.push(...effects.map(({ type }) => type).filter((type) => type !== 'news.await'))
  }
  t.deepEqual(polls, ['timer.start', 'records.poll'])
  const [, effects] = onMovingMessage(RULES, state, polled(5000, [evacuationRow()]))
  t.deepEqual(
    effects.map(({ type }) => type),
    ['timer.start'],
  )
})

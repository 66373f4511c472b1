/** News of Compute's bus bring the next look forward, whatever they say; without any, looks come as they do. */
import test from 'ava'
import { hasten, scheduleLook, type Look } from '../../../actors/evacuator/looks.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import { evacuationRow, I1 } from '../records.ts'
import { RULES, asked, movingOf, ongoing, polled } from './tracks.ts'

const lookingAt = (look: Look, polls = 20) => movingOf([asked(ongoing(true))], { look, polls })
const due = (afterMs: number, hasty = false): Look => ({
  kind: 'due',
  sinceMs: 1000,
  afterMs,
  hasty,
})

interface Row {
  readonly title: string
  readonly look: Look
  readonly atMs: number
  readonly after: Look
  /** Of the timer that takes the place of the one before. */
  readonly afterMs?: number
}

const ROWS: readonly Row[] = [
  {
    title: 'halve the pause that has begun',
    look: due(5000),
    atMs: 1100,
    after: due(2500, true),
    afterMs: 2400,
  },
  {
    title: 'after half of it have the look come soon, but not for one alone',
    look: due(5000),
    atMs: 4000,
    after: due(3200, true),
    afterMs: 200,
  },
  {
    title: 'change nothing when the look is due by then',
    look: due(500),
    atMs: 1400,
    after: due(500),
  },
  {
    title: 'of many only the first count',
    look: due(2500, true),
    atMs: 1200,
    after: due(2500, true),
  },
  {
    title: 'during a look are kept for the next one',
    look: { kind: 'open', news: false },
    atMs: 1200,
    after: { kind: 'open', news: true },
  },
]

for (const { title, look, atMs, after, afterMs } of ROWS) {
  test(`news ${title}`, (t) => {
    const [state, effects] = hasten(lookingAt(look), atMs)
    t.deepEqual(state.look, after)
    t.deepEqual(
      effects.map((effect) => (effect.type === 'timer.start' ? effect.afterMs : effect.type)),
      afterMs === undefined ? [] : [afterMs],
    )
  })
}

const pauseAfter = (news: boolean) =>
  scheduleLook(lookingAt({ kind: 'none', news }), [], 7000)[0].look

test('a look that follows news comes after half the pause', (t) => {
  t.like(pauseAfter(false), { sinceMs: 7000, afterMs: 3000, hasty: false })
  t.like(pauseAfter(true), { sinceMs: 7000, afterMs: 1500, hasty: true })
})

test('news decide nothing, and are listened for again', (t) => {
  const before = lookingAt(due(5000))
  const [state, effects] = onMovingMessage(RULES, before, { type: 'move.news', atMs: 1100 })
  t.deepEqual(state.tracks, before.tracks)
  t.deepEqual(
    effects.map(({ type }) => type),
    ['timer.start', 'news.await'],
  )
  t.deepEqual(effects.at(-1), { type: 'news.await', instances: [I1] })
})

test('with however many news one look is open at most, and its end is followed by one', (t) => {
  const news = { type: 'move.news', atMs: 1100 } as const
  let state = lookingAt(due(5000))
  const looks: string[] = []
  for (const message of [news, news, { type: 'move.poll-due' } as const, news, news]) {
    const [next, effects] = onMovingMessage(RULES, state, message)
    state = next
    looks.push(...effects.map(({ type }) => type).filter((type) => type !== 'news.await'))
  }
  t.deepEqual(looks, ['timer.start', 'move.poll'])
  const [, effects] = onMovingMessage(RULES, state, polled(5000, [evacuationRow()]))
  t.deepEqual(
    effects.map(({ type }) => type),
    ['timer.start'],
  )
})

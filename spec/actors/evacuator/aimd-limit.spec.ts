/**
 * The limit grows while Nova soon begins what it has accepted, stays while it does not, and is
 * halved when Nova is in trouble.
 */
import test from 'ava'
import * as fc from 'fast-check'
import {
  afterAnswer,
  afterBegun,
  startLimit,
  type NovaAnswer,
} from '../../../actors/evacuator/concurrency-limiter.ts'
import { holds } from '../../support/holds.ts'

const taken = (askedAtMs: number, tookMs: number): NovaAnswer => ({
  askedAtMs,
  atMs: askedAtMs + tookMs,
  what: { kind: 'taken' },
})
const busy = (askedAtMs: number, atMs: number, retryAfterMs: number): NovaAnswer => ({
  askedAtMs,
  atMs,
  what: { kind: 'busy', retryAfterMs },
})
const silent = (askedAtMs: number, atMs: number): NovaAnswer => ({
  askedAtMs,
  atMs,
  what: { kind: 'silent' },
})

interface Row {
  readonly title: string
  readonly answers: readonly NovaAnswer[]
  readonly limit: number
}

const ROWS: readonly Row[] = [
  { title: 'an answer does not change it', answers: [taken(0, 20), taken(30, 5000)], limit: 8 },
  {
    title: 'an answer that takes longer than five seconds halves it',
    answers: [taken(0, 20), taken(30, 5001), taken(31, 5100)],
    limit: 4,
  },
  { title: 'an answer of a busy Nova halves it', answers: [busy(0, 50, 1000)], limit: 4 },
  { title: 'a missing answer halves it', answers: [silent(0, 10_000)], limit: 4 },
  {
    title: 'answers to requests from before the first trouble do not halve it again',
    answers: [busy(0, 50, 1000), busy(1, 60, 1000), silent(49, 90)],
    limit: 4,
  },
  {
    title: 'an answer to a later request halves it again',
    answers: [busy(0, 50, 1000), busy(1050, 1060, 1000), silent(2061, 2100)],
    limit: 1,
  },
  {
    title: 'it never falls below one',
    answers: [busy(0, 1, 0), busy(2, 3, 0), busy(4, 5, 0), busy(6, 7, 0), busy(8, 9, 0)],
    limit: 1,
  },
]

for (const { title, answers, limit } of ROWS) {
  test(`limit: ${title}`, (t) => {
    t.is(answers.reduce(afterAnswer, startLimit(64)).limit, limit)
  })
}

interface BegunRow {
  readonly title: string
  readonly afterMs: number
  readonly waiting: number
  readonly ceiling: number
  readonly limit: number
}

const BEGUN: readonly BegunRow[] = [
  { title: 'soon: one more', afterMs: 4000, waiting: 8, ceiling: 64, limit: 9 },
  { title: 'late leaves it as it is', afterMs: 4001, waiting: 8, ceiling: 64, limit: 8 },
  {
    title: 'soon, one of few, leaves it as it is',
    afterMs: 1000,
    waiting: 3,
    ceiling: 64,
    limit: 8,
  },
  {
    title: 'soon, at the ceiling, leaves it as it is',
    afterMs: 1000,
    waiting: 8,
    ceiling: 8,
    limit: 8,
  },
]

for (const { title, afterMs, waiting, ceiling, limit } of BEGUN) {
  test(`limit: what Nova begins ${title}`, (t) => {
    const begun = { askedAtMs: 100, atMs: 100 + afterMs }
    t.is(afterBegun(startLimit(ceiling), begun, { waiting, ceiling }).limit, limit)
  })
}

test('limit: an evacuation that was requested before a trouble does not raise it afterwards', (t) => {
  const halved = afterAnswer(startLimit(64), busy(0, 500, 1000))
  const room = { waiting: 8, ceiling: 64 }
  t.is(afterBegun(halved, { askedAtMs: 400, atMs: 900 }, room).limit, 4)
  t.is(afterBegun(halved, { askedAtMs: 501, atMs: 900 }, room).limit, 5)
})

test('limit: it starts lower when the ceiling is lower', (t) => {
  t.is(startLimit(3).limit, 3)
})

test('the latest Retry-After time is kept', (t) => {
  const late = afterAnswer(startLimit(8), busy(0, 100, 30_000))
  t.is(late.notBeforeMs, 30_100)
  t.is(afterAnswer(late, busy(50, 200, 1000)).notBeforeMs, 30_100)
  t.is(afterAnswer(late, taken(50, 300)).notBeforeMs, 30_100)
})

test('whatever Nova answers, the limit is between one and the ceiling', (t) => {
  const answers = fc.array(
    fc.record({
      askedAtMs: fc.nat(10_000),
      tookMs: fc.nat(20_000),
      kind: fc.constantFrom('taken' as const, 'busy' as const, 'silent' as const),
    }),
  )
  holds(
    t,
    fc.property(fc.integer({ min: 1, max: 50 }), answers, (ceiling, sequence) => {
      let limit = startLimit(ceiling)
      for (const { askedAtMs, tookMs, kind } of sequence) {
        const when = { askedAtMs, atMs: askedAtMs + tookMs }
        const room = { waiting: ceiling, ceiling }
        const what = kind === 'busy' ? { kind, retryAfterMs: tookMs } : { kind }
        limit = afterBegun(afterAnswer(limit, { ...when, what }), when, room)
        if (limit.limit < 1 || limit.limit > ceiling) return false
      }
      return true
    }),
  )
})

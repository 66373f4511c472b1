/** The pace grows while Nova answers quickly, stays while it is slow, and halves when it is in trouble. */
import test from 'ava'
import * as fc from 'fast-check'
import { paced, startPace, type Answer, type Pace } from '../../../actors/evacuator/pacing.ts'

const taken = (askedAtMs: number, tookMs: number): Answer => ({
  askedAtMs,
  atMs: askedAtMs + tookMs,
  what: { kind: 'taken' },
})
const busy = (askedAtMs: number, atMs: number, patienceMs: number): Answer => ({
  askedAtMs,
  atMs,
  what: { kind: 'busy', patienceMs },
})
const silent = (askedAtMs: number, atMs: number): Answer => ({
  askedAtMs,
  atMs,
  what: { kind: 'silent' },
})

interface Row {
  readonly title: string
  readonly answers: readonly Answer[]
  readonly inFlight?: number
  readonly ceiling?: number
  readonly limit: number
}

const ROWS: readonly Row[] = [
  { title: 'eight at first', answers: [], limit: 8 },
  { title: 'fewer where fewer are allowed', answers: [], ceiling: 3, limit: 3 },
  { title: 'one more with each quick answer', answers: [taken(0, 200), taken(0, 900)], limit: 10 },
  { title: 'not beyond what is allowed', answers: [taken(0, 20)], ceiling: 8, limit: 8 },
  {
    title: 'a limit that is far from reached does not grow',
    answers: [taken(0, 20)],
    inFlight: 3,
    limit: 8,
  },
  { title: 'a slow answer changes nothing', answers: [taken(0, 20), taken(30, 1500)], limit: 9 },
  {
    title: 'an answer that takes much longer than the best halves it',
    answers: [taken(0, 20), taken(30, 2001), taken(31, 2100)],
    limit: 4,
  },
  {
    title: 'a Nova that is never quicker is not slow',
    answers: [taken(0, 1400), taken(9000, 2800), taken(18_000, 2700)],
    limit: 11,
  },
  {
    title: 'beyond six seconds it is in trouble, however slow it was',
    answers: [taken(0, 6001)],
    limit: 4,
  },
  { title: 'a busy Nova halves it', answers: [busy(0, 50, 1000)], limit: 4 },
  { title: 'silence halves it', answers: [silent(0, 10_000)], limit: 4 },
  {
    title: 'what was asked before the trouble was heeded halves it no more',
    answers: [busy(0, 50, 1000), busy(1, 60, 1000), silent(49, 90)],
    limit: 4,
  },
  {
    title: 'what was asked after it does',
    answers: [busy(0, 50, 1000), busy(1050, 1060, 1000), silent(2061, 2100)],
    limit: 1,
  },
  {
    title: 'it never falls below one',
    answers: [busy(0, 1, 0), busy(2, 3, 0), busy(4, 5, 0), busy(6, 7, 0), busy(8, 9, 0)],
    limit: 1,
  },
]

for (const { title, answers, inFlight = 64, ceiling = 64, limit } of ROWS) {
  test(`pace: ${title}`, (t) => {
    const end = answers.reduce(
      (pace, answer) => paced(pace, answer, { inFlight, ceiling }),
      startPace(ceiling),
    )
    t.is(end.limit, limit)
  })
}

test('twenty are in flight within two seconds of a Nova that takes 300 ms for each of eight', (t) => {
  let pace: Pace = startPace(64)
  let atMs = 0
  while (pace.limit < 20) {
    for (let each = 0; each < 8; each += 1) {
      pace = paced(pace, taken(atMs, 300), { inFlight: pace.limit, ceiling: 64 })
    }
    atMs += 300
  }
  t.true(atMs <= 2000)
})

test('the latest moment that Nova named is kept', (t) => {
  const room = { inFlight: 8, ceiling: 8 }
  const late = paced(startPace(8), busy(0, 100, 30_000), room)
  t.is(late.notBeforeMs, 30_100)
  t.is(paced(late, busy(50, 200, 1000), room).notBeforeMs, 30_100)
  t.is(paced(late, taken(50, 300), room).notBeforeMs, 30_100)
})

test('whatever Nova answers, the limit is between one and the ceiling', (t) => {
  const answers = fc.array(
    fc.record({
      askedAtMs: fc.nat(10_000),
      tookMs: fc.nat(20_000),
      kind: fc.constantFrom('taken' as const, 'busy' as const, 'silent' as const),
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), answers, (ceiling, sequence) => {
      let pace = startPace(ceiling)
      for (const { askedAtMs, tookMs, kind } of sequence) {
        const what = kind === 'busy' ? { kind, patienceMs: tookMs } : { kind }
        const answer = { askedAtMs, atMs: askedAtMs + tookMs, what }
        pace = paced(pace, answer, { inFlight: ceiling, ceiling })
        if (pace.limit < 1 || pace.limit > ceiling) return false
      }
      return true
    }),
  )
  t.pass()
})

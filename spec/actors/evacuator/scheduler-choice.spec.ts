/** Nova's scheduler chooses the host. */
import test from 'ava'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type { MovingMessage } from '../../../actors/evacuator/evacuator-messages.ts'
import { ANYWHERE } from '../../../actors/placement/targets.ts'
import { M1, THREE, TWO, evacuationRow, targetRow } from '../records.ts'
import {
  RULES,
  asked,
  asking,
  movingOf,
  ongoing,
  placesOf,
  polled,
  requests,
  trackRow,
  withLeave,
} from './tracks.ts'

/** Nova's answer when its scheduler finds no host. */
const NO_HOST = polled(0, [evacuationRow({ dest: null, status: 'error' })])

test('when Nova chooses, no target is named, and its choice is kept as the target', (t) => {
  const places = placesOf(targetRow(ANYWHERE))
  const [, effects] = asking(movingOf([trackRow()], { places }), 0)
  t.is(requests(effects)[0]?.target, ANYWHERE)
  const track = asked(ongoing(true), { target: ANYWHERE })
  const seen = (message: MovingMessage) =>
    onMovingMessage(RULES, movingOf([track]), message)[0].tracks.get(M1)?.target
  t.is(seen(polled(1, [evacuationRow()])), TWO)
  t.is(seen(polled(1, [evacuationRow({ dest: null })])), ANYWHERE)
})

test("when Nova's scheduler has no host, it is asked again after a doubled pause each time, without counting an attempt", (t) => {
  const places = placesOf(targetRow(ANYWHERE))
  let track = asked(ongoing(true), { target: ANYWHERE, attempts: RULES.attemptsMax })
  const pauses = [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]
  for (const pauseMs of pauses) {
    const [state, effects] = onMovingMessage(RULES, movingOf([track], { places }), NO_HOST)
    t.like(
      effects.find(({ type }) => type === 'move.put-back'),
      { refusedBy: ANYWHERE },
    )
    const back = { type: 'move.was-put-back', move: M1, atMs: 2000 } as const
    const [waits] = withLeave(onMovingMessage(RULES, state, back), 2000)
    t.is(waits.tracks.get(M1)?.phase.kind, 'unplaced')
    const early = asking(waits, pauseMs - 1)
    t.deepEqual(requests(early[1]), [])
    const [late, then] = asking(waits, pauseMs)
    t.is(requests(then)[0]?.target, ANYWHERE)
    const again = late.tracks.get(M1)
    if (again === undefined) return t.fail()
    track = { ...again, phase: ongoing(true), olderRecords: [] }
  }
})

test('a host chosen by Nova that refuses an instance counts as an attempt', (t) => {
  const places = placesOf(targetRow(ANYWHERE))
  const track = asked(ongoing(true), { target: ANYWHERE, attempts: RULES.attemptsMax })
  const failed = (dest: typeof TWO | null) =>
    onMovingMessage(
      RULES,
      movingOf([track], { places }),
      polled(1, [evacuationRow({ dest, status: 'failed' })]),
    )[1].find(({ type }) => type === 'move.settle')
  t.like(failed(TWO), { outcome: 'failed' })
  t.like(failed(null), { outcome: 'failed' })
})

test('the last possible host is tried, although the instance failed on it before', (t) => {
  const refusals = new Map([
    [TWO, { times: 1, byScheduler: 0, askAgainAtMs: 0 }],
    [THREE, { times: 1, byScheduler: 1, askAgainAtMs: 60_000 }],
  ])
  const state = movingOf([trackRow({ refusedBy: [TWO], refusals })])
  const [, effects] = asking(state, 100)
  t.is(requests(effects)[0]?.target, TWO)
})

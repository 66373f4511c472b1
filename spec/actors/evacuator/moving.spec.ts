/** Each instance has at most one request at a time: the meaning of Nova's answers and records. */
import test from 'ava'
import type { MoveTrack } from '../../../actors/evacuator/move-track.ts'
import type { Phase } from '../../../actors/evacuator/move-phase.ts'
import { onMovingMessage } from '../../../actors/evacuator/moving.ts'
import type {
  Moving,
  MovingEffect,
  MovingMessage,
} from '../../../actors/evacuator/evacuator-messages.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { instanceId, moveId, type HostName } from '../../../schema/ids.ts'
import { I1, I2, M1, M2, THREE, TWO, evacuationRow, roomRow, targetRow } from '../records.ts'
import {
  RULES,
  asked,
  asking,
  movingOf,
  ongoing,
  placesOf,
  polled,
  refused,
  requests,
  REQUESTING,
  trackRow,
  withLeave,
} from './tracks.ts'

type Effect = MovingEffect | KernelEffect<MovingMessage>

interface Answer {
  readonly phase: Phase | undefined
  readonly track: MoveTrack | undefined
  readonly effects: readonly Effect[]
  readonly state: Moving
}

function told(track: MoveTrack, message: MovingMessage, change: Partial<Moving> = {}): Answer {
  const [state, effects] = onMovingMessage(RULES, movingOf([track], change), message)
  return { state, effects, track: state.tracks.get(M1), phase: state.tracks.get(M1)?.phase }
}

const settled = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'move.settle' ? [`${effect.outcome}: ${effect.reason}`] : [],
  )

test('instances are requested in the order of the plan, on the least loaded target, as many as the limiter allows', (t) => {
  const tracks = [1, 2, 3].map((n) =>
    trackRow({ move: moveId(`m${n}`), instance: instanceId(`i${n}`) }),
  )
  const state = movingOf(tracks)
  t.deepEqual(
    requests(asking(state, 0, 2)[1]).map(({ instance, target }) => `${instance} ${target}`),
    ['i1 compute-2', 'i2 compute-3'],
  )
})

test('an instance waits until its pause is over', (t) => {
  const later = trackRow({ phase: { kind: 'pending', notBeforeMs: 50, reason: 'busy' } })
  t.is(requests(asking(movingOf([later]), 49)[1]).length, 0)
  t.is(requests(asking(movingOf([later]), 50)[1]).length, 1)
})

test('an instance that is no longer on the host is ignored', (t) => {
  const [, effects] = asking(movingOf([trackRow({ shown: undefined })]), 0)
  t.deepEqual(settled(effects), ['ignored: the instance is not on the host any more'])
})

test('an instance that left by a late success of ours has succeeded', (t) => {
  const records = [evacuationRow({ status: 'done' })]
  const [, effects] = asking(
    movingOf([trackRow({ attempts: 1, shown: undefined })], { records }),
    0,
  )
  t.deepEqual(settled(effects), ['succeeded: Nova recorded it as done, late'])
})

test('an instance that every target refused is given up', (t) => {
  const [, effects] = asking(movingOf([trackRow({ refusedBy: [TWO, THREE] })]), 0)
  t.deepEqual(settled(effects), ['failed: every target has refused it: compute-2, compute-3'])
})

test('what we sent to a target since its room was read leaves less room for the next instance', (t) => {
  const tracks = [1, 2, 3].map((n) =>
    trackRow({ move: moveId(`m${n}`), instance: instanceId(`i${n}`) }),
  )
  const places = placesOf(
    targetRow(TWO, { room: roomRow(1) }),
    targetRow(THREE, { room: roomRow(1) }),
  )
  const [state, effects] = asking(movingOf(tracks, { places }), 0)
  t.deepEqual(
    requests(effects).map(({ instance, target }) => `${instance} ${target}`),
    ['i1 compute-2', 'i2 compute-3'],
  )
  t.is(state.tracks.get(moveId('m3'))?.phase.kind, 'unplaced')
  const [, later] = asking(state, 0)
  t.deepEqual(later, [], 'the same reason is not written twice')
})

test('after a refusal, the room can be used by others', (t) => {
  const waits = trackRow({ move: M2, instance: I2 })
  const places = placesOf(targetRow(TWO, { room: roomRow(1) }))
  const [state] = asking(movingOf([trackRow(), waits], { places }), 0)
  const [, effects] = withLeave(onMovingMessage(RULES, state, refused()), 0)
  t.deepEqual(
    requests(effects).map(({ instance }) => instance),
    [I2],
  )
})

test('when Nova accepts the request, the move is ongoing', (t) => {
  const yes = { type: 'move.requested', move: M1, atMs: 7, startedAt: 900 } as const
  const { phase, track } = told(asked(), yes)
  t.deepEqual(phase, ongoing(true, 7))
  t.is(track?.startedAt, 900)
})

test('when Nova does not answer the request, the move is ongoing and not accepted', (t) => {
  const silence = { type: 'move.unknown', move: M1, atMs: 7, startedAt: 900 } as const
  const { phase } = told(asked(), silence)
  t.deepEqual(phase, ongoing(false, 7))
})

test('a refused request is sent again after a pause and counts as an attempt', (t) => {
  const { track } = told(asked(), refused())
  t.deepEqual(track?.phase, { kind: 'pending', notBeforeMs: 32_100, reason: 'no room' })
  t.is(track?.attempts, 1)
})

test('the refusal of a busy Nova does not count as an attempt, and the limiter decides when to ask again', (t) => {
  const { track, effects } = told(asked(), refused({ busy: true }))
  t.deepEqual(track?.phase, { kind: 'pending', notBeforeMs: 100, reason: 'no room' })
  t.is(track?.attempts, 0)
  t.deepEqual(effects, [{ type: 'limiter.ask', requests: [{ move: M1, target: TWO }] }])
})

test('a move fails when its request is refused as often as it may be', (t) => {
  const last = asked(REQUESTING, { attempts: 3 })
  t.deepEqual(settled(told(last, refused()).effects), ['failed: no room'])
  t.deepEqual(settled(told(last, refused({ busy: true })).effects), [])
})

test('an instance that is gone is ignored', (t) => {
  t.deepEqual(settled(told(asked(), refused({ again: false })).effects), ['ignored: no room'])
})

test('a step that an operator forbids waits and does not count as an attempt', (t) => {
  const blocked = { type: 'move.forbidden', move: M1, reason: 'disabled', atMs: 1 } as const
  const { track } = told(asked(), blocked)
  t.deepEqual(track?.phase, { kind: 'pending', notBeforeMs: 31_001, reason: 'disabled' })
  t.is(track?.attempts, 0)
})

test('a finished record ends the move on the recorded host', (t) => {
  const record = evacuationRow({ status: 'done', dest: THREE })
  const { effects, phase } = told(asked(ongoing(true)), polled(1, [record]))
  t.like(effects[0], { type: 'move.settle', outcome: 'succeeded', dest: THREE })
  t.deepEqual(phase, { kind: 'settling' })
})

test('a record in flight is waited for, long after the grace period', (t) => {
  const { phase, effects } = told(asked(ongoing(false)), polled(59_000, [evacuationRow()]))
  t.deepEqual(phase, ongoing(true))
  t.is(requests(effects).length, 0)
})

test('when Nova accepted the request and the record failed, the move is put back for another target', (t) => {
  const record = evacuationRow({ status: 'failed' })
  const { track, effects } = told(asked(ongoing(true)), polled(1, [record]))
  t.deepEqual(track?.refusedBy, [TWO])
  t.is(track?.phase.kind, 'putting-back')
  t.like(effects[0], {
    type: 'move.put-back',
    reason: 'Nova recorded the evacuation as failed',
    refusedBy: TWO,
  })
})

test('when Nova did not accept the request, a failed record may be an earlier one and is not believed yet', (t) => {
  const record = evacuationRow({ status: 'failed' })
  t.deepEqual(told(asked(ongoing(false)), polled(9999, [record])).phase, ongoing(false))
  t.is(told(asked(ongoing(false)), polled(10_000, [record])).phase?.kind, 'putting-back')
})

test('a request without an answer and a record is given up after the grace period when the instance is seen on its host', (t) => {
  t.deepEqual(told(asked(ongoing(false)), polled(9999, [])).phase, ongoing(false))
  const { track: unsure, effects: none } = told(asked(ongoing(false)), polled(10_000, []))
  t.deepEqual(unsure?.phase, ongoing(false))
  t.false(none.some(({ type }) => type === 'move.put-back'))
  const there = { ...polled(10_000, []), onHost: new Set([I1]) }
  const { track, effects } = told(asked(ongoing(false)), there)
  t.is(track?.phase.kind, 'putting-back')
  t.like(effects[0], { type: 'move.put-back', refusedBy: null })
  t.deepEqual(track?.refusedBy, [], 'a target that was never asked has refused nothing')
  const gone = { ...polled(10_000, []), onHost: new Set([I2]) }
  t.deepEqual(told(asked(ongoing(false)), gone).phase, ongoing(false))
})

test('a request that Nova accepted is under way although its record is not shown', (t) => {
  const late = { ...polled(60_000, []), onHost: new Set([I1]) }
  t.deepEqual(told(asked(ongoing(true)), late).phase, ongoing(true))
  const lost = polled(60_000, [], [TWO])
  t.deepEqual(told(asked(ongoing(true)), lost).phase, ongoing(true), 'it may have arrived before')
  const { effects } = told(asked(ongoing(true)), polled(RULES.deadlineMs, []))
  t.regex(
    settled(effects)[0] ?? '',
    /^failed: Nova shows it under way to compute-2 and does not end it within 10 min/,
  )
})

test("a host that Nova's scheduler does not accept does not count as an attempt, and the next host is tried", (t) => {
  const last = asked(ongoing(true), { attempts: 3 })
  const { track, effects } = told(last, polled(1, [evacuationRow({ status: 'error' })]))
  t.like(effects[0], { type: 'move.put-back', refusedBy: TWO, from: 'scheduler' })
  t.deepEqual(track?.refusedBy, [], 'it may be asked again')
  t.deepEqual(track?.refusals.get(TWO), { times: 1, byScheduler: 1, askAgainAtMs: 30_001 })
  t.is(track?.scheduler.hadNoHost, 1)
})

test('a failed request ends the move when it was the last one', (t) => {
  const last = asked(ongoing(true), { attempts: 3 })
  const { effects } = told(last, polled(1, [evacuationRow({ status: 'failed' })]))
  t.deepEqual(settled(effects), ['failed: Nova recorded the evacuation as failed'])
})

test('a request that was given up and whose record appears late is adopted', (t) => {
  const put = trackRow({ attempts: 1 })
  const { phase, effects } = told(put, polled(20_000, [evacuationRow()]))
  t.deepEqual(phase, ongoing(true, 20_000))
  t.is(requests(effects).length, 0)
})

const INHERITED = { requestedAtMs: -500_000, failedBy: TWO }

test('a request that an earlier leader has ended, and that is still in flight in Nova, keeps its age', (t) => {
  const put = trackRow({ attempts: 1, inherited: INHERITED })
  const { phase, effects } = told(put, polled(20_000, [evacuationRow()]))
  t.deepEqual(phase, { ...ongoing(true, -500_000), knownSinceMs: 20_000 })
  t.is(requests(effects).length, 0)
})

/** The move that a leader took over at 20 s, when the leader polls again. */
function takenOver(atMs: number, nova: 'accepted' | 'begun', failedBy: HostName = TWO) {
  const phase = { ...ongoing(true, -500_000), knownSinceMs: 20_000 }
  const inherited = { ...INHERITED, failedBy }
  const status = nova === 'begun' ? 'pre-migrating' : 'accepted'
  return told(asked(phase, { inherited }), polled(atMs, [evacuationRow({ status })]))
}

test('its host may have returned and perform it: another host is tried only after this leader has seen nothing of it for a whole deadline', (t) => {
  t.is(takenOver(619_999, 'accepted').phase?.kind, 'ongoing')
  const late = takenOver(620_000, 'accepted')
  t.like(late.phase, { kind: 'putting-back', next: { reason: 'compute-2 died as well' } })
  t.deepEqual(late.track?.refusedBy, [TWO])
})

test('what Nova has begun, or what another host has, is never requested a second time', (t) => {
  t.is(takenOver(619_999, 'begun').phase?.kind, 'ongoing')
  for (const late of [takenOver(620_000, 'begun'), takenOver(620_000, 'accepted', THREE)]) {
    t.not(late.phase?.kind, 'putting-back')
    t.is(requests(late.effects).length, 0)
  }
})

test('a late record of an earlier request says nothing about the next request', (t) => {
  const failed = evacuationRow({ status: 'failed' })
  const again = polled(30_000, [failed])
  const yes = { type: 'move.requested', move: M1, atMs: 30_001, startedAt: 1 } as const
  let state = movingOf([trackRow({ attempts: 1, refusedBy: [TWO] })])
  for (const message of [again, yes, polled(30_500, [failed])]) {
    ;[state] = withLeave(onMovingMessage(RULES, state, message), 30_000)
  }
  t.deepEqual(state.tracks.get(M1)?.phase, ongoing(true, 30_001))
})

test('the target of an overdue move is checked, and a lost target ends the attempt', (t) => {
  const slow = asked(ongoing(true))
  const { state } = told(slow, polled(60_000, [evacuationRow()]))
  t.deepEqual(state.overdueTargets, [TWO])
  const { track } = told(slow, polled(60_001, [evacuationRow()], [TWO]))
  t.is(track?.phase.kind, 'putting-back')
  t.deepEqual(track?.olderRecords, ['record-1'])
})

test('a move that was put back is requested again only after that is written', (t) => {
  const next = { kind: 'pending', notBeforeMs: 1001, reason: 'failed' } as const
  const track = asked({ kind: 'putting-back', next })
  t.deepEqual(told(track, polled(2000, [])).phase, track.phase)
  const written = { type: 'move.was-put-back', move: M1, atMs: 500 } as const
  t.deepEqual(told(track, written).phase, next)
  t.deepEqual(told(asked(ongoing(true)), written).phase, ongoing(true), 'it comes too late')
})

test('a move that Nova never ends is given up at the deadline', (t) => {
  const { effects } = told(asked(ongoing(true)), polled(600_000, [evacuationRow()]))
  t.deepEqual(settled(effects), [
    'failed: Nova shows it under way to compute-2 and does not end it within 10 min',
  ])
})

test('a repeated answer changes nothing', (t) => {
  const track = asked(ongoing(true))
  const yes = { type: 'move.requested', move: M1, atMs: 7, startedAt: 900 } as const
  t.deepEqual(told(track, yes).effects, [])
  t.deepEqual(told(track, refused()).track, track)
})

test('polls of the records come one at a time, with growing pauses up to three seconds', (t) => {
  let state = movingOf([asked(ongoing(true))], {
    poll: { kind: 'none', news: false },
  })
  const pauses: number[] = []
  for (let looks = 0; looks < 12; looks += 1) {
    for (const message of [polled(0, [evacuationRow()]), { type: 'records.poll-due' } as const]) {
      const [next, effects] = onMovingMessage(RULES, state, message)
      for (const effect of effects) if (effect.type === 'timer.start') pauses.push(effect.afterMs)
      state = next
    }
  }
  t.is(pauses.length, 12)
  t.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  )
  t.is(pauses[0], 1000)
  t.is(pauses.at(-1), 3000)
})

test('a failed poll is repeated', (t) => {
  const { effects } = told(asked(ongoing(true)), { type: 'records.poll-failed', atMs: 1 })
  t.is(effects.filter(({ type }) => type === 'timer.start').length, 1)
})

test('a step whose row was not as expected waits and does not count as an attempt', (t) => {
  const blocked = { type: 'move.blocked', move: M1, reason: 'not pending', atMs: 1 } as const
  const last = asked(REQUESTING, { attempts: 3 })
  const { state, track, effects } = told(last, blocked)
  t.deepEqual(
    placesOf(targetRow(THREE)),
    state.places,
    'it may be its target that was reserved again',
  )
  t.deepEqual(track?.phase, { kind: 'pending', notBeforeMs: 31_001, reason: 'not pending' })
  t.is(track?.attempts, 2)
  t.deepEqual(settled(effects), [])
})

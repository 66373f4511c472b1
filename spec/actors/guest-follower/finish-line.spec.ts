/** When a moved guest is back, by what the monitor of its new host says. */
import test from 'ava'
import {
  AGENT_GRACE_MS,
  FOLLOWED_MS,
  GRACE_MS,
  lastWord,
  verdictOf,
  type GuestSight,
  type GuestVerdict,
} from '../../../actors/guest-follower/finish-line.ts'
import type { InstanceAction } from '../../../actors/ports/compute.ts'
import { instanceRow, RUNNING, THREE, TWO } from '../records.ts'
import { awaitedRow, listAt } from './rows.ts'

const HOUR = 3_600_000

const verdict = (sight: Partial<GuestSight>, move = awaitedRow()): GuestVerdict =>
  verdictOf(move, {
    nowMs: 2000,
    followedSinceMs: 0,
    there: undefined,
    before: undefined,
    ...sight,
  })

const WAIT = { kind: 'wait' }
const answers = { agent: 'answers', runsForMs: 12_000, answersForMs: 3000 } as const

test('a guest whose agent answers on the new host is back, since it answered', (t) => {
  t.deepEqual(verdict({ there: listAt(1000, answers) }), {
    kind: 'heard',
    how: 'agent',
    agoMs: 4000,
  })
})

test('a sign has a time in whole milliseconds, although the monotonic clock has fractions', (t) => {
  t.like(verdict({ there: listAt(1000.6, answers), nowMs: 2000.2 }), { agoMs: 4000 })
})

test('a guest whose agent has answered there, and hangs now, was heard', (t) => {
  t.like(verdict({ there: listAt(1000, { ...answers, agent: 'silent' }) }), { how: 'agent' })
})

test('a list counts only when it came after the move was known to have succeeded', (t) => {
  const there = listAt(1000, answers)
  t.deepEqual(verdict({ there, followedSinceMs: 1000 }), WAIT)
  t.like(verdict({ there, followedSinceMs: 999 }), { kind: 'heard' })
})

const there = (runsForMs: number) => listAt(1000, { agent: 'none', runsForMs })

test('a guest without an agent is back when it has run for the grace', (t) => {
  t.deepEqual(verdict({ there: there(GRACE_MS - 1) }), WAIT)
  t.deepEqual(verdict({ there: there(GRACE_MS + 500) }), {
    kind: 'heard',
    how: 'running',
    agoMs: 1500,
  })
})

test('the grace is measured by the monitor, and not by how long nothing else was heard', (t) => {
  const there = listAt(1000, { agent: 'none', runsForMs: 0 })
  t.deepEqual(verdict({ there, nowMs: 1000 + 2 * GRACE_MS }), WAIT)
})

test('a claim of an answer without a channel for an agent does not count', (t) => {
  t.deepEqual(verdict({ there: listAt(1000, { ...answers, agent: 'none' }) }), WAIT)
})

const silent = (runsForMs: number) => listAt(1000, { agent: 'silent', runsForMs })

test('a guest with a channel may need long to boot', (t) => {
  t.deepEqual(verdict({ there: silent(AGENT_GRACE_MS - 1) }), WAIT)
  t.like(verdict({ there: silent(AGENT_GRACE_MS) }), { how: 'running', agoMs: 1000 })
})

test('a guest whose agent answered before the fault is not back without it', (t) => {
  const before = listAt(0, { agent: 'answers', runsForMs: HOUR, answersForMs: HOUR })
  t.deepEqual(verdict({ there: silent(HOUR), before }), WAIT)
  t.like(verdict({ there: listAt(1000, answers), before }), { how: 'agent' })
})

test('a guest whose agent had not answered in a long run before the fault has none', (t) => {
  t.like(verdict({ there: silent(GRACE_MS), before: silent(HOUR) }), { how: 'running' })
  t.deepEqual(verdict({ there: silent(GRACE_MS), before: silent(1000) }), WAIT, 'it was booting')
})

for (const vmState of ['stopped', 'paused', 'suspended', 'error']) {
  test(`nothing is expected of a guest that was ${vmState} before the fault`, (t) => {
    const move = awaitedRow({ origin: { ...RUNNING, vmState } })
    const reason = `it was ${vmState} before the fault`
    t.deepEqual(verdict({ there: listAt(1000, answers) }, move), { kind: 'not-expected', reason })
  })
}

test('a guest is followed for a limited time, and then its move says what was found', (t) => {
  const found = (sight: Partial<GuestSight>): string => {
    t.deepEqual(verdict({ ...sight, nowMs: FOLLOWED_MS - 1 }), WAIT)
    const given = verdict({ ...sight, nowMs: FOLLOWED_MS })
    return given.kind === 'give-up' ? given.reason : given.kind
  }
  t.is(found({}), 'the instance monitor of its host was not heard')
  t.is(found({ there: listAt(0, answers) }), 'the instance monitor of its host was not heard')
  t.is(found({ there: listAt(1000) }), 'its host does not run it')
  t.is(found({ there: silent(1000) }), 'it runs, and its agent does not answer')
  t.is(
    found({ there: listAt(1000, { agent: 'none' }) }),
    'it did not run for long enough without a break',
  )
  const sight = { nowMs: FOLLOWED_MS + 5, followedSinceMs: 6 }
  t.deepEqual(verdict(sight), WAIT, 'a new leader follows it anew')
})

const FOUND = 'its host does not run it'
const stop = (user: string | null): InstanceAction => ({ action: 'stop', user, startedAt: 0 })

const WORDS = [
  ['active', [], 'not_heard', FOUND],
  ['stopped', [stop('an owner')], 'not_expected', 'its user has stopped it'],
  ['stopped', [stop(null)], 'not_heard', `Nova calls it stopped, and ${FOUND}`],
  ['error', [], 'not_heard', `Nova calls it error, and ${FOUND}`],
  ['paused', [], 'not_expected', 'it is paused'],
] as const

for (const [vmState, actions, state, reason] of WORDS) {
  test(`a guest that was not heard, of an instance that is ${vmState}: ${reason}`, (t) => {
    const instance = instanceRow({ host: TWO, vmState })
    t.deepEqual(lastWord(awaitedRow(), FOUND, instance, actions), { state, reason })
  })
}

test('nothing is expected of a guest that is gone or has left the host', (t) => {
  const elsewhere = instanceRow({ host: THREE })
  t.is(lastWord(awaitedRow(), FOUND, undefined, []).reason, 'it was deleted')
  t.is(lastWord(awaitedRow(), FOUND, elsewhere, []).reason, 'it has left that host')
})

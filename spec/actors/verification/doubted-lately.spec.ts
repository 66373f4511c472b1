/** Whether a host has come into doubt lately, as the storm guard asks it. */
import test from 'ava'
import { evidenceOf } from '../../../actors/dedup-window/incident.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { H1 } from '../records.ts'

const never = (): never => {
  throw new Error('nothing is scheduled')
}

type Said = readonly [observer: string, state: HostState, heardAtMs: number]

const CASES: Readonly<Record<string, readonly [lately: boolean, ...Said[]]>> = {
  'a host that nobody has spoken of is not in doubt': [false],
  'a host that is seen alive is not in doubt': [false, ['a', 'alive', 95]],
  'one observer who suspects it is enough': [true, ['a', 'alive', 95], ['b', 'suspect', 95]],
  'a doubt from suspicion to death is one doubt': [false, ['a', 'suspect', 40], ['a', 'dead', 95]],
  'a doubt that began lately counts': [true, ['a', 'suspect', 60], ['a', 'dead', 95]],
  'a doubt that nobody has repeated is over': [false, ['a', 'dead', 60]],
  'a doubt after a sign of life is a new one': [
    true,
    ['a', 'dead', 40],
    ['a', 'alive', 70],
    ['a', 'dead', 95],
  ],
  'the first one to doubt it says since when': [
    false,
    ['a', 'dead', 40],
    ['a', 'dead', 95],
    ['b', 'suspect', 95],
  ],
}

for (const [title, [lately, ...said]] of Object.entries(CASES)) {
  test(title, (t) => {
    const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0, schedule: never }
    const observations = new HostObservations(clock, 10)
    for (const [observer, state, heardAtMs] of said) {
      clock.nowMs = heardAtMs
      observations.note(H1, { observer, state, evidence: [] })
    }
    clock.nowMs = 100
    t.is(observations.doubtedLately(H1, 50), lately)
  })
}

test('a host is lost since the first doubt, also when its observer was blind meanwhile', (t) => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0, schedule: never }
  const observations = new HostObservations(clock, 10)
  const say = (state: HostState, heardAtMs: number): void => {
    clock.nowMs = heardAtMs
    observations.note(H1, { observer: 'a', state, evidence: [] })
  }
  say('dead', 40)
  say('blind', 60)
  say('dead', 95)
  t.is(observations.lostSince(H1), 40)
  t.is(observations.doubtedSince(H1), 95)
  say('alive', 97)
  t.is(observations.lostSince(H1), undefined)
  say('dead', 99)
  t.is(observations.lostSince(H1), 99)
})

test('an observation says since when its observer doubts the host, and in which trace', (t) => {
  const clock = new VirtualClock()
  const observations = new HostObservations(clock, 60_000)
  const say = (state: HostState, trace: string): void =>
    observations.note('one', { observer: 'monitor-1', state, evidence: [] }, trace)
  const doubts = (): readonly unknown[] => observations.of('one').map(({ doubt }) => doubt)
  const sinceWallMs = clock.wallMs()
  say('suspect', 'first')
  say('dead', 'first')
  t.deepEqual(doubts(), [{ sinceWallMs, trace: 'first' }])
  t.regex(
    evidenceOf(observations.of('one')).join(),
    /^monitor-1: dead \(suspected since .*Z, trace first\)$/,
  )
  say('alive', 'first')
  t.deepEqual(doubts(), [undefined])
  say('suspect', 'second')
  t.deepEqual(doubts(), [{ sinceWallMs, trace: 'second' }])
})

/** Observers that contradict each other, or what the leader sees: who is believed, who is doubted, and when the leader looks. */
import test from 'ava'
import {
  judgeTestimony,
  mustLook,
  type Testimony,
} from '../../../actors/dedup-window/contradiction.ts'
import type { Incident } from '../../../actors/dedup-window/incident.ts'
import type { WindowEffect } from '../../../actors/dedup-window/window-state.ts'
import type { Finding } from '../../../actors/verification/look.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { observationsAt, windowOf, type Happening, type Moment, type Spoken } from './hearing.ts'
import { H1, N1, ONE, SEGMENT, UNSEEN, hostRow, notificationRow } from '../records.ts'
import { WINDOW_RULES } from '../window-rules.ts'

const after = windowOf(WINDOW_RULES)

const said = (observer: string, state: HostState, atMs: number): Spoken => ({
  type: 'window.observed',
  observed: {
    host: H1,
    hostName: ONE,
    segment: SEGMENT,
    observer,
    state,
    evidence: [],
  },
  atMs,
})
const saw = (finding: Finding, atMs: number): Happening => ({
  type: 'window.host-looked',
  host: H1,
  look: { ...UNSEEN, finding, atMs },
  atMs,
})
const reported = (atMs: number): Happening => ({
  type: 'window.looked',
  part: 'page',
  unfinished: [
    {
      notification: notificationRow({ status: 'new' }),
      host: hostRow(),
      control: { kind: 'running' },
      commandCount: 0,
    },
  ],
  atMs,
})

interface Told extends Moment {
  readonly last: readonly WindowEffect[]
}

function tell(...happenings: readonly Happening[]): Told {
  const moment = after(happenings)
  return { ...moment, last: after(happenings.slice(-1), after(happenings.slice(0, -1))).effects }
}

const count = (effects: readonly WindowEffect[], type: WindowEffect['type']): number =>
  effects.filter((effect) => effect.type === type).length
const incidentOf = ({ state }: Told): Incident => {
  const incident = state.incidents.get(H1)
  if (incident === undefined) throw new Error('nothing was said of the host')
  return incident
}
const testimonyOf = (told: Told, nowMs: number): Testimony => {
  const { freshMs } = WINDOW_RULES
  const observations = observationsAt(told.spoken, { host: H1, nowMs, freshMs })
  return { ...incidentOf(told), observations }
}
const verdictOf = (told: Told, nowMs: number) =>
  judgeTestimony(testimonyOf(told, nowMs), WINDOW_RULES, nowMs)

test('observers that contradict each other have the leader look, once at a time and once an interval', (t) => {
  const both = [said('one', 'alive', 0), said('two', 'dead', 10)]
  t.is(count(tell(...both).effects, 'host.look'), 1)
  t.is(count(tell(...both, said('two', 'dead', 20)).effects, 'host.look'), 1)
  const seen = [...both, saw('nothing', 3000)]
  t.is(count(tell(...seen, said('two', 'dead', 7900)).effects, 'host.look'), 1)
  t.is(count(tell(...seen, said('two', 'dead', 8000)).effects, 'host.look'), 2)
})

test('observers that agree need no look', (t) => {
  t.is(count(tell(said('one', 'dead', 0), said('two', 'dead', 1)).effects, 'host.look'), 0)
  t.is(count(tell(said('one', 'alive', 0), said('two', 'alive', 1)).effects, 'host.look'), 0)
})

const LONE = [said('one', 'alive', 0), said('two', 'dead', 0)]

test('a lone voice of life is overruled when the leader reads the power as off', (t) => {
  const told = tell(...LONE, saw('off', 3000))
  t.is(verdictOf(told, 3000), 'dead')
  t.is(count(told.last, 'fault.report'), 1)
})

for (const finding of ['nothing', 'answers', 'beating', 'alive'] as const) {
  test(`a lone voice of life keeps its benefit when the leader finds ${finding}`, (t) => {
    const told = tell(...LONE, saw(finding, 3000))
    t.is(verdictOf(told, 3000), 'alive')
    t.is(count(told.effects, 'fault.report'), 0)
  })
}

test('what the leader read is good for as long as a word, and then life is believed again', (t) => {
  const later = [said('one', 'alive', 17_000), said('two', 'dead', 17_000)]
  t.is(verdictOf(tell(...LONE, saw('off', 3000), ...later), 18_000), 'dead')
  t.is(verdictOf(tell(...LONE, saw('off', 1000), ...later), 18_000), 'alive')
})

test('more voices of life than of death are not lone', (t) => {
  const told = tell(said('one', 'alive', 0), said('two', 'alive', 0), said('three', 'dead', 0))
  const { state } = after([saw('off', 3000)], told)
  t.is(verdictOf({ ...told, state }, 3000), 'alive')
})

const CALLED_DEAD = [said('one', 'dead', 0), said('two', 'dead', 0)]

for (const finding of ['alive', 'beating'] as const) {
  test(`observers that call a host dead which the leader finds ${finding} are doubted`, (t) => {
    const told = tell(...CALLED_DEAD, saw(finding, 100))
    t.is(verdictOf(told, 100), 'unclear')
    t.is(count(told.effects, 'fault.report'), 1, 'the one before the look')
    const later = tell(
      ...CALLED_DEAD,
      saw(finding, 100),
      said('one', 'dead', 31_000),
      said('two', 'dead', 31_000),
    )
    t.is(count(later.effects, 'fault.report'), 1)
    t.is(verdictOf(later, 31_000), 'unclear')
  })
}

test('a doubt ends after its time', (t) => {
  const told = tell(
    ...CALLED_DEAD,
    saw('alive', 100),
    said('one', 'dead', 60_000),
    said('two', 'dead', 60_000),
  )
  t.is(verdictOf(told, 60_099), 'unclear')
  t.is(verdictOf(told, 60_100), 'dead')
})

test('an observer that was not wrong is not doubted', (t) => {
  const told = tell(said('one', 'dead', 0), said('two', 'alive', 0), saw('alive', 100))
  t.deepEqual([...incidentOf(told).doubtedUntilMs.keys()], ['one'])
})

test('doubted words that would make a quorum have the leader look again', (t) => {
  const told = tell(...CALLED_DEAD, saw('alive', 100))
  t.false(mustLook(testimonyOf(told, 5000), WINDOW_RULES, 5000))
  t.true(mustLook(testimonyOf(told, 5100), WINDOW_RULES, 5100))
})

for (const finding of ['off', 'nothing'] as const) {
  test(`when the leader then finds ${finding}, the doubt is over and the host is reported at once`, (t) => {
    const told = tell(
      ...CALLED_DEAD,
      saw('alive', 100),
      said('one', 'dead', 6000),
      said('two', 'dead', 6000),
      saw(finding, 9000),
    )
    t.is(verdictOf(told, 9000), 'dead')
    t.is(count(told.last, 'fault.report'), 1)
  })
}

test('another look that sees life forgets no doubt', (t) => {
  const told = tell(
    ...CALLED_DEAD,
    saw('alive', 100),
    said('one', 'alive', 4000),
    saw('alive', 6000),
  )
  t.deepEqual(
    [...incidentOf(told).doubtedUntilMs],
    [
      ['one', 60_100],
      ['two', 66_000],
    ],
  )
})

test('a report that a lone observer contradicts has the leader look, and goes on when the power is off', (t) => {
  const told = tell(said('one', 'alive', 0), reported(100))
  t.is(count(told.last, 'host.look'), 1)
  t.is(count(told.last, 'tell'), 0)
  const again = tell(said('one', 'alive', 0), reported(100), saw('off', 3000), reported(4000))
  t.like(again.last[0], {
    type: 'tell',
    message: {
      type: 'leader.recover',
      objection: null,
      unfinished: { notification: { uuid: N1 } },
    },
  })
})

test('of many hosts at once only sixteen are looked at', (t) => {
  const hosts = Array.from({ length: 40 }, (_, index) => `host-${index}`)
  const contradicted = hosts.flatMap((host) => {
    const both = [said('one', 'alive', 0), said('two', 'dead', 0)]
    return both.map((each) => ({ ...each, observed: { ...each.observed, host } }))
  })
  t.is(count(after(contradicted).effects, 'host.look'), 16)
})

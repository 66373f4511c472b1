/** Nobody has a voice about hosts but registered observers, about no hosts but registered ones; all others are counted, not kept. */
import test from 'ava'
import { dedupWindow } from '../../../actors/dedup-window/dedup-window.ts'
import { EMPTY_WINDOW, type DedupWindowState } from '../../../actors/dedup-window/window-state.ts'
import {
  HostObservations,
  HOSTS_MAX,
  OBSERVERS_MAX,
} from '../../../actors/verification/host-observations.ts'
import { newIncident } from '../../../actors/dedup-window/incident.ts'
import { RosterKeeper } from '../../../actors/dedup-window/roster-keeper.ts'
import { refOf } from '../../../actors/registry.ts'
import { assignedTo } from '../../../actors/verification/assignment.ts'
import { Roster, type HeardObservation } from '../../../actors/dedup-window/roster.ts'
import { CodedError } from '../../../schema/errors.ts'
import { hostName, segmentId } from '../../../schema/ids.ts'
import type { HostObserved } from '../../../schema/messages/observation.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { H1, N1, ONE, SEGMENT } from '../records.ts'
import { WINDOW_RULES } from '../window-rules.ts'

const RULES = { ...WINDOW_RULES, settleMs: 10_000 }
const MONITORS = ['monitor-1', 'monitor-2']
const REGISTERED = {
  hosts: [{ host: H1, hostName: ONE, segment: SEGMENT }],
  observers: MONITORS,
  monitors: [],
}

const said = (change: Partial<HostObserved> = {}): HostObserved => ({
  host: H1,
  hostName: ONE,
  segment: SEGMENT,
  observer: 'monitor-1',
  state: 'alive',
  evidence: ['ssh answered'],
  ...change,
})

let sequence = 0
/** It as a message, later than all before it. */
const heard = (change: Partial<HostObserved> = {}): HeardObservation => ({
  body: said(change),
  incarnation: 'first',
  sequence: (sequence += 1),
})

/** A roster of who is registered, and how many strangers it has counted. */
function rosterOf() {
  let strangers = 0
  const roster = new Roster(2, () => void (strangers += 1))
  roster.learn(REGISTERED, 0)
  return { roster, strangers: () => strangers }
}

test('a registered observer has a voice about a registered host', (t) => {
  t.deepEqual(rosterOf().roster.admit(heard()), said())
})

test('an observer that is not registered has none, for life or for death, and is counted', (t) => {
  const { roster, strangers } = rosterOf()
  t.is(roster.admit(heard({ observer: 'somebody' })), undefined)
  t.is(roster.admit(heard({ observer: 'somebody', state: 'dead' })), undefined)
  t.is(strangers(), 2)
})

test('of four monitors the two count that the host is assigned to, and a webhook counts for every host', (t) => {
  const names = ['m1', 'm2', 'm3', 'm4']
  const monitors = names.map((name) => ({ name, registeredAt: 1 }))
  const roster = new Roster(2, () => {})
  roster.learn({ ...REGISTERED, observers: [...names, 'alerts'], monitors }, 0)
  const counted = [...names, 'alerts'].filter(
    (observer) => roster.admit(heard({ observer, state: 'alive' })) !== undefined,
  )
  const running = new Map(names.map((name) => [name, 'running' as const]))
  t.deepEqual(counted, [...assignedTo(H1, running, 2).toSorted(), 'alerts'])
  t.is(
    roster.admit(
      heard({ observer: names.find((name) => !counted.includes(name)) ?? '', state: 'dead' }),
    ),
    undefined,
  )
})

test('when a monitor stops registering, the next one counts too, and at last the gone one does not', (t) => {
  const names = ['m1', 'm2', 'm3', 'm4']
  const roster = new Roster(2, () => {})
  const [gone = ''] = assignedTo(H1, new Map(names.map((name) => [name, 'running' as const])), 2)
  const heardAfter = (looks: number): readonly string[] => {
    for (let look = 0; look < looks; look += 1) {
      const monitors = names.map((name) => ({ name, registeredAt: name === gone ? 0 : time }))
      roster.learn({ ...REGISTERED, observers: names, monitors }, time)
      time += 10_000
    }
    return names.filter((observer) => roster.admit(heard({ observer })) !== undefined)
  }
  let time = 0
  t.is(heardAfter(1).length, 2)
  const unsure = heardAfter(3)
  t.is(unsure.length, 3)
  t.true(unsure.includes(gone))
  const after = heardAfter(6)
  t.is(after.length, 2)
  t.false(after.includes(gone))
})

test('name and segment of a host are those that it is registered with', (t) => {
  const lie = said({ hostName: hostName('compute-9'), segment: segmentId('another') })
  t.like(rosterOf().roster.admit({ ...heard(), body: lie }), {
    host: H1,
    hostName: ONE,
    segment: SEGMENT,
  })
})

test('what an observer has said once does not count a second time, and a new life of it does', (t) => {
  const { roster, strangers } = rosterOf()
  const [early, late] = [heard(), heard({ state: 'dead' })]
  t.like(roster.admit(late), { state: 'dead' })
  t.is(roster.admit(late), undefined)
  t.is(roster.admit(early), undefined)
  t.is(strangers(), 2)
  t.like(roster.admit({ ...heard(), incarnation: 'second', sequence: 1 }), { state: 'alive' })
})

test('before the roster is read nobody has a voice', (t) => {
  t.is(new Roster(2, () => {}).admit(heard()), undefined)
})

test('70,000 invented hosts and observers leave nothing but a number', (t) => {
  const { roster, strangers } = rosterOf()
  const observations = new HostObservations(new VirtualClock(), 15_000)
  for (let number = 0; number < 70_000; number += 1) {
    for (const change of [{ host: `invented-${number}` }, { observer: `invented-${number}` }]) {
      const admitted = roster.admit(heard(change))
      if (admitted !== undefined) observations.note(admitted.host, admitted)
    }
  }
  t.is(observations.size, 0)
  t.is(strangers(), 140_000)
})

test('hosts and observers that were registered one after another are kept up to a bound', (t) => {
  const observations = new HostObservations(new VirtualClock(), 15_000)
  for (let number = 0; number < HOSTS_MAX + 100; number += 1) {
    observations.note(`host-${number}`, said())
    observations.note(H1, said({ observer: `monitor-${number}` }))
  }
  t.is(observations.size, HOSTS_MAX)
  t.is(observations.of(H1).length, OBSERVERS_MAX)
  const latest = `monitor-${HOSTS_MAX + 99}`
  t.true(observations.of(H1).some(({ observer }) => observer === latest))
})

test('the window keeps no more hosts than its bound, and those with an open report', (t) => {
  const behaviour = dedupWindow(RULES, refOf('leader', '1'))
  const open = { ...newIncident(said()), open: N1 }
  let state: DedupWindowState = { ...EMPTY_WINDOW, incidents: new Map([[H1, open]]) }
  for (let number = 0; number < HOSTS_MAX; number += 1) {
    const observed = said({ host: `other-${number}` })
    ;[state] = behaviour(state, {
      type: 'window.observed',
      observed,
      observations: [],
      atMs: number,
    })
  }
  t.true(state.incidents.size <= HOSTS_MAX)
  t.is(state.incidents.get(H1), open)
})

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function keeping(read: () => Promise<typeof REGISTERED>) {
  const clock = new VirtualClock()
  const roster = new Roster(2, () => {})
  const keeper = new RosterKeeper({ clock, store: { readRoster: read } }, roster)
  const ending = new AbortController()
  const kept = keeper.keep(ending.signal)
  return {
    roster,
    keeper,
    pass: (forMs: number) => clock.pass(forMs, settle),
    async [Symbol.asyncDispose]() {
      ending.abort()
      await kept
    },
  }
}

test('an observer that registers has a voice within a second of its first words, however loud strangers are', async (t) => {
  let reads = 0
  let names = { ...REGISTERED, observers: [] as string[] }
  await using world = keeping(async () => {
    reads += 1
    return names
  })
  await world.pass(5000)
  t.is(reads, 1)
  names = REGISTERED
  t.is(world.roster.admit(heard()), undefined)
  for (let word = 0; word < 1000; word += 1) world.keeper.expedite()
  await world.pass(10)
  t.deepEqual(world.roster.admit(heard()), said())
  t.is(reads, 2)
  for (let second = 0; second < 10; second += 1) {
    for (let word = 0; word < 1000; word += 1) world.keeper.expedite()
    await world.pass(1000)
  }
  t.true(reads <= 13, `${reads} reads`)
})

test('while the store is away the roster stays as it was', async (t) => {
  let isAway = false
  await using world = keeping(async () => {
    if (isAway) throw new CodedError('STORE_UNAVAILABLE', 'away')
    return REGISTERED
  })
  await world.pass(100)
  isAway = true
  await world.pass(60_000)
  t.deepEqual(world.roster.admit(heard()), said())
})

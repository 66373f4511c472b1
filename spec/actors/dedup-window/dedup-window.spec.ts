/** The dedup window folds what is said about one host into one incident, and hands on what is unfinished. */
import test from 'ava'
import {
  EMPTY_WINDOW,
  type DedupWindowMessage,
  type WindowEffect,
} from '../../../actors/dedup-window/window-state.ts'
import type { Tell } from '../../../actors/kernel/behaviour.ts'
import type { UnfinishedRecovery } from '../../../actors/ports/store.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import type { Notification } from '../../../schema/records.ts'
import { H1, N1, N2, ONE, SEGMENT, hostRow, notificationRow } from '../records.ts'
import { JUST_BEGUN, SETTLED, windowOf, type Happening, type Moment } from './hearing.ts'
import { WINDOW_RULES } from '../window-rules.ts'
import { timer } from '../step-table.ts'

const RULES = { ...WINDOW_RULES, freshMs: 9000 }
/** Where the messages lead from a moment, and all that was asked for on the way. */
const after = windowOf(RULES)

const observed = (observer: string, state: HostState, atMs: number): Happening => ({
  type: 'window.observed',
  observed: {
    host: H1,
    hostName: ONE,
    segment: SEGMENT,
    observer,
    state,
    evidence: [`ssh looks ${state}`],
  },
  atMs,
})
const looked = (atMs: number, ...unfinished: readonly UnfinishedRecovery[]): Happening => ({
  type: 'window.looked',
  part: 'page',
  unfinished,
  atMs,
})
const unfinished = (change: Partial<Notification> = {}): UnfinishedRecovery => ({
  notification: notificationRow(change),
  host: hostRow(),
  control: { kind: 'running' },
  commandCount: 0,
})

const reports = (effects: readonly WindowEffect[]): number =>
  effects.filter(({ type }) => type === 'fault.report').length
const told = (effects: readonly WindowEffect[]): readonly Tell['message'][] =>
  effects.flatMap((effect) => (effect.type === 'tell' ? [effect.message] : []))
const recovered = (effects: readonly WindowEffect[]): readonly unknown[] =>
  told(effects).filter(({ type }) => type === 'leader.recover')

const lookLater = timer<DedupWindowMessage>('look', 2000, { type: 'window.look-due' })
const REPORT: WindowEffect = {
  type: 'fault.report',
  host: H1,
  hostName: ONE,
  repeated: false,
}
/** Two observers that come to agree. */
const QUORUM = [observed('b', 'suspect', 0), observed('a', 'dead', 1), observed('b', 'dead', 2)]

test('a window begins by looking at once, and listens for a while before it judges', (t) => {
  const { state, effects } = after([{ type: 'window.begin' }], JUST_BEGUN)
  t.deepEqual(state, { ...EMPTY_WINDOW, looking: true })
  t.deepEqual(effects, [
    timer<DedupWindowMessage>('settle', 6000, { type: 'window.settled' }),
    { type: 'unfinished.read', part: 'page', afterId: 0 },
    lookLater,
  ])
})

test('a quorum before the window has settled reports nothing', (t) => {
  t.is(reports(after(QUORUM, JUST_BEGUN).effects), 0)
})

test('a quorum reports the host, and the next words about it report nothing', (t) => {
  const reported = after(QUORUM)
  const [early, ...effects] = reported.effects
  t.like(early, { type: 'host.probe-early', host: H1 })
  t.deepEqual(effects, [REPORT])
  t.is(
    reports(after([observed('a', 'dead', 3), observed('b', 'dead', 30_001)], reported).effects),
    0,
  )
})

test('a host that is still dead after the quiet time is reported again', (t) => {
  const again = [observed('a', 'dead', 30_001), observed('b', 'dead', 30_002)]
  t.is(reports(after(again, after(QUORUM)).effects), 1)
})

test('the leader begins to ask a host at the first doubt, and again only after it was seen alive', (t) => {
  const probes = (happenings: readonly Happening[], from?: Moment) =>
    after(happenings, from).effects.filter(({ type }) => type === 'host.probe-early').length
  t.is(probes([observed('a', 'alive', 0), observed('a', 'blind', 1)]), 0)
  const doubted = [observed('a', 'suspect', 2), observed('b', 'suspect', 3), ...dead(4)]
  t.is(probes(doubted), 1)
  t.is(probes([...dead(60_000)], after(doubted)), 0)
  t.is(
    probes([observed('a', 'alive', 60_000), observed('a', 'suspect', 60_001)], after(doubted)),
    1,
  )
})

/** Two observers that say so. */
const dead = (atMs: number): readonly Happening[] => [
  observed('a', 'dead', atMs),
  observed('b', 'dead', atMs + 1),
]

test('a dead host that an operator keeps out is looked at again soon, as often as it takes', (t) => {
  let moment = after(QUORUM)
  for (const atMs of [100, 10_200, 20_300, 30_400]) {
    const kept = after([{ type: 'window.kept-out', host: H1, atMs }, ...dead(atMs + 9990)], moment)
    t.is(reports(kept.effects), 0)
    const next = after(dead(atMs + 10_000), kept)
    t.deepEqual(next.effects, [{ ...REPORT, repeated: true }])
    moment = next
  }
})

test('each report about a host that stays dead makes the next one wait longer, until it is seen alive', (t) => {
  const twice = after([...dead(0), ...dead(30_002)])
  t.is(reports(after(dead(90_000), twice).effects), 0)
  t.is(reports(after(dead(90_003), twice).effects), 1)
  const back = [observed('a', 'alive', 40_000), observed('b', 'alive', 40_001)]
  const reported = after([...back, ...dead(91_000)], twice)
  t.is(reports(reported.effects), 1)
  t.is(reports(after(dead(121_002), reported).effects), 1)
})

test('one observer of two that sees it alive keeps a host from being reported', (t) => {
  const words = [observed('a', 'alive', 1), observed('b', 'dead', 2), observed('b', 'dead', 3)]
  t.is(reports(after(words).effects), 0)
})

test('an open incident takes new words in and reports nothing', (t) => {
  const open = after([observed('a', 'dead', 1), looked(2, unfinished())])
  t.is(open.state.incidents.get(H1)?.open, N1)
  const { effects } = after([observed('a', 'dead', 40_000), observed('b', 'dead', 40_001)], open)
  t.deepEqual(effects, [])
})

test('a host that is seen alive calls its open recovery off', (t) => {
  const open = after([observed('a', 'dead', 1), looked(2, unfinished())])
  t.deepEqual(told(after([observed('b', 'alive', 3)], open).effects), [
    {
      type: 'leader.host-alive',
      segment: SEGMENT,
      host: H1,
      reason: 'compute-1 was seen alive by b',
    },
  ])
})

test('a host that is seen alive without a recovery is nobody’s business', (t) => {
  t.deepEqual(after([observed('a', 'alive', 1)]).effects, [])
})

test('everything unfinished is handed on at each look, with all that was said about it', (t) => {
  const first = after([observed('a', 'dead', 1), looked(2, unfinished())])
  const recover = {
    type: 'leader.recover',
    unfinished: unfinished(),
    evidence: [
      'reported as COMPUTE_HOST: event STOPPED, cluster_status OFFLINE, host_status NORMAL',
      'a: dead (suspected since 2026-01-01T00:00:00.000Z): ssh looks dead',
    ],
    objection: null,
  }
  t.deepEqual(recovered(first.effects), [recover])
  t.deepEqual(recovered(after([looked(3, unfinished())], first).effects), [recover])
})

test('an incident closes when its notification is unfinished no longer', (t) => {
  const { state } = after([observed('a', 'dead', 1), looked(2, unfinished()), looked(3)])
  t.is(state.incidents.get(H1)?.open, null)
})

test('a store that is away ends the look and changes nothing else', (t) => {
  const before = after([observed('a', 'dead', 1), looked(2, unfinished())])
  const looking = { ...before, state: { ...before.state, looking: true } }
  const away: Happening = { type: 'window.looked', part: 'page', unfinished: undefined, atMs: 3 }
  t.deepEqual(after([away], looking), { ...before, effects: [] })
})

test('a fresh report about a host that is seen alive is held back', (t) => {
  const { effects, state } = after([observed('a', 'alive', 1), looked(2, unfinished())])
  t.deepEqual(recovered(effects), [])
  t.is(state.contradicted.get(N1), 2)
})

test('a window that was restarted holds it back by what observers had said before', (t) => {
  const { spoken } = after([observed('a', 'alive', 1)])
  const { effects, state } = after([looked(2, unfinished())], { ...SETTLED, spoken })
  t.deepEqual(recovered(effects), [])
  t.is(state.contradicted.get(N1), 2)
})

test('a report about a host that stays alive is refused after a while', (t) => {
  const held = after([observed('a', 'alive', 1), looked(2, unfinished())])
  const later = [observed('a', 'alive', 60_001), looked(60_002, unfinished())]
  t.like(recovered(after(later, held).effects)[0], {
    objection: 'the host is alive all the time: a: alive: ssh looks alive',
  })
})

test('a report is acted on once its host is not seen alive any more', (t) => {
  const held = after([observed('a', 'alive', 1), looked(2, unfinished())])
  const { effects, state: next } = after([looked(9002, unfinished())], held)
  t.like(recovered(effects)[0], { objection: null })
  t.is(next.contradicted.size, 0)
})

for (const [what, change] of [
  ['a recovery that runs', { status: 'running' }],
  ['a report about a guest', { type: 'VM' }],
  ['a report that a host starts', { payload: { event: 'STARTED' } }],
] as const) {
  test(`${what} is handed on although its host is alive`, (t) => {
    const { effects } = after([observed('a', 'alive', 1), looked(2, unfinished(change))])
    t.is(recovered(effects).length, 1)
  })
}

test('a window that has just begun listens before it believes a report', (t) => {
  t.deepEqual(recovered(after([looked(2, unfinished())], JUST_BEGUN).effects), [])
  const suspect = [observed('a', 'suspect', 1), looked(2, unfinished())]
  t.deepEqual(recovered(after(suspect, JUST_BEGUN).effects), [])
  const settled = [{ type: 'window.settled' } as const, looked(6000, unfinished())]
  t.is(recovered(after(settled, JUST_BEGUN).effects).length, 1)
})

test('a window that has just begun hands on what its observers confirm, and what has begun', (t) => {
  const confirmed = [observed('a', 'dead', 1), looked(2, unfinished())]
  t.is(recovered(after(confirmed, JUST_BEGUN).effects).length, 1)
  const begun = [looked(2, unfinished({ status: 'running' }))]
  t.is(recovered(after(begun, JUST_BEGUN).effects).length, 1)
})

test('a stored notification is looked at without waiting for the next turn', (t) => {
  t.deepEqual(after([{ type: 'window.notified' }]).effects, [
    { type: 'unfinished.read', part: 'new', afterId: 0 },
  ])
})

test('a notification that comes during a look leads to one more look', (t) => {
  const [first, second] = [{ type: 'window.notified' }, { type: 'window.notified' }] as const
  const { effects } = after([{ type: 'window.look-due' }, first, second, looked(5), looked(6)])
  t.is(effects.filter(({ type }) => type === 'unfinished.read').length, 2)
})

test('our own accepted report is looked at once', (t) => {
  const acceptance = { kind: 'accepted', ...unfinished() } as const
  const message = { type: 'window.reported', host: H1, acceptance, atMs: 3 } as const
  t.deepEqual(after([message]).effects, [{ type: 'unfinished.read', part: 'new', afterId: 0 }])
})

test('a recovery of an instance that was just stored is handed on without a look', (t) => {
  const payload = { instance_uuid: 'i-1', event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED' }
  const recovery = unfinished({ type: 'VM', payload })
  const observations = [
    { observer: 'a', state: 'alive', evidence: ['ssh looks alive'], seenAtWallMs: 0 },
  ] as const
  const { effects, state } = after([{ type: 'window.began', begun: [{ recovery, observations }] }])
  t.is(effects.length, 1)
  t.like(recovered(effects)[0], { unfinished: recovery, objection: null })
  t.like(recovered(effects)[0], {
    evidence: [
      'reported as VM: instance_uuid i-1, event LIFECYCLE, vir_domain_event STOPPED_FAILED',
      'a: alive: ssh looks alive',
    ],
  })
  t.deepEqual(state, SETTLED.state)
})

for (const acceptance of [
  { kind: 'duplicate', of: N2 },
  { kind: 'on-maintenance' },
  { kind: 'unknown-host' },
] as const) {
  test(`our own report that is refused (${acceptance.kind}) is not repeated at once`, (t) => {
    const reported = after(QUORUM)
    const refused = { type: 'window.reported', host: H1, acceptance, atMs: 3 } as const
    t.deepEqual(after([refused], reported), { ...reported, effects: [] })
  })
}

test('our own report is repeated soon when the store is away', (t) => {
  const away = { type: 'window.reported', host: H1, acceptance: undefined, atMs: 100 } as const
  const next = after([away], after(QUORUM))
  t.is(reports(after([observed('a', 'dead', 1099)], next).effects), 0)
  t.is(reports(after([observed('a', 'dead', 1100)], next).effects), 1)
})

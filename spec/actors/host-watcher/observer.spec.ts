/** An observer says what its watchers see, again and again, and that it is blind when it cannot trust its eyes. */
import test from 'ava'
import * as fc from 'fast-check'
import { blindByCount, blindByStall } from '../../../actors/host-watcher/blindness.ts'
import type { WatchedHost } from '../../../actors/host-watcher/host-watcher.ts'
import {
  NEW_OBSERVER,
  observer,
  type ObserverEffect,
  type ObserverMessage,
  type ObserverState,
} from '../../../actors/host-watcher/observer.ts'
import type { Strays } from '../../../actors/host-watcher/membership.ts'
import type { KernelEffect } from '../../../actors/kernel/behaviour.ts'
import { hostId, hostName, type HostId } from '../../../schema/ids.ts'
import type { HostState } from '../../../schema/messages/observation.ts'
import { holds } from '../../support/holds.ts'
import { SEGMENT } from '../records.ts'

const RULES = {
  tickMs: 1000,
  repeatMs: 5000,
  anchorsMs: 2000,
  inventoryMs: 10_000,
  servicesMs: 10_000,
  companionsMs: 4000,
  regainMs: 8000,
  observersPerHost: 2,
}
const NODE = 'monitor-1'
const behaviour = observer(NODE, RULES)

type Effect = ObserverEffect | KernelEffect<ObserverMessage>

const idOf = (n: number): HostId => hostId(`host-${n}`)
const watchedHost = (n: number, fingerprint = '1'): WatchedHost => ({
  host: idOf(n),
  hostName: hostName(`compute-${n}`),
  segment: SEGMENT,
  ssh: undefined,
  power: undefined,
  problems: [],
  domains: [],
  maintenance: 'none',
  fingerprint,
})
const inventory = (...hosts: readonly WatchedHost[]): ObserverMessage => ({
  type: 'observer.inventory',
  inventory: { hosts, monitors: [{ name: NODE, registeredAt: 1 }] },
  atMs: 0,
})
const three = inventory(watchedHost(1), watchedHost(2), watchedHost(3))
const ticked = (atMs: number, bus: 'connected' | 'away' = 'connected'): ObserverMessage => ({
  type: 'observer.ticked',
  atMs,
  bus,
})
const CHANNELS = [{ channel: 'ssh', meaning: 'life', ageMs: 0 }]
const sees = (n: number, state: HostState): ObserverMessage => ({
  type: 'observer.watched',
  host: idOf(n),
  state,
  evidence: [`looks ${state}`],
  channels: CHANNELS,
  atMs: 0,
})
const allAlive = [1, 2, 3].map((n) => sees(n, 'alive'))

function after(...story: readonly ObserverMessage[]) {
  let state: ObserverState = NEW_OBSERVER
  let effects: readonly Effect[] = []
  for (const message of story) [state, effects] = behaviour(state, message)
  return { state, effects, said: said(effects) }
}

const said = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'observation.announce' ? [`${effect.watched.host} ${effect.state}`] : [],
  )

const children = (effects: readonly Effect[]): readonly string[] =>
  effects.flatMap((effect) =>
    effect.type === 'child.start' || effect.type === 'child.stop'
      ? [`${effect.type} ${effect.name}`]
      : [],
  )

test('an observer begins by reading its clock, and a tick that is due does so again', (t) => {
  t.deepEqual(after({ type: 'observer.begin' }).effects, [{ type: 'clock.read' }])
  t.deepEqual(after({ type: 'observer.tick-due' }).effects, [{ type: 'clock.read' }])
})

test('host whose settings cannot be read is misconfigured, with the reason, and is not probed', (t) => {
  const problems = ['control_attributes cannot be read']
  const broken: WatchedHost = { ...watchedHost(2), problems }
  const { state, effects } = after(inventory(watchedHost(1), broken), ticked(0))
  t.deepEqual(state.sights.get(idOf(2))?.evidence, problems)
  t.deepEqual(said(effects), ['host-1 blind', 'host-2 misconfigured'])
  t.deepEqual(children(after(inventory(watchedHost(1), broken)).effects), ['child.start host-1'])
  // A stall hides what was seen; this was never seen, and comes back with the next inventory.
  const stalled = after(inventory(broken), ticked(0), ticked(9000), inventory(broken))
  t.is(stalled.state.sights.get(idOf(2))?.state, 'misconfigured')
  const repaired = after(inventory(broken), inventory(watchedHost(2, 'new')))
  t.is(repaired.state.sights.get(idOf(2))?.state, 'blind')
  t.true(children(repaired.effects).includes('child.start host-2'))
})

test('the first tick reads the inventory, and ticks come again and again', (t) => {
  const { effects } = after(ticked(0))
  t.deepEqual(
    effects.map(({ type }) => type),
    [
      'timer.start',
      'anchors.ask',
      'inventory.read',
      'registration.renew',
      'services.read',
      'aggregates.read',
    ],
  )
  t.deepEqual(
    after(ticked(0), ticked(1000)).effects.map(({ type }) => type),
    ['timer.start'],
  )
})

test('a new host gets a watcher', (t) => {
  t.deepEqual(children(after(inventory(watchedHost(1))).effects), ['child.start host-1'])
})

test('a host that is watched already goes on being watched', (t) => {
  t.deepEqual(children(after(three, three).effects), [])
})

test('a host that is gone is watched no longer', (t) => {
  const { effects, state } = after(three, inventory(watchedHost(1), watchedHost(2)))
  t.deepEqual(children(effects), ['child.stop host-3'])
  t.false(state.sights.has(idOf(3)))
})

test('a host whose settings changed gets a new watcher', (t) => {
  const { effects } = after(inventory(watchedHost(1)), inventory(watchedHost(1, '2')))
  t.deepEqual(children(effects), ['child.stop host-1', 'child.start host-1'])
})

test('a store that is away changes nothing', (t) => {
  const away: ObserverMessage = { type: 'observer.inventory', inventory: undefined, atMs: 0 }
  t.deepEqual(after(three, away).state, after(three).state)
})

test('a change is said at once, except death', (t) => {
  t.deepEqual(after(three, ticked(0), sees(1, 'alive')).said, ['host-1 alive'])
  t.deepEqual(after(three, ticked(0), sees(1, 'suspect')).said, ['host-1 suspect'])
  t.deepEqual(after(three, ticked(0), sees(1, 'dead')).said, [])
})

test('death is said at the next tick', (t) => {
  const story = [three, ticked(0), ...allAlive, ticked(1000), sees(1, 'dead'), ticked(2000)]
  t.deepEqual(after(...story).said, ['host-1 dead'])
})

test('what does not change is said again after a while', (t) => {
  const story = [inventory(watchedHost(1)), ticked(0), sees(1, 'alive')]
  const ticks = [1000, 2000, 3000, 4000].map((at) => ticked(at))
  t.deepEqual(after(...story, ...ticks).said, [])
  t.deepEqual(after(...story, ...ticks, ticked(5000)).said, ['host-1 alive'])
})

test('a word of a watcher that was ended is not said', (t) => {
  t.deepEqual(after(three, ticked(0), sees(9, 'dead')).effects, [])
})

const MASS = [three, ticked(0), ...allAlive, sees(1, 'dead'), sees(2, 'dead'), sees(3, 'suspect')]

test('an observer to which most hosts seem to fail says that it is blind', (t) => {
  const { said: words, state } = after(...MASS, ticked(1000))
  t.is(state.kind, 'blind')
  t.is(state.reason, '3 of 3 hosts seem to fail at once: rather it is this observer')
  t.deepEqual(words, ['host-1 blind', 'host-2 blind', 'host-3 blind'])
})

test('a blind observer still says who is alive', (t) => {
  const story = [three, ticked(0), ...allAlive, sees(1, 'dead'), sees(2, 'dead'), ticked(1000)]
  t.deepEqual(after(...story).said, ['host-1 blind', 'host-2 blind', 'host-3 alive'])
})

test('an observer stays blind for a while after most hosts are well again', (t) => {
  const well = [...MASS, ticked(1000), sees(2, 'alive'), sees(3, 'alive')]
  const ticks = (until: number): readonly ObserverMessage[] =>
    Array.from({ length: (until - 1000) / 1000 }, (_, n) => ticked(2000 + n * 1000))
  t.is(after(...well, ...ticks(8000)).state.kind, 'blind')
  t.is(after(...well, ...ticks(9000)).state.kind, 'sighted')
})

test('an observer that stood still is blind, and forgets what it saw before', (t) => {
  const { state, said: words } = after(three, ticked(0), ...allAlive, ticked(4000))
  t.is(state.kind, 'blind')
  t.is(state.reason, 'this process stood still for 3000 ms')
  t.deepEqual(words, ['host-1 blind', 'host-2 blind', 'host-3 blind'])
})

test('an observer that does not reach the bus is blind, and hosts are not dead to it', (t) => {
  const story = [three, ticked(0), ...allAlive, sees(1, 'dead'), ticked(1000, 'away')]
  const { state, said: words } = after(...story)
  t.is(state.reason, 'this observer does not reach the bus')
  t.deepEqual(words, ['host-1 blind', 'host-2 alive', 'host-3 alive'])
})

test('an observer that reaches no anchor is blind until it reaches one again', (t) => {
  const reason = 'this observer reaches none of its anchors: router:22'
  const lost: ObserverMessage = { type: 'observer.anchors', unreached: reason }
  const found: ObserverMessage = { type: 'observer.anchors', unreached: undefined }
  const story = [three, ticked(0), ...allAlive, sees(1, 'dead'), lost, ticked(1000)]
  const { state, said: words } = after(...story)
  t.is(state.reason, reason)
  t.deepEqual(words, ['host-1 blind', 'host-2 alive', 'host-3 alive'])
  t.is(after(...story, found, ticked(2000)).state.kind, 'blind', 'old silence is not believed')
  const later = Array.from({ length: 8 }, (_, second) => ticked(2000 + second * 1000))
  t.is(after(...story, found, ...later).state.kind, 'sighted')
})

test('the anchors are asked every two seconds', (t) => {
  const asked = [0, 1000, 2000, 3000, 4000].map(
    (_, index, all) =>
      after(three, ...all.slice(0, index + 1).map((atMs) => ticked(atMs))).effects.filter(
        ({ type }) => type === 'anchors.ask',
      ).length,
  )
  t.deepEqual(asked, [1, 0, 1, 0, 1])
})

test('a host that an operator keeps out of service is on maintenance instead of dead, and alive when it lives', (t) => {
  const kept: WatchedHost = { ...watchedHost(1), maintenance: 'operator' }
  const story = [inventory(kept, watchedHost(2)), ticked(0), sees(2, 'alive')]
  t.deepEqual(after(...story, sees(1, 'alive')).said, ['host-1 alive'])
  t.deepEqual(after(...story, sees(1, 'suspect')).said, ['host-1 maintenance'])
  t.deepEqual(after(...story, sees(1, 'dead'), ticked(1000)).said, ['host-1 maintenance'])
  // It ends: what is seen is said at the next turn.
  const ended = [...story, sees(1, 'dead'), ticked(1000), inventory(watchedHost(1), watchedHost(2))]
  t.is(
    after(...ended, ...[2000, 3000, 4000, 5000, 6000].map((at) => ticked(at))).said[0],
    'host-1 dead',
  )
})

const monitorRows = (...names: readonly string[]) =>
  names.map((name) => ({ name, registeredAt: 1 }))
const watchedBy = (node: string, ...names: readonly string[]): readonly string[] => {
  const hosts = Array.from({ length: 60 }, (_, n) => watchedHost(n))
  const message: ObserverMessage = {
    type: 'observer.inventory',
    inventory: { hosts, monitors: monitorRows(...names) },
    atMs: 0,
  }
  return [...observer(node, RULES)(NEW_OBSERVER, message)[0].sights.keys()]
}

test('of five monitors each watches its share, and every host has two', (t) => {
  const names = ['m1', 'm2', 'm3', 'm4', 'm5']
  const all = names.flatMap((name) => watchedBy(name, ...names))
  t.is(all.length, 120)
  const counts = Object.values(Object.groupBy(all, (host) => host)).map((each) => each?.length)
  t.deepEqual([...new Set(counts)], [2])
})

test('an observer that is not registered yet watches what will be assigned to it, with those who have it', (t) => {
  const names = ['m1', 'm2', 'm3', 'm4', 'm5']
  t.deepEqual(watchedBy('m5', ...names.slice(0, 4)), watchedBy('m5', ...names))
})

const service = (host: string, fields: object = {}) => ({
  id: host,
  host: hostName(host),
  up: true,
  disabled: false,
  disabledReason: null,
  forcedDown: false,
  zone: null,
  writtenAt: 0,
  writtenAgoMs: 3000,
  ...fields,
})
const services = (...rows: readonly ReturnType<typeof service>[]): ObserverMessage => ({
  type: 'observer.services',
  services: rows,
  atMs: 20_000,
})

test('each watcher hears of its own service', (t) => {
  const { effects } = after(
    three,
    services(
      service('compute-1'),
      service('compute-2', { forcedDown: true, up: false }),
      service('compute-3', { writtenAgoMs: null }),
    ),
  )
  const words = effects.flatMap((effect) =>
    effect.type === 'tell' ? [[effect.to, effect.message]] : [],
  )
  t.deepEqual(words, [
    [
      'host-watcher/host-1',
      {
        type: 'watcher.compute',
        sign: 'writing',
        detail: 'nova-compute writes to Nova',
        writtenAtMs: 17_000,
        atMs: 20_000,
      },
    ],
    [
      'host-watcher/host-2',
      {
        type: 'watcher.compute',
        sign: 'withheld',
        detail: 'its service is forced down',
        writtenAtMs: 17_000,
        atMs: 20_000,
      },
    ],
  ])
})

const strayReports = (...story: readonly ObserverMessage[]) =>
  after(...story).effects.flatMap((effect) =>
    effect.type === 'strays.report' ? [[namesIn(effect.strays), namesIn(effect.found)]] : [],
  )
const namesIn = ({ unknownToCompute, unregistered }: Strays) =>
  [[...unknownToCompute], [...unregistered]] as const

test('hosts that only one side knows are found once, and again after they have been fine', (t) => {
  const odd = services(service('compute-1'), service('compute-2'), service('compute-9'))
  const well = services(service('compute-1'), service('compute-2'), service('compute-3'))
  const none = [[], []]
  const two = [['compute-3'], ['compute-9']]
  t.deepEqual(strayReports(three, odd), [[two, two]])
  t.deepEqual(strayReports(three, odd, odd), [])
  t.deepEqual(strayReports(three, odd, well), [[none, none]])
  t.deepEqual(strayReports(three, odd, well, odd), [[two, two]])
  t.deepEqual(strayReports(three, well), [[none, none]], 'it is known that every host is fine')
  t.deepEqual(strayReports(odd), [], 'nothing is known of the registered hosts yet')
  const away: ObserverMessage = { type: 'observer.services', services: undefined, atMs: 0 }
  t.deepEqual(strayReports(three, away), [])
})

for (const [failing, watched, blind] of [
  [1, 1, false],
  [2, 2, true],
  [1, 2, false],
  [2, 3, true],
  [2, 4, false],
  [3, 4, true],
  [5, 10, false],
  [6, 10, true],
] as const) {
  test(`${failing} failing hosts of ${watched} ${blind ? 'make' : 'do not make'} blind`, (t) => {
    const states = Array.from({ length: watched }, (_, n): HostState =>
      n < failing ? 'dead' : 'alive',
    )
    t.is(blindByCount(states) !== undefined, blind)
    t.is(blindByCount([...states, 'misconfigured', 'blind']) !== undefined, blind)
  })
}

test('a late tick is a stall from one and a half seconds on', (t) => {
  t.is(blindByStall(2499, 1000), undefined)
  t.is(blindByStall(2500, 1000), 'this process stood still for 1500 ms')
})

const hosts = fc.integer({ min: 1, max: 4 })
const states = fc.constantFrom<HostState>('alive', 'suspect', 'dead', 'blind', 'misconfigured')
const events = fc.oneof(
  fc.tuple(hosts, states).map(([n, state]) => ({ message: sees(n, state), passMs: 0 })),
  fc.integer({ min: 900, max: 2400 }).map((passMs) => ({ message: undefined, passMs })),
  fc.integer({ min: 2500, max: 9000 }).map((passMs) => ({ message: undefined, passMs })),
)

for (const seen of ['dead', 'alive'] as const) {
  test(`a host that was seen ${seen} is blind as soon as its watcher is given up, until it speaks again`, (t) => {
    const before = [three, ...allAlive, sees(1, seen), ticked(1000)]
    const lost: ObserverMessage = { type: 'observer.watcher-given-up', host: idOf(1) }
    t.deepEqual(after(...before, lost).said, ['host-1 blind'])
    const later = [6000, 12_000].flatMap((atMs) => [ticked(atMs)])
    t.false(after(...before, lost, ...later).said.includes(`host-1 ${seen}`))
    t.deepEqual(after(...before, lost, sees(1, 'alive')).said, ['host-1 alive'])
  })
}

test('a blind observer calls nobody dead, whatever it is told', (t) => {
  holds(
    t,
    fc.property(fc.array(events, { maxLength: 60, size: 'max' }), (walk) => {
      let [state] = behaviour(NEW_OBSERVER, inventory(...[1, 2, 3, 4].map((n) => watchedHost(n))))
      let nowMs = 0
      for (const { message, passMs } of [{ message: ticked(0), passMs: 0 }, ...walk]) {
        nowMs += passMs
        const [next, effects] = behaviour(state, message ?? ticked(nowMs))
        const dead = said(effects).filter((word) => word.endsWith('dead'))
        const failing = [...next.sights.values()].filter(
          ({ state: seen }) => seen === 'dead' || seen === 'suspect',
        ).length
        if (dead.length > 0 && (next.kind === 'blind' || failing > 2 || passMs >= 2500))
          return false
        state = next
      }
      return true
    }),
    { numRuns: 300 },
  )
})

const inRack = (n: number, ...domains: readonly string[]) => ({ ...watchedHost(n), domains })

test('the living neighbours of a new suspect are asked at once, and their answers are passed on at once', (t) => {
  const hosts = [inRack(1, 'rack:1'), inRack(2, 'rack:1'), inRack(3, 'rack:2'), inRack(4)]
  const living = [inventory(...hosts), ticked(0), ...[1, 2, 3, 4].map((n) => sees(n, 'alive'))]
  const { effects } = after(...living, sees(1, 'suspect'))
  const asked = effects.flatMap((effect) =>
    effect.type === 'tell' && effect.message.type === 'watcher.neighbour-suspect'
      ? [effect.to]
      : [],
  )
  t.deepEqual(asked, ['host-watcher/host-2'])
  t.deepEqual(after(...living, sees(1, 'suspect'), sees(2, 'alive')).said, ['host-2 alive'])
  t.deepEqual(after(...living, sees(1, 'suspect'), sees(3, 'alive')).said, [])
  const late = { ...sees(2, 'alive'), atMs: 4001 } as const
  t.deepEqual(after(...living, sees(1, 'suspect'), late).said, [])
  t.is(after(...living, sees(1, 'suspect'), sees(1, 'suspect')).effects.length, 0, 'asked once')
})

test('what a channel meant grows older until it is said', (t) => {
  const { effects } = after(three, sees(1, 'alive'), ticked(700))
  const said = effects.find((effect) => effect.type === 'observation.announce')
  t.like(said, { channels: [{ channel: 'ssh', meaning: 'life', ageMs: 700 }] })
})

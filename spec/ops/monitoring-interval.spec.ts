/** However often hosts are looked at, everybody judges them by the same observations, and what depends on the interval follows it. */
import test from 'ava'
import { judgeHost } from '../../actors/dedup-window/quorum.ts'
import { LeaderMemories } from '../../actors/leader-memory.ts'
import { rulesOf } from '../../ops/roles/rules.ts'
import type { Rules } from '../../ops/roles/rules.ts'
import { readConfig } from '../../ops/load-config.ts'
import { epoch } from '../../schema/ids.ts'
import { encode } from '../../schema/messages/codec.ts'
import { subscribeToBus } from '../../ops/roles/bus-subscriptions.ts'
import { MemoryBroker } from '../../transports/memory/broker.ts'
import { VirtualClock } from '../../transports/simulated/clock.ts'
import { H1, ONE, SEGMENT } from '../actors/records.ts'

const LOG = { info: () => {}, warn: () => {}, error: () => {} }
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function rulesFor(intervalSeconds: number): Rules {
  const loaded = readConfig(`[host]\nmonitoring_interval = ${intervalSeconds}`, 'embedded')
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems))
  return rulesOf(loaded.config)
}

/** What the leader and a gateway make of a host that two observers called dead so long ago. */
async function judged(rules: Rules, agoMs: number) {
  const clock = new VirtualClock()
  const broker = new MemoryBroker({ clock, log: LOG, leaseTtlMs: 6000 })
  const { freshMs, observersMin } = rules.window
  const memory = new LeaderMemories({
    countParked: () => {},
    clock,
    ...rules.domains,
    declaredDomains: new Map(),
    freshMs,
    caps: rules.concurrency,
    observersPerHost: 2,
    countStranger: () => {},
  }).begin(epoch(1))
  const observers = ['monitor-1', 'monitor-2']
  const hosts = [{ host: H1, hostName: ONE, segment: SEGMENT }]
  const store = { readRoster: async () => ({ hosts, observers, monitors: [] }) }
  const bus = broker.bus('gateway-1')
  await using gateway = subscribeToBus({
    countParked: () => {},
    bus,
    clock,
    cloud: 'sim',
    store,
    freshMs,
    observersPerHost: 2,
  })
  await clock.pass(100, settle)
  for (const observer of observers) {
    const observed = { host: H1, observer, state: 'dead', sequence: 1, evidence: [] } as const
    memory.observations.note(H1, observed)
    const from = {
      cloud: 'sim',
      node: observer,
      incarnation: 'i',
      sequence: 1,
      id: observer,
      epoch: null,
      sentAt: 0,
    }
    const { subject, body } = encode(
      'host.observed',
      { ...observed, hostName: ONE, segment: SEGMENT, evidence: [] },
      from,
    )
    broker.bus(observer).publish(subject, body)
  }
  await clock.pass(agoMs, settle)
  const { observations } = memory
  return {
    quorum: judgeHost(observations.of(H1), { observersMin }) === 'dead',
    placement: observations.doubted(H1),
    look: observations.doubtedSince(H1) !== undefined,
    gateway: gateway.observations.of(H1).length === 2,
  }
}

for (const seconds of [5, 60, 300]) {
  test(`a host monitored each ${seconds} s is judged by the same observations everywhere`, async (t) => {
    const rules = rulesFor(seconds)
    const freshMs = 3000 * seconds
    const all = { quorum: true, placement: true, look: true, gateway: true }
    t.deepEqual(await judged(rules, freshMs - 10), all)
    const none = { quorum: false, placement: false, look: false, gateway: false }
    t.deepEqual(await judged(rules, freshMs + 10), none)
  })

  test(`what depends on a monitoring interval of ${seconds} s is no shorter than what it waits for`, (t) => {
    const { window, recovery, observer } = rulesFor(seconds)
    t.is(observer.repeatMs, 1000 * seconds)
    t.true(window.freshMs >= 3 * observer.repeatMs)
    t.true(window.settleMs >= observer.repeatMs)
    t.true(window.contradictionMs >= window.freshMs + observer.repeatMs)
    t.true(window.doubtMs > window.freshMs)
    t.true(recovery.gatheringMs >= 2 * observer.repeatMs)
    t.true(recovery.storm.windowMs >= recovery.gatheringMs)
    t.true(recovery.expiryMs > window.contradictionMs)
  })
}

/** What the leader does with what it hears on the bus. */
import test from 'ava'
import type { DedupWindowMessage } from '../../../actors/dedup-window/window-state.ts'
import { defineIntake } from '../../../actors/dedup-window/intake.ts'
import { ComputeNews } from '../../../actors/evacuator/compute-news.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { Roster } from '../../../actors/dedup-window/roster.ts'
import type { LogPort } from '../../../actors/ports/log.ts'
import { hostId, hostName, segmentId } from '../../../schema/ids.ts'
import { encode, type Encoded } from '../../../schema/messages/codec.ts'
import { MemoryBroker } from '../../../transports/memory/broker.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { recordingLog } from '../../support/logs.ts'

const LOG: LogPort = { info: () => {}, warn: () => {}, error: () => {} }
const FROM = { cloud: 'sim', node: 'gateway-1', incarnation: 'i', id: 'm', epoch: null, sentAt: 0 }

const H1 = hostId('h1')
const ONE = hostName('compute-1')
const S1 = segmentId('s1')

const settle = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve))
}

/** A leader that listens until the end of the test, and a gateway that says something. */
function leaderThatListens(log: LogPort = LOG) {
  const clock = new VirtualClock()
  const broker = new MemoryBroker({ clock, log: LOG, leaseTtlMs: 6000 })
  const store = openSqliteStore(':memory:', { clock, random: new SeededRandom(1) })
  const told: DedupWindowMessage[] = []
  const sightings = new HostObservations(clock, 15_000)
  const hosts = [{ host: H1, hostName: ONE, segment: S1 }]
  const readRoster = async () => ({ hosts, observers: ['monitor-1'] })
  const parked: string[] = []
  const gateway = broker.bus('gateway-1')
  gateway.subscribe('ha.sim.parked.>', ({ subject }) => void parked.push(subject))
  const intake = defineIntake({
    cloud: 'sim',
    clock,
    bus: broker.bus('engine-1'),
    log,
    store: { ...store, readRoster },
    duplicateWindowMs: 180_000,
    sightings,
    roster: new Roster(),
    news: new ComputeNews(),
    tellWindow: (message) => void told.push(message),
    countParked: () => {},
  })
  const end = new AbortController()
  const listening = intake.perform({ type: 'bus.listen' }, end.signal)
  return {
    told,
    sightings,
    parked,
    store,
    clock,
    /** Creates the tables and registers the host. */
    async registerHost(): Promise<void> {
      await store.migrate()
      const fields = { serviceType: 'COMPUTE', description: null, enabled: true } as const
      const segment = { ...fields, name: 'rack-1', recoveryMethod: 'auto' } as const
      const { uuid } = await store.createSegment(segment)
      const host = { name: ONE, type: 'COMPUTE', controlAttributes: 'SSH' } as const
      await store.createHost(uuid, { ...host, reserved: false, onMaintenance: false })
    },
    /** Puts it into the stream of faults, and lets it arrive. */
    async report({ subject, body }: Encoded, id: string, passMs = 2000): Promise<void> {
      const kept = gateway.publishFault(subject, body, id)
      await clock.pass(passMs, settle)
      await kept
    },
    stop: async (): Promise<void> => {
      end.abort()
      await listening
    },
    /** Lets it arrive. */
    async say({ subject, body }: Encoded): Promise<void> {
      gateway.publish(subject, body)
      await clock.pass(100, settle)
    },
    async [Symbol.asyncDispose](): Promise<void> {
      end.abort()
      await listening
      await store[Symbol.asyncDispose]()
    },
  }
}

const said = (notification: string | null): Encoded => encode('word.said', { notification }, FROM)

for (const [what, notification] of [
  ['one recovery', 'a-recovery'],
  ['everything', null],
] as const) {
  test(`a word about ${what} has the leader look at once, and each word anew`, async (t) => {
    await using leader = leaderThatListens()
    await leader.say(said(notification))
    t.deepEqual(leader.told, [{ type: 'window.notified' }])
    await leader.say(said(notification))
    t.is(leader.told.length, 2)
    t.deepEqual(leader.parked, [])
  })
}

test('what is said under the subject of words and is none is parked, and nobody is told', async (t) => {
  await using leader = leaderThatListens()
  const { subject } = said(null)
  await leader.say({ subject, body: new TextEncoder().encode('{"word":"stop"}') })
  t.deepEqual(leader.told, [])
  t.is(leader.parked.length, 1)
})

test('another message under the subject of words is not taken for one', async (t) => {
  await using leader = leaderThatListens()
  const { subject } = said(null)
  const { body } = encode('leader.proclaimed', { holder: 'engine-2', epoch: 3 }, FROM)
  await leader.say({ subject, body })
  t.deepEqual(leader.told, [])
})

test('who leads no more does not listen any more', async (t) => {
  await using leader = leaderThatListens()
  await leader.stop()
  await leader.say(said('a-recovery'))
  t.deepEqual(leader.told, [])
})

const saysAlive = (change: { readonly host?: string; readonly observer?: string }): Encoded =>
  encode(
    'host.observed',
    {
      host: H1,
      hostName: ONE,
      segment: S1,
      observer: 'monitor-1',
      state: 'alive',
      sequence: 1,
      evidence: [],
      ...change,
    },
    FROM,
  )

test('a registered observer is heard, an invented one is not, nor is a word about an invented host', async (t) => {
  await using leader = leaderThatListens()
  await leader.say(said(null)) // by now the roster is read
  const before = leader.told.length
  await leader.say(saysAlive({ observer: 'invented' }))
  await leader.say(saysAlive({ host: 'invented' }))
  t.is(leader.told.length, before)
  t.is(leader.sightings.size, 0)
  t.false(leader.sightings.seenWell(H1))
  await leader.say(saysAlive({}))
  t.is(leader.told.at(-1)?.type, 'window.observed')
  t.true(leader.sightings.seenWell(H1))
})

const hostFailed = (change: {
  readonly hostName?: string
  readonly occurredAt?: number
}): Encoded =>
  encode(
    'host.failed',
    {
      hostName: ONE,
      publisher: 'compute.compute-1',
      occurredAt: 5000,
      evidence: [],
      ...change,
    },
    FROM,
  )

const EVERY = { limit: 100, sort: [{ key: 'id', direction: 'asc' as const }] }

test('reports of Compute about one host become one notification, however often they come', async (t) => {
  await using leader = leaderThatListens()
  await leader.registerHost()
  await leader.report(hostFailed({}), 'first')
  t.true(leader.told.some(({ type }) => type === 'window.notified'))
  await leader.report(hostFailed({}), 'delivered again, long after')
  await leader.report(hostFailed({ occurredAt: 9000 }), 'in the other form')
  const rows = await leader.store.listNotifications({}, EVERY)
  t.is(rows.length, 1)
  t.like(rows[0], {
    type: 'COMPUTE_HOST',
    status: 'new',
    generatedAt: 5000,
    payload: { event: 'STOPPED', host_status: 'NORMAL' },
  })
})

test('a report about a host that is not registered is not stored, and does not come again', async (t) => {
  await using leader = leaderThatListens()
  await leader.registerHost()
  await leader.report(hostFailed({ hostName: 'compute-9' }), 'a')
  await leader.report(hostFailed({ hostName: "x'; DROP TABLE hosts; --" }), 'b')
  t.deepEqual(await leader.store.listNotifications({}, EVERY), [])
  t.deepEqual(leader.parked, [])
})

test('reports about hosts that are not registered are logged, 60 a minute at most', async (t) => {
  const log = recordingLog()
  await using leader = leaderThatListens(log)
  await leader.registerHost()
  for (let at = 0; at < 100; at += 1) {
    await leader.report(hostFailed({ hostName: `invented-${at}` }), `id-${at}`, 1)
  }
  t.is(log.lines.filter((line) => line.includes('is not registered')).length, 60)
})

test('a guest fault that was passed on has the time of the event', async (t) => {
  await using leader = leaderThatListens()
  await leader.registerHost()
  const guest = {
    instance: '950e005c-ce9c-478e-9e63-d177488f20bc',
    hostName: ONE,
    observer: 'compute.compute-1',
    event: 'LIFECYCLE',
    domainEvent: 'STOPPED_FAILED',
    occurredAt: 7000,
    evidence: [],
  }
  await leader.report(encode('guest.failed', guest, FROM), 'a')
  const [row] = await leader.store.listNotifications({}, EVERY)
  t.like(row, { type: 'VM', generatedAt: 7000 })
})

test('a host report that the store does not take comes again', async (t) => {
  await using leader = leaderThatListens()
  await leader.report(hostFailed({}), 'before the tables are there')
  await leader.registerHost()
  await leader.clock.pass(2000, settle)
  t.is((await leader.store.listNotifications({}, EVERY)).length, 1)
})

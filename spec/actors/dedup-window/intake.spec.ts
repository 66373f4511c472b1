/** What the leader does with what it hears on the bus. */
import test from 'ava'
import type { DedupWindowMessage } from '../../../actors/dedup-window/window-state.ts'
import { defineIntake } from '../../../actors/dedup-window/perform-intake.ts'
import { ComputeNews } from '../../../actors/evacuator/compute-news.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { Roster } from '../../../actors/dedup-window/roster.ts'
import { define } from '../../../actors/kernel/behaviour.ts'
import { NactTurns } from '../../../actors/kernel/nact-turns.ts'
import { createActorSystem, type ActorSystem } from '../../../actors/kernel/spawn.ts'
import { LEAF } from '../../../actors/kernel/supervision.ts'
import { refOf, type EngineActors } from '../../../actors/registry.ts'
import { HostBeats } from '../../../actors/verification/host-beats.ts'
import { GuestLists } from '../../../actors/guest-follower/guest-lists.ts'
import type { LogPort } from '../../../actors/ports/log.ts'
import { hostId, hostName, segmentId } from '../../../schema/ids.ts'
import { encode, type Encoded } from '../../../schema/messages/codec.ts'
import { MemoryBroker } from '../../../transports/memory/broker.ts'
import { EPOCH } from '../records.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { openSqliteStore } from '../../../transports/sql/sqlite.ts'
import { recordingLog } from '../../support/logs.ts'

const LOG: LogPort = { info: () => {}, warn: () => {}, error: () => {} }
const FROM = {
  cloud: 'sim',
  node: 'gateway-1',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  trace: null,
  sentAt: 0,
}

const H1 = hostId('h1')
const ONE = hostName('compute-1')
const S1 = segmentId('s1')

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

type Listening = Pick<EngineActors, 'intake' | 'dedup-window'>

/** A leader that listens until the end of the test, and a gateway that says something. */
function leaderThatListens(
  log: LogPort = LOG,
  refuses: (instance: unknown) => boolean = () => false,
) {
  const clock = new VirtualClock()
  const broker = new MemoryBroker({ clock, log: LOG, leaseTtlMs: 6000 })
  const store = openSqliteStore(':memory:', { clock, random: new SeededRandom(1) })
  const told: DedupWindowMessage[] = []
  const observations = new HostObservations(clock, 15_000)
  const guestLists = new GuestLists(() => {})
  const hosts = [{ host: H1, hostName: ONE, segment: S1 }]
  const acceptNotification: typeof store.acceptNotification = async (asked, ...more) => {
    if (refuses(asked.payload['instance_uuid'])) throw new RangeError('out of range')
    return await store.acceptNotification(asked, ...more)
  }
  const readRoster = async () => ({ hosts, observers: ['monitor-1'], monitors: [] })
  const parked: string[] = []
  const gateway = broker.bus('gateway-1')
  gateway.subscribe('ha.sim.parked.>', ({ subject }) => void parked.push(subject))
  const hear = (message: DedupWindowMessage): void => void told.push(message)
  const system: ActorSystem<Listening> = createActorSystem<Listening>({
    clock,
    random: new SeededRandom(1),
    log: LOG,
    turns: new NactTurns(),
    onGiveUp: () => {},
    factories: {
      intake: () =>
        defineIntake({
          cloud: 'sim',
          node: 'engine-1',
          clock,
          bus: broker.bus('engine-1'),
          log,
          store: { ...store, readRoster, acceptNotification },
          duplicateWindowMs: 180_000,
          observations,
          roster: new Roster(2, () => {}),
          news: new ComputeNews(),
          guestLists,
          hostBeats: new HostBeats(() => {}),
          keepDomains: async () => {},
          tellIntake: (message) => system.tell(refOf('intake', 'leader'), message),
          tellWindow: (message) => system.tell(refOf('dedup-window', 'leader'), message),
          countParked: () => {},
          countNewer: () => {},
        }),
      'dedup-window': () => definePassive(hear),
    },
  })
  system.start('dedup-window', 'leader', EPOCH)
  system.start('intake', 'leader', EPOCH)
  const stop = async (): Promise<void> => {
    const stopped = system.stop()
    await clock.pass(100, settle)
    await stopped
  }
  return {
    told,
    observations,
    guestLists,
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
    stop,
    /** Lets it arrive. */
    async say({ subject, body }: Encoded): Promise<void> {
      await clock.pass(1, settle) // it listens by now
      gateway.publish(subject, body)
      await clock.pass(100, settle)
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await stop()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** A dedup window that only listens. */
const definePassive = (hear: (message: DedupWindowMessage) => void) =>
  define<{ readonly kind: 'passive' }, DedupWindowMessage, never>({
    initial: { kind: 'passive' },
    behaviour: (state, message) => {
      if (message.type !== 'window.begin') hear(message)
      return [state, []]
    },
    first: { type: 'window.begin' },
    policy: LEAF,
    perform: () => undefined,
  })

const said = (notification: string | null): Encoded =>
  encode('operator.commanded', { notification }, FROM)

for (const [what, notification] of [
  ['one recovery', 'a-recovery'],
  ['everything', null],
] as const) {
  test(`a word about ${what} has the leader look at once, and each word anew`, async (t) => {
    await using leader = leaderThatListens()
    await leader.say(said(notification))
    t.deepEqual(leader.told, [{ type: 'window.commanded' }])
    await leader.say(said(notification))
    t.is(leader.told.length, 2)
    t.deepEqual(leader.parked, [])
  })
}

test('what is said under the subject of commands and is none is parked, and nobody is told', async (t) => {
  await using leader = leaderThatListens()
  const { subject } = said(null)
  await leader.say({ subject, body: new TextEncoder().encode('{"word":"stop"}') })
  t.deepEqual(leader.told, [])
  t.is(leader.parked.length, 1)
})

test('another message under the subject of commands is not taken for one', async (t) => {
  await using leader = leaderThatListens()
  const { subject } = said(null)
  const { body } = encode('leader.proclaimed', { holder: 'engine-2', epoch: 3 }, FROM)
  await leader.say({ subject, body })
  t.deepEqual(leader.told, [])
})

test('lists of guests are kept for those who wait for guests, and nobody is told', async (t) => {
  await using leader = leaderThatListens()
  const guests = [{ instance: 'i1', runsForMs: 0, agent: 'none' } as const]
  await leader.say(encode('guests.running', { hostName: ONE, guests }, FROM))
  t.is(leader.guestLists.of(ONE)?.guests.size, 1)
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
  t.is(leader.observations.size, 0)
  t.false(leader.observations.seenWell(H1))
  await leader.say(saysAlive({}))
  t.is(leader.told.at(-1)?.type, 'window.observed')
  t.true(leader.observations.seenWell(H1))
})

test('what is heard is told together with all that is said of the host', async (t) => {
  await using leader = leaderThatListens()
  await leader.say(saysAlive({}))
  await leader.say(saysAlive({}))
  const told = leader.told.at(-1)
  t.deepEqual(
    told?.type === 'window.observed' ? told.observations.map(({ observer }) => observer) : [],
    ['monitor-1'],
  )
})

test('a poisonous fault ends under the subject of parked messages, acknowledged, and others are stored', async (t) => {
  await using leader = leaderThatListens(LOG, (instance) => instance === 'poison')
  await leader.registerHost()
  const guest = { hostName: ONE, event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED', evidence: [] }
  await leader.report(encode('guest.failed', { ...guest, instance: 'poison' }, FROM), 'a')
  await leader.report(encode('guest.failed', { ...guest, instance: 'sound' }, FROM), 'b')
  await leader.clock.pass(60_000, settle)
  t.is((await leader.store.listNotifications({}, EVERY)).length, 1)
  t.is(leader.parked.length, 1)
  t.regex(leader.parked[0] ?? '', /^ha\.sim\.parked\.engine-1\./)
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

test('repeated reports of Compute about one host become one notification', async (t) => {
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

test('a report about a host that is not registered is not stored, and is not delivered again', async (t) => {
  await using leader = leaderThatListens()
  await leader.registerHost()
  await leader.report(hostFailed({ hostName: 'compute-9' }), 'a')
  await leader.report(hostFailed({ hostName: "x'; DROP TABLE hosts; --" }), 'b')
  t.deepEqual(await leader.store.listNotifications({}, EVERY), [])
  t.deepEqual(leader.parked, [])
})

test('the log has at most 60 reports a minute about hosts that are not registered', async (t) => {
  const log = recordingLog()
  await using leader = leaderThatListens(log)
  await leader.registerHost()
  for (let at = 0; at < 100; at += 1) {
    await leader.report(hostFailed({ hostName: `invented-${at}` }), `id-${at}`, 1)
  }
  t.is(log.lines.filter((line) => line.includes('is not registered')).length, 60)
})

test('a guest fault from Compute has the time of the event', async (t) => {
  await using leader = leaderThatListens()
  await leader.registerHost()
  const guest = {
    instance: '950e005c-ce9c-478e-9e63-d177488f20bc',
    hostName: ONE,
    publisher: 'compute.compute-1',
    occurredAt: 7000,
    evidence: [],
  }
  await leader.report(encode('instance.failed', guest, FROM), 'a')
  const [row] = await leader.store.listNotifications({}, EVERY)
  t.like(row, { type: 'VM', generatedAt: 7000 })
})

test('a host report that could not be stored is delivered again', async (t) => {
  await using leader = leaderThatListens()
  await leader.report(hostFailed({}), 'before the tables are there')
  await leader.registerHost()
  await leader.clock.pass(2000, settle)
  t.is((await leader.store.listNotifications({}, EVERY)).length, 1)
})

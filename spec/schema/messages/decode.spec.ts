/**
 * Messages from the bus: the decoder refuses malformed ones, and no accepted one breaks a reader.
 */
import * as fc from 'fast-check'
import test from 'ava'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { rebuiltInstance } from '../../../actors/evacuator/compute-news.ts'
import { eventText } from '../../../gateway/events/stream.ts'
import { subscribeToBus } from '../../../ops/roles/bus-subscriptions.ts'
import { isCoded } from '../../../schema/errors.ts'
import { hostId, hostName, segmentId } from '../../../schema/ids.ts'
import { CATALOGUE, type Received, type WireType } from '../../../schema/messages/catalogue.ts'
import { decode, encode, subjectOf, type Encoded } from '../../../schema/messages/codec.ts'
import { isoTime } from '../../../schema/time.ts'
import { MemoryBroker } from '../../../transports/memory/broker.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { holds, holdsAsync } from '../../support/holds.ts'
import { recordingLog } from '../../support/logs.ts'

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** The bytes on the subject that their sender and their body give, if they give one. */
function arrived(bytes: Uint8Array): Encoded {
  try {
    const { type, body, sender, ...rest } = JSON.parse(new TextDecoder().decode(bytes))
    const { subject } = encode(type, body, { ...rest, cloud: 'one', node: sender })
    return { subject, body: bytes }
  } catch {
    return { subject: 'ha.one.something', body: bytes }
  }
}

/** undefined for a correctly refused message. Any other error fails the test. */
function decoded(bytes: Uint8Array): Received | undefined {
  try {
    return decode(arrived(bytes))
  } catch (error) {
    if (isCoded(error, 'MESSAGE_INVALID', 'MESSAGE_NEWER')) return undefined
    throw error
  }
}

const HOSTILE_TEXTS = [
  '',
  'a\nevent: forged\ndata: {}',
  'a\r\nb',
  'a\0b',
  '\u001B[2J',
  '\u2028',
  '\uD800',
  '../../etc',
  'ha.x.>',
  '__proto__',
  'constructor',
  'x'.repeat(5000),
]
const HOSTILE_NUMBERS = [9e15, 1e300, -1, -0, 1.5, 2 ** 53, Number.MAX_SAFE_INTEGER, 0, 8.64e15]

const value = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_TEXTS) },
  { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_NUMBERS) },
  { weight: 1, arbitrary: fc.jsonValue() },
)

const WELL: { readonly [Name in WireType]: Readonly<Record<string, unknown>> } = {
  'host.observed': {
    host: 'h1',
    hostName: 'compute-1',
    segment: 's1',
    observer: 'monitor-1',
    state: 'alive',
    evidence: ['ssh answered'],
  },
  'guests.running': {
    hostName: 'compute-1',
    guests: [{ instance: 'i1', runsForMs: 4000, agent: 'answers', answersForMs: 1000 }],
  },
  'guest.followed': {
    notification: 'n1',
    instance: 'i1',
    instanceName: 'web',
    host: 'compute-2',
    state: 'agent',
    reason: 'its agent answers',
    afterMs: 27_000,
    back: 1,
    total: 2,
  },
  'domains.known': { hosts: [{ host: 'h1', source: 'file', names: ['rack:12'] }] },
  'guest.failed': {
    instance: 'i1',
    hostName: 'compute-1',
    event: 'LIFECYCLE',
    domainEvent: 'STOPPED_FAILED',
    evidence: [],
  },
  'host.heartbeat': {
    hostName: 'compute-1',
    boot: 'b1',
    libvirt: 'answers',
    libvirtAgeMs: 5,
    compute: 'runs',
    computeAgeMs: 7,
  },
  'notification.accepted': { notification: 'n1', segment: 's1' },
  'operator.commanded': { notification: null },
  'compute.event': {
    eventType: 'instance.rebuild.end',
    publisher: 'nova-compute:compute-1',
    priority: 'INFO',
    timestamp: '2026-01-01 00:00:00.000000',
    messageId: '0f0e0d0c-0000-4000-8000-000000000001',
    format: 'versioned',
    payload: { uuid: 'i1' },
    fact: { kind: 'rebuild-ended', instance: 'i1', host: 'compute-1', reason: null },
  },
  'host.failed': {
    hostName: 'compute-1',
    publisher: 'compute.compute-1',
    occurredAt: 1_767_225_600_000,
    evidence: ['compute.host.error of compute.compute-1'],
  },
  'instance.failed': {
    instance: 'i1',
    hostName: 'compute-1',
    publisher: 'nova-compute:compute-1',
    occurredAt: 1_767_225_600_000,
    evidence: ['instance.create.error of nova-compute:compute-1'],
  },
  'recovery.stepped': {
    notification: 'n1',
    host: 'compute-1',
    step: 'fenced',
    reason: 'why',
    evidence: ['seen'],
  },
  'move.stepped': {
    notification: 'n1',
    instance: 'i1',
    instanceName: 'vm',
    status: 'succeeded',
    dest: null,
    reason: 'moved',
    done: 1,
    total: 1,
  },
  'leader.proclaimed': { holder: 'engine-1', epoch: 3 },
  'role.health': {
    node: 'engine-1',
    roles: ['engine'],
    leading: true,
    deadLetters: 0,
    parked: 0,
    actors: [],
  },
}

const ENVELOPE = {
  version: 1,
  id: '0f0e0d0c-0000-4000-8000-000000000001.7',
  sender: 'engine-1',
  incarnation: '0f0e0d0c-0000-4000-8000-000000000001',
  sequence: 1,
  epoch: 3,
  sentAt: 1_767_225_600_000,
  trace: null,
}

const names = Object.keys(CATALOGUE) as readonly WireType[] // its keys

/** A valid message with some fields of the envelope or the body replaced. */
const hostile = fc
  .constantFrom(...names)
  .chain((type) =>
    fc.record({
      type: fc.constant(type),
      body: replaced(WELL[type]),
      envelope: replaced(ENVELOPE),
    }),
  )
  .map(({ type, body, envelope }) => bytesOf({ ...envelope, type, body }))

function replaced(
  well: Readonly<Record<string, unknown>>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const fields = fc.dictionary(fc.constantFrom(...Object.keys(well)), value, { maxKeys: 2 })
  return fields.map((bad) => ({ ...well, ...bad }))
}

for (const type of names) {
  test(`a well-formed ${type} is accepted`, (t) => {
    t.is(decoded(bytesOf({ ...ENVELOPE, type, body: WELL[type] }))?.type, type)
  })
}

test('arbitrary bytes are refused with a code, and no other error is thrown', (t) => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.jsonValue().map(bytesOf))
  holds(
    t,
    fc.property(bytes, (arbitrary) => decoded(arbitrary) === undefined),
  )
})

for (const [what, change] of Object.entries({
  'a time without a date': { sentAt: 9e15 },
  'an id with a line break': { id: 'a\nevent: forged' },
  'a sender with a control character': { sender: 'a\u001Bb' },
  'an id that is too long': { id: 'x'.repeat(65) },
  'an epoch that is no exact number': { epoch: 1e300 },
  'an incarnation with a separator of lines': { incarnation: 'a\u2028b' },
})) {
  test(`an envelope with ${what} is refused`, (t) => {
    const message = {
      ...ENVELOPE,
      type: 'operator.commanded',
      body: WELL['operator.commanded'],
      ...change,
    }
    t.throws(() => decode(arrived(bytesOf(message))), { code: 'MESSAGE_INVALID' })
  })
}

test('a body that is nested too deeply, or too large, is refused before it is parsed', (t) => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const body = JSON.stringify({ ...ENVELOPE, type: 'operator.commanded', body: 'here' })
  const bytes = new TextEncoder().encode(body.replace('"here"', deep))
  t.throws(() => decode(arrived(bytes)), {
    code: 'MESSAGE_INVALID',
    message: /nested deeper than 32/,
  })
  const large = new Uint8Array(2_000_000).fill(0x20)
  t.throws(() => decode(arrived(large)), {
    code: 'MESSAGE_INVALID',
    message: /more than 1048576 bytes/,
  })
})

test('brackets inside a text do not count as nesting', (t) => {
  const body = { ...WELL['recovery.stepped'], reason: `"${'['.repeat(500)}\\` }
  t.is(decoded(bytesOf({ ...ENVELOPE, type: 'recovery.stepped', body }))?.type, 'recovery.stepped')
})

test('every accepted message can be used by each of its readers', async (t) => {
  const clock = new VirtualClock()
  const log = recordingLog()
  const bus = new MemoryBroker({ clock, log, leaseTtlMs: 6000 }).bus('gateway-1')
  const names = {
    hosts: [{ host: hostId('h1'), hostName: hostName('compute-1'), segment: segmentId('s1') }],
    observers: ['monitor-1'],
    monitors: [],
  }
  const world = {
    bus,
    clock,
    cloud: 'one',
    freshMs: 60_000,
    observersPerHost: 2,
    countParked: () => {},
  }
  await using heard = subscribeToBus({ ...world, store: { readRoster: async () => names } })
  const observations = new HostObservations(clock, 60_000)
  await holdsAsync(
    t,
    fc.asyncProperty(hostile, async (bytes) => {
      const received = decoded(bytes)
      if (received === undefined) return
      isoTime(received.sentAt)
      bus.publish(arrived(bytes).subject, bytes)
      if (received.type === 'compute.event') rebuiltInstance(received.body)
      if (received.type === 'host.observed') observations.note(received.body.host, received.body)
      // It can be sent again unchanged: its subject and its text can be made.
      encode(received.type, received.body as never, { ...ENVELOPE, cloud: 'one', node: 'n' })
    }),
    { numRuns: 3000 },
  )
  await new Promise((resolve) => setImmediate(resolve))
  t.deepEqual(
    log.lines.filter((line) => line.includes('handler failed')),
    [],
  )
  const { feed } = heard
  const positions = Array.from({ length: feed.end - feed.oldest }, (_, at) => feed.oldest + at)
  const texts = positions.flatMap((at) => feed.at(at) ?? []).map(eventText)
  t.true(texts.length > 0)
  for (const text of texts)
    t.regex(
      text,
      /^id: [^\r\n]*\nevent: (host\.observed|leader\.proclaimed|recovery\.stepped|move\.stepped|guest\.followed)\ndata: [^\r\n]*\n\n$/,
    )
})

test('no field of an event can begin a new line in the event stream', (t) => {
  const about = { notification: undefined, instance: undefined, host: undefined, type: 'x' }
  const text = eventText({ id: 'a\n\nevent: forged\rb', type: 'x\ndata: {}', about, data: {} })
  t.is(text, 'id: a event: forged b\nevent: x data: {}\ndata: {}\n\n')
})

test('a field with a wildcard character is escaped in a subject', (t) => {
  for (const [hostName, token] of [
    ['*', '%2a'],
    ['>', '%3e'],
    ['a.>', 'a%2e%3e'],
  ] as const) {
    const body = { hostName, publisher: '', occurredAt: 0, evidence: [] }
    const { subject } = encode('host.failed', body, { ...ENVELOPE, cloud: '*', node: 'n' })
    t.is(subject, `ha.%2a.fault.host.n.${token}`)
  }
  t.is(subjectOf('one', 'fault', '>'), 'ha.one.fault.>', 'a subscription keeps its wildcard')
})

for (const [what, type, change] of [
  ['an observation in the name of another observer', 'host.observed', { observer: 'monitor-2' }],
  ['an observation of another host', 'host.observed', { hostName: 'compute-2' }],
  ['a heartbeat of another host', 'host.heartbeat', { hostName: 'compute-2' }],
  ['a list of the guests of another host', 'guests.running', { hostName: 'compute-2' }],
  ['a fault of a guest of another host', 'guest.failed', { hostName: 'compute-2' }],
  ['a proclamation of another leader', 'leader.proclaimed', { holder: 'engine-2' }],
  ['the health of another process', 'role.health', { node: 'engine-2' }],
  ['the health of a process with another role', 'role.health', { roles: ['instance-monitor'] }],
] as const) {
  test(`${what} than its subject says is refused`, (t) => {
    const { subject, body } = arrived(bytesOf({ ...ENVELOPE, type, body: WELL[type] }))
    t.is(decode({ subject, body }).type, type)
    const forged = bytesOf({ ...ENVELOPE, type, body: { ...WELL[type], ...change } })
    const error = t.throws(() => decode({ subject, body: forged }), { code: 'MESSAGE_INVALID' })
    t.true(error.message.includes(subject))
  })
}

test('a message on the subject of another kind, or of another sender, is refused', (t) => {
  const { body } = arrived(
    bytesOf({ ...ENVELOPE, type: 'recovery.stepped', body: WELL['recovery.stepped'] }),
  )
  t.is(decode({ subject: 'ha.one.recovery.engine-1.n1.fenced', body }).sender, 'engine-1')
  for (const subject of [
    'ha.one.recovery.engine-2.n1.fenced',
    'ha.one.recovery.engine-1.n2.fenced',
    'ha.one.fault.guest.compute-1.n1',
    'ha.one',
    '',
  ]) {
    t.throws(() => decode({ subject, body }), { code: 'MESSAGE_INVALID' }, subject)
  }
})

test('who speaks is named by the subject, whatever the sender says of itself', (t) => {
  const beat = { ...ENVELOPE, type: 'host.heartbeat', body: WELL['host.heartbeat'] }
  t.is(decode(arrived(bytesOf({ ...beat, sender: 'engine-1' }))).sender, 'compute-1')
})

test('an unknown step of a recovery is refused', (t) => {
  const body = { ...WELL['recovery.stepped'], step: 'fencing' }
  const bytes = bytesOf({ ...ENVELOPE, type: 'recovery.stepped', body })
  t.throws(() => decode(arrived(bytes)), { code: 'MESSAGE_INVALID', message: /step/ })
})

test('the same bytes are decoded once for all who receive them, other bytes with the same text anew', (t) => {
  const message = { ...ENVELOPE, type: 'leader.proclaimed', body: WELL['leader.proclaimed'] }
  const [one, other] = [arrived(bytesOf(message)), arrived(bytesOf(message))]
  const first = decode(one)
  t.is(decode(one), first)
  t.not(decode(other), first)
  t.deepEqual(decode(other), first)
  t.throws(() => decode(arrived(bytesOf({ ...message, version: 9 }))), { code: 'MESSAGE_NEWER' })
  t.deepEqual(decode(one), first)
})

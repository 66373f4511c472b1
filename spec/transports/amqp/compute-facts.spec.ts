/** The facts of Nova's notifications: captured ones, those of its documentation, and malformed ones. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import * as fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { ComputeFact } from '../../../schema/messages/compute-fact.ts'
import { ComputeEvent, HostFailed, InstanceFailed } from '../../../schema/messages/incident.ts'
import { decode, encode } from '../../../schema/messages/codec.ts'
import { faultOf } from '../../../transports/amqp/compute-fault.ts'
import { EVENTS, timeOf } from '../../../transports/amqp/compute-facts.ts'
import {
  parseOsloNotification,
  type OsloNotification,
} from '../../../transports/amqp/oslo-envelope.ts'
import { holds } from '../../support/holds.ts'
import { captures } from '../../support/notifications.ts'

const VM = '950e005c-ce9c-478e-9e63-d177488f20bc'
const NOW = Date.UTC(2026, 10, 22, 9)
const FROM = {
  cloud: 'lab',
  node: 'n',
  incarnation: 'i',
  sequence: 1,
  id: 'm',
  epoch: null,
  sentAt: 0,
}

const read = (
  event_type: string,
  payload: unknown,
  change: Readonly<Record<string, unknown>> = {},
): OsloNotification =>
  parseOsloNotification(
    Buffer.from(
      JSON.stringify({
        message_id: '0b0eb0c5-23bd-4f08-8a9a-05e1ce05ae6b',
        publisher_id: 'nova-compute:compute-1',
        event_type,
        priority: 'ERROR',
        timestamp: '2026-11-22 08:35:05.773319',
        payload,
        ...change,
      }),
    ),
  )

const factOf = (...args: Parameters<typeof read>): ComputeFact | undefined =>
  read(...args).event.fact

const faultIn = ({ event }: OsloNotification): ReturnType<typeof faultOf> =>
  event.fact === undefined ? undefined : faultOf(event, event.fact, NOW)

const versioned = (data: unknown): unknown => ({
  'nova_object.name': 'SomePayload',
  'nova_object.namespace': 'nova',
  'nova_object.version': '1.0',
  'nova_object.data': data,
})

test('the page for operators lists every fact with its event types, in order', (t) => {
  const rows = readFileSync('ops/docs/compute-events.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| `[a-z-]+` \| `/.test(line))
    .map((line) => {
      const [kind = '', events = ''] = line.slice(2).split(' | ')
      return [kind, events.split(', ')].flat().map((cell) => cell.replaceAll('`', ''))
    })
  t.deepEqual(
    rows,
    Object.entries(EVENTS).map(([kind, events]) => [kind, ...events]),
  )
})

test('every captured notification has the fact of its type, and none is incomplete', async (t) => {
  const told = new Set<string>()
  for (const { name, body } of await captures()) {
    const { event, isIncomplete } = parseOsloNotification(body)
    t.false(isIncomplete, name)
    const kinds = Object.entries(EVENTS).filter(([, events]) => events.includes(event.eventType))
    t.is(event.fact?.kind, kinds[0]?.[0] as ComputeFact['kind'] | undefined, name)
    t.is(faultIn({ event, isIncomplete, ids: [], twinKey: '' }), undefined, `${name} is no fault`)
    const again = decode(encode('compute.event', event, FROM))
    t.deepEqual(again.body, event, `${name} can be said on our bus`)
    if (event.fact !== undefined) told.add(event.fact.kind)
  }
  t.deepEqual([...told].toSorted(), [
    'evacuation-requested',
    'instance-deleted',
    'instance-moved',
    'instance-powered-off',
    'rebuild-ended',
    'rebuild-scheduled',
    'rebuild-started',
    'service-changed',
  ])
})

test('both forms of one notification have the same fact', async (t) => {
  const all = await captures()
  const of = (name: string): ComputeFact | undefined => {
    const found = all.find((capture) => capture.name === name)
    return found && parseOsloNotification(found.body).event.fact
  }
  for (const [one, other, expected] of [
    [
      'instance.power_off.end--stopped.json',
      'compute.instance.power_off.end--stopped.json',
      { kind: 'instance-powered-off', host: 'compute-1', initiator: 'user' },
    ],
    [
      'instance.live_migration_post_dest.end--active.json',
      'compute.instance.live_migration.post.dest.end--active.json',
      { kind: 'instance-moved', host: 'compute-6', reason: null },
    ],
    [
      'instance.rebuild.end--active.json',
      'compute.instance.rebuild.end--active.json',
      { kind: 'rebuild-ended', host: 'compute-1', reason: null },
    ],
  ] as const) {
    t.like(of(one), expected, one)
    t.deepEqual(of(one), of(other), one)
  }
})

test('the fact of a service that was forced down has its last heartbeat', (t) => {
  const data = {
    host: 'host1',
    disabled: true,
    last_seen_up: '2012-10-29T13:42:05Z',
    binary: 'nova-compute',
    topic: 'compute',
    disabled_reason: 'fenced',
    report_count: 1,
    forced_down: true,
    version: 7,
  }
  t.deepEqual(factOf('service.update', versioned(data)), {
    kind: 'service-changed',
    host: 'host1',
    binary: 'nova-compute',
    disabled: true,
    disabledReason: 'fenced',
    forcedDown: true,
    lastSeenAt: Date.UTC(2012, 9, 29, 13, 42, 5),
  })
})

for (const [form, eventType, payload] of [
  [
    'versioned',
    'libvirt.connect.error',
    versioned({ ip: '10.0.2.15', reason: versioned({ exception_message: 'no libvirt' }) }),
  ],
  ['unversioned', 'compute.libvirt.error', { ip: '10.0.2.15', reason: 'no libvirt' }],
] as const) {
  test(`the sender names the host of a nova-compute that lost its libvirt, ${form}`, (t) => {
    const publisher_id = form === 'versioned' ? 'nova-compute:a.b.example' : 'compute.a.b.example'
    t.deepEqual(factOf(eventType, payload, { publisher_id }), {
      kind: 'libvirt-lost',
      host: 'a.b.example',
      reason: 'no libvirt',
    })
  })
}

for (const [initiator, event, payload, change] of [
  ['nobody', 'instance.power_off.end', versioned({ uuid: VM, action_initiator_user: null }), {}],
  ['nobody', 'compute.instance.power_off.end', { instance_id: VM }, { _context_user_id: null }],
  ['user', 'compute.instance.power_off.end', { instance_id: VM }, { _context_user_id: 'u1' }],
  ['unknown', 'compute.instance.power_off.end', { instance_id: VM }, {}],
] as const) {
  test(`${event} names the initiator ${initiator} of a guest that stops`, (t) => {
    const fact = { kind: 'instance-powered-off', instance: VM, host: null, initiator } as const
    t.deepEqual(factOf(event, payload, change), fact)
    t.is(faultIn(read(event, payload, change)), undefined, 'it may have been shut down from inside')
  })
}

test('the fact of an evacuation without a target has the reason', (t) => {
  const reason = { exception: 'NoValidHost', exception_message: 'No valid host was found.' }
  t.deepEqual(
    factOf('compute_task.rebuild_server.error', versioned({ instance_uuid: VM, reason })),
    {
      kind: 'rebuild-failed',
      instance: VM,
      host: null,
      reason: 'No valid host was found.',
    },
  )
})

for (const [what, payload, publisher_id] of [
  ['its host', { host: 'compute-7' }, 'nova-conductor:controller-1'],
  ['its host, as a versioned object', versioned({ host: 'compute-7' }), 'nova-api:controller-1'],
  ['its hostname', { hostname: 'compute-7' }, 'compute.controller-1'],
  ['its host_name', { host_name: 'compute-7' }, ''],
  ['who sends it', {}, 'nova-compute:compute-7'],
  ['who sends it, unversioned', { reason: 'kernel panic' }, 'compute.compute-7'],
] as const) {
  test(`a failed host is reported, named by ${what}`, (t) => {
    const fault = faultIn(read('compute.host.error', payload, { publisher_id }))
    t.is(fault?.type, 'host.failed')
    t.true(Compile(HostFailed).Check(fault?.body))
    t.like(fault?.body, {
      hostName: 'compute-7',
      publisher: publisher_id,
      occurredAt: Date.UTC(2026, 10, 22, 8, 35, 5, 773),
    })
  })
}

test('a failed instance is reported, with its reason', (t) => {
  const payload = { instance_id: VM.toUpperCase(), host: 'compute-7', message: 'qemu died' }
  const fault = faultIn(read('compute.instance.error', payload))
  t.true(Compile(InstanceFailed).Check(fault?.body))
  t.like(fault, {
    type: 'instance.failed',
    body: {
      instance: VM,
      hostName: 'compute-7',
      publisher: 'nova-compute:compute-1',
      occurredAt: Date.UTC(2026, 10, 22, 8, 35, 5, 773),
      evidence: ['compute.instance.error of nova-compute:compute-1: qemu died'],
    },
  })
})

test('the name of a guest is never taken for that of its host', (t) => {
  const payload = { uuid: VM, host_name: 'controller-1', hostname: 'controller-1' }
  const notification = read('compute.instance.error', payload, { publisher_id: 'nova-api:c' })
  t.like(notification.event.fact, { kind: 'instance-failed', host: null })
  t.is(faultIn(notification), undefined)
})

for (const [what, eventType, payload, publisher_id] of [
  ['a host that nobody names', 'compute.host.error', {}, 'nova-conductor:controller-1'],
  ['a host that is no name', 'compute.host.error', { host: 'a\u0000b' }, 'x'],
  ['a host that is a wildcard', 'compute.host.error', { host: '>' }, 'x'],
  ['a host that is too long', 'compute.host.error', { host: 'x'.repeat(256) }, 'x'],
  ['a host that is a list', 'compute.host.error', { host: ['compute-1'] }, 'x'],
  ['an instance without an id', 'compute.instance.error', { host: 'compute-1' }, 'x'],
  ['an instance whose id is none', 'compute.instance.error', { uuid: '../../x' }, 'x'],
  ['a service without a host', 'service.update', { binary: 'nova-compute' }, 'x'],
] as const) {
  test(`${what} is an incomplete event, and no fault`, (t) => {
    const notification = read(eventType, payload, { publisher_id })
    t.true(notification.isIncomplete)
    t.is(notification.event.fact, undefined)
    t.is(notification.event.eventType, eventType)
  })
}

test('a notification of a type without a fact is not incomplete', (t) => {
  t.like(read('instance.update', {}), { isIncomplete: false, event: { fact: undefined } })
  for (const type of ['constructor', '__proto__', 'toString']) t.false(read(type, {}).isIncomplete)
})

test('a repeated notification is the same fault, another one is not', (t) => {
  const payload = { host: 'compute-7' }
  const id = (change: Readonly<Record<string, unknown>>): string | undefined =>
    faultIn(read('compute.host.error', payload, change))?.id
  t.is(id({ priority: 'INFO' }), id({}))
  t.not(id({ message_id: 'another' }), id({}))
  t.regex(id({ message_id: '.'.repeat(64) }) ?? '', /^[0-9a-f]{64}$/)
})

const reportedAt = (timestamp: string): number | undefined =>
  faultIn(read('compute.host.error', {}, { timestamp }))?.body.occurredAt

test('a fault is never in the future, also when the clock of the sender is ahead or its time is missing', (t) => {
  t.is(reportedAt('2026-11-22 08:59:59.5'), NOW - 500)
  for (const text of ['2027-01-01 00:00:00.000000', 'noon', '', '0001-01-01 00:00:00']) {
    t.is(reportedAt(text), NOW, text)
  }
})

test('times are read as UTC, and other texts are not times', (t) => {
  const text = '2026-11-22T08:35:05'
  for (const end of ['', 'Z', '+00:00', '.000000', '.000Z']) {
    t.is(timeOf(`${text}${end}`), Date.UTC(2026, 10, 22, 8, 35, 5), end)
  }
  for (const bad of [7, null, '2026-13-22 08:35:05', '2026-11-22', `${text}+01:00`, `${text}\n`]) {
    t.is(timeOf(bad), undefined, String(bad))
  }
})

test('the facts and faults of any payload fit our messages', (t) => {
  const isEvent = Compile(ComputeEvent)
  const types = Object.values(EVENTS).flat()
  const names = ['host', 'uuid', 'instance_id', 'reason', 'fault', 'message', 'binary', 'disabled']
  const value = fc.oneof(fc.constantFrom(VM, 'compute-1', true, 'x'.repeat(5000)), fc.jsonValue())
  holds(
    t,
    fc.property(
      fc.constantFrom(...types),
      fc.dictionary(fc.constantFrom(...names, 'forced_down', 'last_seen_up'), value),
      fc.string({ maxLength: 40 }).filter((text) => /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text)),
      (type, payload, publisher_id) => {
        const notification = read(type, payload, { publisher_id })
        const fault = faultIn(notification)
        if (fault !== undefined) decode(encode(fault.type, fault.body as never, FROM))
        return isEvent.Check(notification.event)
      },
    ),
  )
})

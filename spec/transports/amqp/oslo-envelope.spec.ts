/** The pure parser on recorded notifications and on everything that may come instead. */
import test from 'ava'
import * as fc from 'fast-check'
import { isCoded } from '../../../schema/errors.ts'
import type { ComputeEvent } from '../../../schema/messages/incident.ts'
import { decode, encode } from '../../../schema/messages/codec.ts'
import { parseOsloNotification } from '../../../transports/amqp/oslo-envelope.ts'
import { holds } from '../../support/holds.ts'
import { captures } from '../../support/notifications.ts'

const inner = {
  message_id: '0b0eb0c5-23bd-4f08-8a9a-05e1ce05ae6b',
  publisher_id: 'nova-compute:compute-1',
  event_type: 'service.update',
  priority: 'INFO',
  timestamp: '2026-11-22 08:35:05.773319',
  payload: { host: 'compute-1' },
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
const wrapped = (message: unknown, version: unknown = '2.0'): Uint8Array =>
  bytes({ 'oslo.version': version, 'oslo.message': JSON.stringify(message) })

test('every captured notification is read', async (t) => {
  for (const capture of await captures()) {
    const { event, ids } = parseOsloNotification(capture.body)
    t.is(event.format, capture.format, capture.name)
    t.true(capture.name.startsWith(event.eventType), capture.name)
    t.is(ids.length, 2, capture.name)
    t.false(JSON.stringify(event).includes('nova_object'), capture.name)
    t.false(JSON.stringify(event).includes('_context_'), capture.name)
  }
})

test('versioned payloads are flat at every level', async (t) => {
  const all = await captures()
  const body = (name: string): Uint8Array => {
    const found = all.find((capture) => capture.format === 'versioned' && capture.name === name)
    return found?.body ?? Buffer.alloc(0)
  }
  const service = parseOsloNotification(body('service.update--enabled.json')).event
  t.like(service, {
    publisher: 'nova-compute:compute-6',
    payload: { host: 'compute-6', binary: 'nova-compute', forced_down: false, disabled: false },
  })
  const update = parseOsloNotification(body('instance.update--active-error-rebuilding.json')).event
  t.like(update.payload, { state_update: { old_state: 'active', state: 'error' } })
})

/** Undefined for what is refused as it should be. */
function readOrRefused(body: Uint8Array): ComputeEvent | undefined {
  try {
    return parseOsloNotification(body).event
  } catch (error) {
    if (!isCoded(error, 'MESSAGE_INVALID')) throw error
    return undefined
  }
}

test('what is read can be said on our own bus, whatever stands in it', (t) => {
  const text = fc.oneof(
    fc.string({ maxLength: 5, unit: 'binary' }),
    fc.constantFrom('\u0007', '\n', '*', '>', '.', ' ', '', 'x'.repeat(300)),
  )
  const names = ['message_id', 'publisher_id', 'event_type', 'priority', 'timestamp']
  const fields = fc.dictionary(fc.constantFrom(...names), text, { minKeys: 1, maxKeys: 1 })
  const FROM = {
    cloud: 'lab',
    node: 'n',
    incarnation: 'i',
    sequence: 1,
    id: 'm',
    epoch: null,
    sentAt: 0,
  }
  holds(
    t,
    fc.property(fields, (change) => {
      const event = readOrRefused(wrapped({ ...inner, ...change }))
      if (event === undefined) return
      const { subject, body } = encode('compute.event', event, FROM)
      t.notRegex(subject, /[*>\s]|\.\.|\.$/)
      t.deepEqual(decode({ subject, body }).body, event)
    }),
  )
})

test('the bare form of the old driver is read like the wrapped one', (t) => {
  t.deepEqual(parseOsloNotification(bytes(inner)), parseOsloNotification(wrapped(inner)))
})

test('objects inside lists are flattened too', (t) => {
  const object = { 'nova_object.name': 'IpPayload', 'nova_object.data': { address: '10.0.0.1' } }
  const payload = { 'nova_object.data': { ip_addresses: [object, null, 7] } }
  t.deepEqual(parseOsloNotification(wrapped({ ...inner, payload })).event.payload, {
    ip_addresses: [{ address: '10.0.0.1' }, null, 7],
  })
})

const deep = Array.from({ length: 40 }).reduce<unknown>((value) => [value], 0)
const refused: readonly (readonly [string, Uint8Array])[] = [
  ['an empty body', Buffer.alloc(0)],
  ['a body that is not UTF-8', Buffer.from([0xff, 0xfe, 0x7b])],
  ['a body that is not JSON', Buffer.from('{"oslo.version": "2.0", "oslo.mess')],
  ['a list', bytes([inner])],
  ['null', bytes(null)],
  ['an envelope of version 1', wrapped(inner, '1.0')],
  ['an envelope of version 3', wrapped(inner, '3.0')],
  ['an envelope of version 20', wrapped(inner, '20')],
  ['an envelope whose version is a number', wrapped(inner, 2)],
  ['an envelope without a version', bytes({ 'oslo.message': JSON.stringify(inner) })],
  ['an envelope without a message', bytes({ 'oslo.version': '2.0' })],
  ['an envelope whose message is not JSON', bytes({ 'oslo.version': '2.0', 'oslo.message': '{' })],
  ['a message without an id', wrapped({ ...inner, message_id: undefined })],
  ['a message whose event type is empty', wrapped({ ...inner, event_type: '' })],
  ['an event type with a wildcard', wrapped({ ...inner, event_type: 'compute.>' })],
  ['an event type that is a wildcard', wrapped({ ...inner, event_type: '*' })],
  ['an event type with an empty part', wrapped({ ...inner, event_type: 'compute..error' })],
  ['an event type with a line break', wrapped({ ...inner, event_type: 'service.update\n' })],
  ['an id with a line break', wrapped({ ...inner, message_id: 'a\nb' })],
  ['an id that is empty', wrapped({ ...inner, message_id: '' })],
  ['an id that is too long', wrapped({ ...inner, message_id: 'x'.repeat(65) })],
  ['a sender with a control character', wrapped({ ...inner, publisher_id: 'a\u001Bb' })],
  ['a time that is a number', wrapped({ ...inner, timestamp: 7 })],
  ['a message whose payload is text', wrapped({ ...inner, payload: 'secret' })],
  ['a message whose payload is null', wrapped({ ...inner, payload: null })],
  ['a versioned payload without fields', wrapped({ ...inner, payload: { 'nova_object.data': 1 } })],
  ['a body nested without end', Buffer.from('{"payload":'.repeat(40_000))],
  [
    'a message nested without end',
    bytes({ 'oslo.version': '2.0', 'oslo.message': '['.repeat(9999) }),
  ],
  ['a payload nested without end', wrapped({ ...inner, payload: { deep } })],
  ['a body too long for our bus', wrapped({ ...inner, payload: { text: 'x'.repeat(600_000) } })],
]
for (const [what, body] of refused) {
  test(`${what} is refused`, (t) => {
    const error = t.throws(() => parseOsloNotification(body))
    t.true(isCoded(error, 'MESSAGE_INVALID'))
    t.false(error.message.includes('secret'))
  })
}

test('no body does anything but parse or be refused', (t) => {
  const anything = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  )
  holds(
    t,
    fc.property(anything, (body) => void readOrRefused(body)),
  )
})

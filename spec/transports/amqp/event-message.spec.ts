/** What is published, by table: envelope, routing and versioned payload as consumers of Masakari's events know them. */
import test from 'ava'
import type { ReportPhase, ReportSubject } from '../../../actors/ports/reports.ts'
import { eventMessage } from '../../../transports/amqp/event-message.ts'
import { parseOsloNotification } from '../../../transports/amqp/oslo-envelope.ts'
import { H1, N1, SEGMENT, hostRow, notificationRow, segmentRow } from '../../actors/records.ts'

const AT = Date.UTC(2026, 10, 22, 7, 15, 26, 58)
const ID = '0b0eb0c5-23bd-4f08-8a9a-05e1ce05ae6b'
const STAMP = { node: 'controller-1', wallMs: AT, messageId: ID }

const START: ReportPhase = { kind: 'start' }
const END: ReportPhase = { kind: 'end' }
const ERROR: ReportPhase = { kind: 'error', fault: { code: 'SEGMENT_NAME_TAKEN', message: 'No.' } }

function innerOf(subject: ReportSubject, phase: ReportPhase): Record<string, unknown> {
  const outer: unknown = JSON.parse(
    String(eventMessage(subject, phase, STAMP, ['wrapped']).bodies[0]),
  )
  const text = Reflect.get(Object(outer), 'oslo.message')
  return JSON.parse(String(text)) as Record<string, unknown>
}

const object = (name: string, version: string, data: unknown) => ({
  'masakari_object.name': name,
  'masakari_object.namespace': 'masakari',
  'masakari_object.version': version,
  'masakari_object.data': data,
})

const { uuid: _uuid, id: _id, ...unstoredSegment } = segmentRow({ description: 'first row' })
const { uuid: _hostUuid, id: _hostId, ...unstoredHost } = hostRow({ controlAttributes: '***' })
const stored = segmentRow({ createdAt: AT, updatedAt: AT + 1000 })

const SEGMENT_FIELDS = {
  name: 'rack-1',
  service_type: 'COMPUTE',
  description: 'first row',
  recovery_method: 'auto',
  enabled: true,
}
const HOST_FIELDS = {
  name: 'compute-1',
  failover_segment_id: SEGMENT,
  failover_segment: object('FailoverSegment', '1.1', {
    ...SEGMENT_FIELDS,
    description: null,
    id: 1,
    uuid: SEGMENT,
    created_at: '2026-11-22T07:15:26Z',
    updated_at: '2026-11-22T07:15:27Z',
    deleted_at: null,
    deleted: false,
  }),
  type: 'COMPUTE',
  reserved: false,
  control_attributes: '***',
  on_maintenance: false,
}
const NOTIFICATION_FIELDS = {
  generated_time: '1970-01-01T00:00:00Z',
  type: 'COMPUTE_HOST',
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
}
const fault = (during: string) =>
  object('ExceptionPayload', '1.0', {
    module_name: 'instance-ha',
    function_name: during,
    exception: 'SEGMENT_NAME_TAKEN',
    exception_message: 'No.',
    traceback: '',
  })

const subjects = {
  wantedSegment: { kind: 'segment', action: 'create', segment: unstoredSegment },
  segment: {
    kind: 'segment',
    action: 'delete',
    segment: segmentRow({ description: 'first row' }),
  },
  wantedHost: { kind: 'host', action: 'create', host: unstoredHost, segment: stored },
  host: {
    kind: 'host',
    action: 'update',
    host: hostRow({ controlAttributes: '***' }),
    segment: stored,
  },
  created: { kind: 'notification', action: 'create', notification: notificationRow() },
  processed: {
    kind: 'notification',
    action: 'process',
    notification: notificationRow({ status: 'error' }),
  },
  unstored: {
    kind: 'notification',
    action: 'create',
    notification: { type: 'COMPUTE_HOST', generatedAt: 0, payload: NOTIFICATION_FIELDS.payload },
  },
} as const satisfies Record<string, ReportSubject>

const table: readonly (readonly [ReportSubject, ReportPhase, string, unknown])[] = [
  [
    subjects.wantedSegment,
    START,
    'segment.create.start',
    object('SegmentApiPayload', '1.1', { ...SEGMENT_FIELDS, fault: null }),
  ],
  [
    subjects.wantedSegment,
    ERROR,
    'segment.create.error',
    object('SegmentApiPayload', '1.1', { ...SEGMENT_FIELDS, fault: fault('segment.create') }),
  ],
  [
    subjects.segment,
    END,
    'segment.delete.end',
    object('SegmentApiPayload', '1.1', { id: 1, uuid: SEGMENT, ...SEGMENT_FIELDS, fault: null }),
  ],
  [
    subjects.wantedHost,
    START,
    'host.create.start',
    object('HostApiPayload', '1.0', { ...HOST_FIELDS, fault: null }),
  ],
  [
    subjects.host,
    END,
    'host.update.end',
    object('HostApiPayload', '1.0', { id: 1, uuid: H1, ...HOST_FIELDS, fault: null }),
  ],
  [
    subjects.created,
    START,
    'notification.create.start',
    object('NotificationApiPayload', '1.0', {
      ...NOTIFICATION_FIELDS,
      source_host_uuid: H1,
      status: 'new',
      fault: null,
    }),
  ],
  [
    subjects.unstored,
    ERROR,
    'notification.create.error',
    object('NotificationApiPayload', '1.0', {
      ...NOTIFICATION_FIELDS,
      status: 'new',
      fault: fault('notification.create'),
    }),
  ],
  [
    subjects.processed,
    ERROR,
    'notification.process.error',
    object('NotificationApiPayload', '1.0', {
      ...NOTIFICATION_FIELDS,
      id: 1,
      notification_uuid: N1,
      source_host_uuid: H1,
      status: 'error',
      fault: fault('notification.process'),
    }),
  ],
]
for (const [subject, phase, eventType, payload] of table) {
  test(`${eventType} has the payload that its consumers expect`, (t) => {
    const inner = innerOf(subject, phase)
    t.is(inner['event_type'], eventType)
    t.deepEqual(inner['payload'], payload)
  })
}

test('the envelope is that of the driver messagingv2', (t) => {
  const { bodies, priority } = eventMessage(subjects.processed, END, STAMP, ['wrapped', 'bare'])
  const [body, bare] = bodies.map(String)
  t.is(priority, 'info')
  const outer = JSON.parse(body ?? '') as Record<string, unknown>
  t.is<unknown, unknown>(bare, outer['oslo.message'])
  t.deepEqual(Object.keys(outer), ['oslo.version', 'oslo.message'])
  t.is(outer['oslo.version'], '2.0')
  const { payload: _payload, ...inner } = innerOf(subjects.processed, END)
  t.deepEqual(inner, {
    message_id: ID,
    publisher_id: 'masakari-engine:controller-1',
    event_type: 'notification.process.end',
    priority: 'INFO',
    timestamp: '2026-11-22 07:15:26.058000',
    _unique_id: ID.replaceAll('-', ''),
  })
})

test('an error has a priority of its own, and what the API does is said by the API', (t) => {
  t.is(eventMessage(subjects.segment, ERROR, STAMP, []).priority, 'error')
  t.like(innerOf(subjects.segment, ERROR), {
    priority: 'ERROR',
    publisher_id: 'masakari-api:controller-1',
  })
})

test('our own parser reads it', (t) => {
  const [body] = eventMessage(subjects.host, END, STAMP, ['wrapped']).bodies
  const { event, ids } = parseOsloNotification(body ?? Buffer.alloc(0))
  t.like(event, { eventType: 'host.update.end', publisher: 'masakari-api:controller-1' })
  t.is(ids[0], ID)
})

/** What is reported, as the versioned objects that consumers of Masakari's event notifications know. Pure. */
import type { ReportFault, ReportPhase, ReportSubject } from '../../actors/ports/reports.ts'
import type { Segment } from '../../schema/records.ts'

type Fields = Readonly<Record<string, unknown>>

/** An object of oslo.versionedobjects in JSON. */
export interface VersionedObject {
  readonly 'masakari_object.name': string
  readonly 'masakari_object.namespace': 'masakari'
  readonly 'masakari_object.version': string
  readonly 'masakari_object.data': Fields
}

type Of<Kind extends ReportSubject['kind']> = Extract<ReportSubject, { readonly kind: Kind }>

/** The payload of one report. */
export function payloadOf(subject: ReportSubject, phase: ReportPhase): VersionedObject {
  const fault = phase.kind === 'error' ? faultObject(subject, phase.fault) : null
  switch (subject.kind) {
    case 'segment':
      return object('SegmentApiPayload', '1.1', { ...segmentFields(subject), fault })
    case 'host':
      return object('HostApiPayload', '1.0', { ...hostFields(subject), fault })
    case 'notification':
      return object('NotificationApiPayload', '1.0', {
        ...notificationFields(subject, phase),
        fault,
      })
  }
}

const object = (name: string, version: string, fields: Fields): VersionedObject => ({
  'masakari_object.name': name,
  'masakari_object.namespace': 'masakari',
  'masakari_object.version': version,
  'masakari_object.data': fields,
})

/** No stack: it is of no use to others, and may show what is none of their business. */
const faultObject = ({ kind, action }: ReportSubject, { code, message }: ReportFault) =>
  object('ExceptionPayload', '1.0', {
    module_name: 'instance-ha',
    function_name: `${kind}.${action}`,
    exception: code,
    exception_message: message,
    traceback: '',
  })

const segmentFields = ({ segment }: Of<'segment'>): Fields => ({
  ...identityOf(segment),
  name: segment.name,
  service_type: segment.serviceType,
  description: segment.description,
  recovery_method: segment.recoveryMethod,
  enabled: segment.enabled,
})

const hostFields = ({ host, segment }: Of<'host'>): Fields => ({
  ...identityOf(host),
  name: host.name,
  failover_segment_id: segment.uuid,
  failover_segment: object('FailoverSegment', '1.1', storedSegment(segment)),
  type: host.type,
  reserved: host.reserved,
  control_attributes: host.controlAttributes,
  on_maintenance: host.onMaintenance,
})

const storedSegment = (segment: Segment): Fields => ({
  ...segmentFields({ kind: 'segment', action: 'update', segment }),
  created_at: secondText(segment.createdAt),
  updated_at: segment.updatedAt === null ? null : secondText(segment.updatedAt),
  deleted_at: null,
  deleted: false,
})

/** What begins to be created has no identity yet; ours is known by then, and left out as consumers expect. */
function notificationFields(
  { action, notification }: Of<'notification'>,
  { kind }: ReportPhase,
): Fields {
  const stored = 'uuid' in notification ? notification : undefined
  const named = stored === undefined || (action === 'create' && kind === 'start')
  return {
    ...(named ? {} : { id: stored.id, notification_uuid: stored.uuid }),
    ...(stored === undefined ? {} : { source_host_uuid: stored.sourceHost }),
    generated_time: secondText(notification.generatedAt),
    type: notification.type,
    payload: notification.payload,
    status: stored?.status ?? 'new',
  }
}

const identityOf = (row: object): Fields =>
  'id' in row && 'uuid' in row ? { id: row.id, uuid: row.uuid } : {}

/** `2026-11-22T07:24:52Z`. */
const secondText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

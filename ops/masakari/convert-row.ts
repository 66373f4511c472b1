/** Makes rows of our tables from rows of Masakari, or says why one is not taken. Pure. */
import { parseControlAttributes } from '../../schema/control-attributes.ts'
import {
  hostId,
  hostName,
  instanceId,
  moveId,
  notificationId,
  segmentId,
} from '../../schema/ids.ts'
import type {
  ImportedHost,
  ImportedMove,
  ImportedNotification,
  ImportedSegment,
} from '../../schema/imported-rows.ts'
import {
  MOVE_STATUSES,
  NOTIFICATION_STATUSES,
  NOTIFICATION_TYPES,
  RECOVERY_METHODS,
  UNFINISHED_STATUSES,
} from '../../schema/records.ts'
import { payloadText } from '../../transports/sql/rows.ts'
import type { MasakariRow } from '../../transports/sql/masakari-source.ts'
import { RowReader } from './read-row.ts'

/** A row to take, with remarks for the operator; or why it is not taken. */
export type Conversion<Row> =
  | { readonly kind: 'row'; readonly row: Row; readonly notes: readonly string[] }
  /** Something is wrong with it, or it belongs to something with which something is wrong. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** A recovery that Masakari has not ended. */
  | { readonly kind: 'unfinished'; readonly reason: string }
  /** Masakari does not show it. */
  | { readonly kind: 'left'; readonly reason: string }

function settled<Row>(reader: RowReader, row: Row, notes: readonly string[] = []): Conversion<Row> {
  const { problems } = reader
  return problems.length === 0
    ? { kind: 'row', row, notes }
    : { kind: 'refused', reason: problems.join('; ') }
}

/** A segment, deleted or not. */
export function convertSegment(row: MasakariRow): Conversion<ImportedSegment> {
  const reader = new RowReader(row)
  return settled(reader, {
    ...reader.stamp(),
    uuid: segmentId(reader.uuid('uuid')),
    name: reader.name('name'),
    service_type: reader.name('service_type'),
    description: reader.textOrNull('description'),
    recovery_method: reader.oneOf('recovery_method', RECOVERY_METHODS),
    enabled: reader.flag('enabled', 1),
  })
}

/** A host, deleted or not. Its maintenance becomes an operator's, so that no recovery of ours ends it. */
export function convertHost(row: MasakariRow): Conversion<ImportedHost> {
  const reader = new RowReader(row)
  const host = {
    ...reader.stamp(),
    uuid: hostId(reader.uuid('uuid')),
    name: hostName(reader.name('name')),
    failover_segment_id: segmentId(reader.uuid('failover_segment_id')),
    type: reader.matching(
      'type',
      /^[a-zA-Z0-9]{0,255}$/,
      'has other characters than letters and digits',
    ),
    control_attributes: reader.text('control_attributes'),
    reserved: reader.flag('reserved', 0),
    on_maintenance: reader.flag('on_maintenance', 0),
  }
  return settled(reader, host, host.deleted === 0 ? notesOf(host) : [])
}

function notesOf(host: ImportedHost): readonly string[] {
  const settings = parseControlAttributes(host.control_attributes)
  const { problems, ipmi, redfish, ssh, agents } = settings
  const isReachable = ipmi !== undefined || redfish !== undefined || agents.size > 0
  return [
    ...(host.on_maintenance === 0
      ? []
      : ['stays on maintenance until you take that away: check whether Masakari set it']),
    ...problems.map((problem) => `its settings are kept, and cannot be used: ${problem}`),
    ...(problems.length > 0 || (isReachable && ssh !== undefined)
      ? []
      : [`has no settings for ${isReachable ? 'SSH' : 'a fence'} in its control_attributes`]),
  ]
}

/**
 * An ended notification that Masakari shows. `segmentOf` finds the segment of a host, deleted or not: older revisions do not name it
 * in the notification.
 */
export function convertNotification(
  row: MasakariRow,
  segmentOf: (host: string) => string | undefined,
): Conversion<ImportedNotification> {
  const reader = new RowReader(row)
  if (reader.isDeleted) return { kind: 'left', reason: 'are deleted in Masakari' }
  const stamp = reader.stamp()
  const status = reader.oneOf('status', NOTIFICATION_STATUSES)
  const host = reader.uuid('source_host_uuid')
  const named =
    row['failover_segment_uuid'] === null ? segmentOf(host) : reader.uuid('failover_segment_uuid')
  if (named === undefined)
    reader.problems.push('its host is not in Masakari any more, so its segment is not known')
  const notification = {
    ...stamp,
    notification_uuid: notificationId(reader.uuid('notification_uuid')),
    generated_time: reader.time('generated_time'),
    source_host_uuid: hostId(host),
    failover_segment_uuid: segmentId(named ?? ''),
    type: reader.oneOf('type', NOTIFICATION_TYPES),
    payload: payloadText(reader.texts('payload')),
    status,
    message: reader.textOrNull('message'),
  }
  if (reader.problems.length === 0 && UNFINISHED_STATUSES.some((each) => each === status)) {
    return { kind: 'unfinished', reason: `Masakari has not ended its recovery (${status})` }
  }
  return settled(reader, notification)
}

/** A move that Masakari shows. */
export function convertMove(row: MasakariRow): Conversion<ImportedMove> {
  const reader = new RowReader(row)
  if (reader.isDeleted) return { kind: 'left', reason: 'are deleted in Masakari' }
  const dest = row['dest_host'] === null ? null : hostName(reader.name('dest_host'))
  return settled(reader, {
    ...reader.stamp(),
    uuid: moveId(reader.uuid('uuid')),
    notification_uuid: notificationId(reader.uuid('notification_uuid')),
    instance_uuid: instanceId(reader.uuid('instance_uuid')),
    instance_name: reader.text('instance_name'),
    source_host: hostName(reader.name('source_host')),
    dest_host: dest,
    start_time: reader.timeOrNull('start_time'),
    end_time: reader.timeOrNull('end_time'),
    type: reader.oneOf('type', ['evacuation']),
    status: reader.oneOf('status', MOVE_STATUSES),
    message: reader.textOrNull('message'),
  })
}

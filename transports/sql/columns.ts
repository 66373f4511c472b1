/** All columns of tables that are read as parts of one statement. The compiler refuses a list that is not complete. */
import type { Selectable } from 'kysely'
import type {
  DeathCertificatesTable,
  HostsTable,
  NotificationsTable,
  OperatorCommandsTable,
  SegmentPoliciesTable,
  SegmentsTable,
  SiteCommandsTable,
  VmMovesTable,
} from '../../schema/tables.ts'
import type { ColumnNames } from './parts.ts'

/** The first columns of every table that clients see. */
const STAMP = {
  id: true,
  created_at: true,
  updated_at: true,
  deleted_at: true,
  deleted: true,
} as const

export const SEGMENT: ColumnNames<Selectable<SegmentsTable>> = {
  ...STAMP,
  revision: true,
  uuid: true,
  name: true,
  name_key: true,
  service_type: true,
  description: true,
  recovery_method: true,
  enabled: true,
}

export const HOST: ColumnNames<Selectable<HostsTable>> = {
  ...STAMP,
  revision: true,
  uuid: true,
  name: true,
  name_key: true,
  failover_segment_id: true,
  type: true,
  control_attributes: true,
  reserved: true,
  on_maintenance: true,
  maintenance_by: true,
  held_reserved: true,
}

export const NOTIFICATION: ColumnNames<Selectable<NotificationsTable>> = {
  ...STAMP,
  revision: true,
  notification_uuid: true,
  generated_time: true,
  source_host_uuid: true,
  failover_segment_uuid: true,
  type: true,
  payload: true,
  fault_key: true,
  status: true,
  message: true,
  run: true,
  first_run: true,
}

export const MOVE: ColumnNames<Selectable<VmMovesTable>> = {
  ...STAMP,
  uuid: true,
  notification_uuid: true,
  instance_uuid: true,
  instance_name: true,
  source_host: true,
  dest_host: true,
  start_time: true,
  end_time: true,
  type: true,
  status: true,
  message: true,
  attempts: true,
  guest_state: true,
  guest_at: true,
  guest_reason: true,
}

export const CERTIFICATE: ColumnNames<Selectable<DeathCertificatesTable>> = {
  id: true,
  notification_uuid: true,
  host_uuid: true,
  epoch: true,
  issued_at: true,
  ground: true,
  evidence: true,
  void: true,
}

export const POLICY: ColumnNames<Selectable<SegmentPoliciesTable>> = {
  id: true,
  segment_uuid: true,
  choices: true,
  updated_at: true,
}

export const COMMAND: ColumnNames<Selectable<OperatorCommandsTable>> = {
  id: true,
  notification_uuid: true,
  kind: true,
  operator: true,
  reason: true,
  given_at: true,
}

export const SITE_COMMAND: ColumnNames<Selectable<SiteCommandsTable>> = {
  id: true,
  kind: true,
  operator: true,
  reason: true,
  given_at: true,
}

/** Makes records from rows: decodes flags, numbers and JSON texts. */
import type { Selectable } from 'kysely'
import { epoch } from '../../schema/ids.ts'
import type {
  DeathCertificate,
  Host,
  JournalEntry,
  MoveAttempt,
  Notification,
  OperatorCommand,
  Payload,
  RecordedMove,
  RowStamp,
  Segment,
  SiteCommand,
  TouchedMove,
  VmMove,
} from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'
import type {
  DeathCertificatesTable,
  HostsTable,
  JournalTable,
  MoveAttemptsTable,
  MoveOriginsTable,
  NotificationsTable,
  OperatorCommandsTable,
  SegmentPoliciesTable,
  SegmentsTable,
  SiteCommandsTable,
  VmMovesTable,
} from '../../schema/tables.ts'
import { storedChoices, storedEvidence, storedPayload } from './stored-json.ts'

/** Refuses a number that JavaScript cannot hold exactly (mysql2 returns it as a text). */
export function integer(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`)
  return value
}

export const integerOrNull = (value: number | null): number | null =>
  value === null ? null : integer(value)

const stampOf = (row: {
  readonly id: number
  readonly created_at: number
  readonly updated_at: number | null
}): RowStamp => ({
  id: integer(row.id),
  createdAt: integer(row.created_at),
  updatedAt: integerOrNull(row.updated_at),
})

export const segmentOf = (row: Selectable<SegmentsTable>): Segment => ({
  ...stampOf(row),
  uuid: row.uuid,
  name: row.name,
  serviceType: row.service_type,
  description: row.description,
  recoveryMethod: row.recovery_method,
  enabled: row.enabled !== 0,
})

export const hostOf = (row: Selectable<HostsTable>): Host => ({
  ...stampOf(row),
  uuid: row.uuid,
  name: row.name,
  segment: row.failover_segment_id,
  type: row.type,
  controlAttributes: row.control_attributes,
  reserved: row.reserved !== 0,
  onMaintenance: row.on_maintenance !== 0,
  maintenanceBy: row.maintenance_by,
})

export const notificationOf = (row: Selectable<NotificationsTable>): Notification => ({
  ...stampOf(row),
  uuid: row.notification_uuid,
  type: row.type,
  generatedAt: integer(row.generated_time),
  sourceHost: row.source_host_uuid,
  segment: row.failover_segment_uuid,
  payload: storedPayload(row.payload),
  status: row.status,
  message: row.message,
  run: integer(row.run),
  firstRun: integer(row.first_run),
})

/** The text of a payload: equal for equal payloads, whatever the order of their keys. */
export const payloadText = (payload: Payload): string =>
  JSON.stringify(Object.fromEntries(Object.entries(payload).toSorted(byKey)))

const byKey = ([one]: [string, string], [other]: [string, string]): number => (one < other ? -1 : 1)

export const moveOf = (row: Selectable<VmMovesTable>): VmMove => ({
  ...stampOf(row),
  uuid: row.uuid,
  notification: row.notification_uuid,
  instance: row.instance_uuid,
  instanceName: row.instance_name,
  sourceHost: row.source_host,
  destHost: row.dest_host,
  startedAt: integerOrNull(row.start_time),
  endedAt: integerOrNull(row.end_time),
  status: row.status,
  message: row.message,
  attempts: integer(row.attempts),
  guest:
    row.guest_state === null
      ? null
      : { state: row.guest_state, at: integerOrNull(row.guest_at), reason: row.guest_reason },
})

type OriginColumns = Pick<
  Selectable<MoveOriginsTable>,
  'vm_state' | 'task_state' | 'power_state' | 'locked' | 'held'
>

type TouchedRow = Selectable<VmMovesTable> & {
  readonly [Column in keyof OriginColumns]: OriginColumns[Column] | null
}

/** A move from before origins were stored counts as one of an ordinary running instance. */
export const touchedMoveOf = (row: TouchedRow): TouchedMove => ({
  ...moveOf(row),
  origin: {
    vmState: row.vm_state ?? 'active',
    taskState: row.task_state,
    powerState: row.power_state ?? 1,
    locked: row.locked === 1,
  },
  held: row.held === 1,
})

export const recordedMoveOf = (
  row: TouchedRow & { readonly asked_in_run: number | null },
  refusals: Pick<RecordedMove, 'refusedBy' | 'hadNoHost' | 'failedBy' | 'refusals'>,
  nowMs: number,
): RecordedMove => ({
  ...touchedMoveOf(row),
  askedInRun: integerOrNull(row.asked_in_run) ?? 0,
  askedAgoMs: Math.max(0, nowMs - (integerOrNull(row.start_time) ?? nowMs)),
  ...refusals,
})

export const attemptOf = (row: Selectable<MoveAttemptsTable>): MoveAttempt => ({
  move: row.move_uuid,
  number: integer(row.number),
  run: integer(row.run),
  target: row.target,
  requestedAt: integer(row.requested_at),
  endedAt: integerOrNull(row.ended_at),
  outcome: row.outcome,
  reason: row.reason,
})

export const journalEntryOf = (row: Selectable<JournalTable>): JournalEntry => ({
  id: integer(row.id),
  at: integer(row.recorded_at),
  epoch: epoch(row.epoch),
  notification: row.notification_uuid,
  run: integer(row.run),
  kind: row.kind,
  step: row.step,
  subject: row.subject,
  detail: row.detail,
})

export const certificateOf = (row: Selectable<DeathCertificatesTable>): DeathCertificate => ({
  notification: row.notification_uuid,
  host: row.host_uuid,
  epoch: epoch(row.epoch),
  issuedAt: integer(row.issued_at),
  ground: row.ground,
  evidence: storedEvidence(row.evidence),
})

export const commandOf = (row: Selectable<OperatorCommandsTable>): OperatorCommand => ({
  notification: row.notification_uuid,
  kind: row.kind,
  operator: row.operator,
  reason: row.reason,
  givenAt: integer(row.given_at),
})

export const siteCommandOf = (row: Selectable<SiteCommandsTable>): SiteCommand => ({
  kind: row.kind,
  operator: row.operator,
  reason: row.reason,
  givenAt: integer(row.given_at),
})

export const choicesOf = (
  row: Pick<Selectable<SegmentPoliciesTable>, 'choices'> | undefined,
): PolicyChoices => (row === undefined ? {} : storedChoices(row.choices))

/** 0 or 1, which every database can store. */
export const flag = (value: boolean): number => (value ? 1 : 0)

/** A time in whole seconds, as clients expect `created_at` and `updated_at`. */
export const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000

/**
 * Names are compared by their keys, so that `Node-1` and `node-1` are one host on every database.
 */
export const nameKey = (name: string): string => name.toLowerCase()

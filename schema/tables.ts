/** The tables as Kysely sees them. Flags are 0 or 1; times are wall-clock milliseconds (UTC). */
import type { Generated } from 'kysely'
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NodeName,
  NotificationId,
  SegmentId,
} from './ids.ts'
import type { ImportedTable } from './imported-rows.ts'
import type {
  CertificateGround,
  Change,
  ChangeKind,
  GuestState,
  JournalEntry,
  MoveAttempt,
  MoveStatus,
  NotificationStatus,
  NotificationType,
  OperatorCommandKind,
  RecoveryMethod,
  SiteCommandKind,
} from './records.ts'

/**
 * The first columns of every table that clients see. In a deleted row, `deleted` holds the row's
 * own id.
 */
interface Stamp {
  readonly id: Generated<number>
  /** Whole seconds, as clients expect; the same holds for `updated_at`. */
  readonly created_at: number
  readonly updated_at: number | null
  readonly deleted_at: number | null
  readonly deleted: Generated<number>
}

/**
 * Counts the writes that took the lock of the row. Other Galera nodes do not see a lock that
 * changes nothing.
 */
interface Lockable {
  readonly revision: Generated<number>
}

export interface SegmentsTable extends Stamp, Lockable {
  readonly uuid: SegmentId
  readonly name: string
  /** The name in lower case, so that every database checks uniqueness and sorts in the same way. */
  readonly name_key: string
  readonly service_type: string
  readonly description: string | null
  readonly recovery_method: RecoveryMethod
  readonly enabled: number
}

export interface HostsTable extends Stamp, Lockable {
  readonly uuid: HostId
  readonly name: HostName
  readonly name_key: string
  readonly failover_segment_id: SegmentId
  readonly type: string
  readonly control_attributes: string
  readonly reserved: number
  readonly on_maintenance: number
  /** The recovery that holds the host; null when no recovery does (an operator may). */
  readonly maintenance_by: NotificationId | null
  /** Whether the host was reserved before a recovery held it. */
  readonly held_reserved: Generated<number>
}

export interface NotificationsTable extends Stamp, Lockable {
  readonly notification_uuid: NotificationId
  readonly generated_time: number
  readonly source_host_uuid: HostId
  readonly failover_segment_uuid: SegmentId
  readonly type: NotificationType
  /** JSON text of an object, keys sorted, so that equal payloads are equal texts. */
  readonly payload: string
  /** The common key of equal reports. Only the newest notification of a fault has it. */
  readonly fault_key: string | null
  readonly status: NotificationStatus
  readonly message: string | null
  readonly run: Generated<number>
  readonly first_run: Generated<number>
}

export interface VmMovesTable extends Stamp {
  readonly uuid: MoveId
  readonly notification_uuid: NotificationId
  readonly instance_uuid: InstanceId
  readonly instance_name: string
  readonly source_host: HostName
  readonly dest_host: HostName | null
  readonly start_time: number | null
  readonly end_time: number | null
  readonly type: string
  readonly status: MoveStatus
  readonly message: string | null
  readonly attempts: Generated<number>
  /** Null until the move has succeeded. */
  readonly guest_state: GuestState | null
  /** Null while the guest is followed; so is `guest_reason`. */
  readonly guest_at: number | null
  readonly guest_reason: string | null
}

export interface MoveOriginsTable {
  readonly id: Generated<number>
  readonly move_uuid: MoveId
  readonly vm_state: string
  readonly task_state: string | null
  readonly power_state: number
  readonly locked: number
  /** Whether we locked the instance; the leader that ends the move unlocks it. */
  readonly held: Generated<number>
  /** The recovery of the target, which failed before the instance was in its earlier state. */
  readonly handed_to: NotificationId | null
}

/** Append-only, except for the end of the last attempt. */
export interface MoveAttemptsTable {
  readonly id: Generated<number>
  readonly move_uuid: MoveId
  readonly number: number
  readonly run: number
  readonly target: HostName | null
  readonly requested_at: number
  readonly ended_at: number | null
  readonly outcome: MoveAttempt['outcome']
  readonly reason: string | null
}

/** Has one row: which leader may write recovery records. */
export interface LeadershipTable extends Lockable {
  readonly id: number
  readonly epoch: Epoch
  readonly holder: NodeName | null
  readonly claimed_at: number | null
}

/** Append-only. */
export interface JournalTable {
  readonly id: Generated<number>
  readonly recorded_at: number
  readonly epoch: Epoch
  readonly notification_uuid: NotificationId
  readonly run: Generated<number>
  readonly kind: JournalEntry['kind']
  readonly step: string
  readonly subject: string
  readonly detail: string
}

export interface DeathCertificatesTable {
  readonly id: Generated<number>
  readonly notification_uuid: NotificationId
  readonly host_uuid: HostId
  readonly epoch: Epoch
  readonly issued_at: number
  readonly ground: CertificateGround
  /** JSON text of a list of sentences. */
  readonly evidence: string
  /** 1 after a retry command, until the host is certified dead again. */
  readonly void: Generated<number>
}

export interface SegmentPoliciesTable {
  readonly id: Generated<number>
  readonly segment_uuid: SegmentId
  /** JSON text of `PolicyChoices`. */
  readonly choices: string
  readonly updated_at: number
}

/** Append-only. */
export interface OperatorCommandsTable {
  readonly id: Generated<number>
  readonly notification_uuid: NotificationId
  readonly kind: OperatorCommandKind
  readonly operator: string
  readonly reason: string
  readonly given_at: number
}

/** Append-only; the latest row counts. */
export interface SiteCommandsTable {
  readonly id: Generated<number>
  readonly kind: SiteCommandKind
  readonly operator: string
  readonly reason: string
  readonly given_at: number
}

/** The ledger of changes that recoveries made. */
export interface ChangesTable {
  readonly id: Generated<number>
  readonly notification_uuid: NotificationId
  readonly kind: ChangeKind
  readonly host_uuid: HostId
  readonly subject: string
  readonly state: Change['state'] | 'closed'
  readonly made_at: number
  readonly closed_at: number | null
  readonly outcome: string | null
}

export interface ObserversTable {
  readonly id: Generated<number>
  readonly name: string
  /** Wall-clock time of its latest registration, ms. */
  readonly seen_at: number
  /** 1: a host monitor; 0: somebody else who has a voice. */
  readonly watches_hosts: number
}

export interface AggregateDomainsTable {
  readonly id: Generated<number>
  /** In lower case. */
  readonly host_name: string
  /** Names with commas between them. */
  readonly domains: string
  /** When Nova was read, wall ms; the same in all rows. */
  readonly read_at: number
}

/** Has one row: the key that seals, on which all processes agree. */
export interface SealingKeyTable {
  readonly id: number
  readonly name: string
}

/** Rows that were taken over from Masakari. */
export interface ImportedRowsTable {
  readonly id: Generated<number>
  readonly kind: ImportedTable
  readonly uuid: string
  /** SHA-256 of the row as it was imported, without its secrets. */
  readonly fingerprint: string
}

export interface WriteChecksTable {
  readonly id: Generated<number>
  readonly filling: string
}

export interface Database {
  readonly segments: SegmentsTable
  readonly hosts: HostsTable
  readonly notifications: NotificationsTable
  readonly vm_moves: VmMovesTable
  readonly move_origins: MoveOriginsTable
  readonly move_attempts: MoveAttemptsTable
  readonly leadership: LeadershipTable
  readonly journal: JournalTable
  readonly death_certificates: DeathCertificatesTable
  readonly segment_policies: SegmentPoliciesTable
  readonly operator_commands: OperatorCommandsTable
  readonly site_commands: SiteCommandsTable
  readonly changes: ChangesTable
  readonly observers: ObserversTable
  readonly aggregate_domains: AggregateDomainsTable
  readonly sealing_key: SealingKeyTable
  readonly imported_rows: ImportedRowsTable
  readonly write_checks: WriteChecksTable
}

/** Rows that are taken over from Masakari, as our tables hold them, and what becomes of each. */
import type { Selectable } from 'kysely'
import type { HostsTable, NotificationsTable, SegmentsTable, VmMovesTable } from './tables.ts'

type StampColumn = 'id' | 'created_at' | 'updated_at' | 'deleted_at' | 'deleted'

export type ImportedSegment = Pick<
  Selectable<SegmentsTable>,
  StampColumn | 'uuid' | 'name' | 'service_type' | 'description' | 'recovery_method' | 'enabled'
>

export type ImportedHost = Pick<
  Selectable<HostsTable>,
  | StampColumn
  | 'uuid'
  | 'name'
  | 'failover_segment_id'
  | 'type'
  | 'control_attributes'
  | 'reserved'
  | 'on_maintenance'
>

export type ImportedNotification = Pick<
  Selectable<NotificationsTable>,
  | StampColumn
  | 'notification_uuid'
  | 'generated_time'
  | 'source_host_uuid'
  | 'failover_segment_uuid'
  | 'type'
  | 'payload'
  | 'status'
  | 'message'
>

export type ImportedMove = Pick<
  Selectable<VmMovesTable>,
  | StampColumn
  | 'uuid'
  | 'notification_uuid'
  | 'instance_uuid'
  | 'instance_name'
  | 'source_host'
  | 'dest_host'
  | 'start_time'
  | 'end_time'
  | 'type'
  | 'status'
  | 'message'
>

/** By the names of our tables. */
export interface ImportedRows {
  readonly segments: ImportedSegment
  readonly hosts: ImportedHost
  readonly notifications: ImportedNotification
  readonly vm_moves: ImportedMove
}
export type ImportedTable = keyof ImportedRows

/** What becomes of one row. */
export type ImportOutcome =
  | { readonly kind: 'new' }
  /** It is here already, and equal. */
  | { readonly kind: 'same' }
  /** Masakari changed these columns after an earlier import, and nobody changed our row. */
  | { readonly kind: 'changed'; readonly columns: readonly string[] }
  /** It was changed or deleted here after its import, and Masakari's row was not. */
  | { readonly kind: 'kept' }
  /** It is here and differs, and ours stays. */
  | { readonly kind: 'differs'; readonly reason: string }
  /** It cannot be here beside what is here. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What Masakari's database looks like in each of its revisions that can be read. Pure. */
import type { ImportedTable } from '../../schema/imported-rows.ts'

/**
 * Revisions by the version of their release: sqlalchemy-migrate counted to 8, alembic goes on. The later ones only add: vmoves, and
 * two columns of notifications.
 */
const REVISIONS = ['7', '8', '8f848eb45d03', '8bdf5929c5a6', '13adff5efb9a']

/** Whether rows of this revision can be read. */
export const isKnownRevision = (revision: string): boolean => REVISIONS.includes(revision)

/** The names of Masakari's tables. */
export const THEIR_TABLES = {
  segments: 'failover_segments',
  hosts: 'hosts',
  notifications: 'notifications',
  vm_moves: 'vmoves',
} as const satisfies Record<ImportedTable, string>

const STAMP = ['id', 'created_at', 'updated_at', 'deleted_at', 'deleted']

/** The columns that every known revision has; a revision without moves has no table for them. */
export const THEIR_COLUMNS: Readonly<Record<ImportedTable, readonly string[]>> = {
  segments: [...STAMP, 'uuid', 'name', 'service_type', 'enabled', 'description', 'recovery_method'],
  hosts: [
    ...STAMP,
    'uuid',
    'name',
    'reserved',
    'type',
    'control_attributes',
    'on_maintenance',
    'failover_segment_id',
  ],
  notifications: [
    ...STAMP,
    'notification_uuid',
    'generated_time',
    'source_host_uuid',
    'type',
    'payload',
    'status',
  ],
  vm_moves: [
    ...STAMP,
    'uuid',
    'notification_uuid',
    'instance_uuid',
    'instance_name',
    'source_host',
    'dest_host',
    'start_time',
    'end_time',
    'type',
    'status',
    'message',
  ],
}

/** Columns that came later. */
export const LATER_COLUMNS: Readonly<Partial<Record<ImportedTable, readonly string[]>>> = {
  notifications: ['failover_segment_uuid', 'message'],
}

/** Indices for the filters of lists, each in the default order of lists, and for the purge. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { unlessDone } from './again.ts'

const INDICES = [
  {
    table: 'notifications',
    name: 'notifications_created',
    columns: ['deleted', 'created_at', 'id'],
  },
  {
    table: 'notifications',
    name: 'notifications_status_created',
    columns: ['status', 'created_at', 'id'],
  },
  {
    table: 'notifications',
    name: 'notifications_type_created',
    columns: ['type', 'created_at', 'id'],
  },
  {
    table: 'notifications',
    name: 'notifications_host_created',
    columns: ['source_host_uuid', 'created_at', 'id'],
  },
  {
    table: 'notifications',
    name: 'notifications_status_updated',
    columns: ['status', 'updated_at', 'id'],
  },
  { table: 'segments', name: 'segments_created', columns: ['deleted', 'created_at', 'id'] },
  {
    table: 'segments',
    name: 'segments_method_created',
    columns: ['deleted', 'recovery_method', 'created_at', 'id'],
  },
  {
    table: 'segments',
    name: 'segments_type_created',
    columns: ['deleted', 'service_type', 'created_at', 'id'],
  },
  {
    table: 'segments',
    name: 'segments_enabled_created',
    columns: ['deleted', 'enabled', 'created_at', 'id'],
  },
] as const

export const listIndices: Migration = {
  async up(db: Kysely<unknown>) {
    for (const { table, name, columns } of INDICES) {
      const index = db.schema.createIndex(name).on(table)
      await unlessDone(() => index.columns([...columns]).execute())
    }
  },
}

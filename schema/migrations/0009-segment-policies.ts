/**
 * What operators chose for a segment: at most one row for each segment. A segment without a row
 * follows the configuration.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const segmentPolicies: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('segment_policies')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('segment_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('choices', sql`mediumtext`, (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addUniqueConstraint('segment_policies_segment', ['segment_uuid'])
      .execute()
  },
}

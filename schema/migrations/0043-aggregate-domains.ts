/** The failure domains that Nova's aggregates named when a leader last read them, so that a new leader knows them before it reaches Nova. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const aggregateDomains: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('aggregate_domains')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('host_name', 'varchar(255)', (column) => column.notNull())
      .addColumn('domains', sql`mediumtext`, (column) => column.notNull())
      .addColumn('read_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}

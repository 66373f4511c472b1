/** Death certificates: why it is certain that a host is dead. A recovery has at most one. */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const deathCertificates: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('death_certificates')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('host_uuid', 'varchar(36)', (column) => column.notNull())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .addColumn('ground', 'varchar(32)', (column) => column.notNull())
      .addColumn('evidence', sql`mediumtext`, (column) => column.notNull())
      .addUniqueConstraint('death_certificates_notification', ['notification_uuid'])
      .addUniqueConstraint('death_certificates_by_time', ['issued_at', 'id'])
      .execute()
  },
}

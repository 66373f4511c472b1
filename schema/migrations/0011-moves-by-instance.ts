/** An index for what happened to an instance, in all recoveries. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const movesByInstance: Migration = {
  async up(db: Kysely<unknown>) {
    try {
      await db.schema
        .createIndex('vm_moves_instance_created')
        .on('vm_moves')
        .columns(['instance_uuid', 'created_at', 'id'])
        .execute()
    } catch (error) {
      if (!isThere(error)) throw error
    }
  },
}

/** A migration that was cut off runs again. SQLite: `index … already exists`; MySQL and MariaDB: `Duplicate key name …`. */
const isThere = (error: unknown): boolean =>
  error instanceof Error && /already exists|duplicate key name/i.test(error.message)

/** The epoch: one row. Every write of a recovery record takes its lock first. */
import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

interface FirstLeadership {
  readonly leadership: { readonly id: number; readonly epoch: number }
}

export const leadership: Migration = {
  async up(db: Kysely<FirstLeadership>) {
    await db.schema
      .createTable('leadership')
      .ifNotExists()
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('epoch', 'bigint', (column) => column.notNull())
      .addColumn('holder', 'varchar(255)')
      .addColumn('claimed_at', 'bigint')
      .addColumn('revision', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    const row = await db.selectFrom('leadership').select('id').executeTakeFirst()
    if (row === undefined) {
      await db.insertInto('leadership').values({ id: 1, epoch: 0 }).execute()
    }
  },
}

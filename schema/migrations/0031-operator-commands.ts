/**
 * Tables of operator commands. The rows of the older tables are copied into new ones, and the older
 * tables are dropped.
 */
import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { operatorWords } from './0010-operator-words.ts'
import { siteWordsTable } from './0015-life-cycle.ts'

const COMMANDS = { from: 'operator_words', to: 'operator_commands' } as const
const SITE_COMMANDS = { from: 'site_words', to: 'site_commands' } as const

/**
 * A migration that was interrupted runs again. Then the old tables are created again, and rows that
 * were already copied are skipped.
 */
export const operatorCommands: Migration = {
  async up(db: Kysely<unknown>) {
    await operatorWords.up(db)
    await siteWordsTable(db)
    await commandsTable(db, COMMANDS.to)
      .addColumn('notification_uuid', 'varchar(36)', (column) => column.notNull())
      .addUniqueConstraint('operator_commands_notification', ['notification_uuid', 'id'])
      .execute()
    await commandsTable(db, SITE_COMMANDS.to).execute()
    await copy(db, COMMANDS, sql`, notification_uuid`)
    await copy(db, SITE_COMMANDS, sql``)
    await db.schema.dropTable(COMMANDS.from).execute()
    await db.schema.dropTable(SITE_COMMANDS.from).execute()
  },
}

const commandsTable = (db: Kysely<unknown>, name: string) =>
  db.schema
    .createTable(name)
    .ifNotExists()
    .addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('kind', 'varchar(32)', (column) => column.notNull())
    .addColumn('operator', 'varchar(255)', (column) => column.notNull())
    .addColumn('reason', sql`mediumtext`, (column) => column.notNull())
    .addColumn('given_at', 'bigint', (column) => column.notNull())

async function copy(
  db: Kysely<unknown>,
  { from, to }: { readonly from: string; readonly to: string },
  more: ReturnType<typeof sql>,
): Promise<void> {
  await sql`
    insert into ${sql.table(to)} (id, kind, operator, reason, given_at${more})
    select id, word, operator, reason, said_at${more} from ${sql.table(from)}
    where id not in (select id from ${sql.table(to)})`.execute(db)
}

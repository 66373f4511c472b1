/**
 * Allows access to a database only when its tables are known to be ours, and brings them up to
 * date.
 */
import { sql, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import { MIGRATIONS } from '../../schema/migrations/migrations.ts'
import type { Database } from '../../schema/tables.ts'
import { shapesOf, type MigrationShape } from './schema-shape.ts'
import { pendingOf, RECORD, type SeenSchema, type SeenTable } from './schema-verdict.ts'
import type { SqlConnection } from './transactions.ts'

/** Whether the store may use its database. */
export interface SchemaGate {
  readonly isOpen: () => boolean
  /**
   * Opens the gate when all migrations were run. STORE_UNAVAILABLE when some were not; SCHEMA_…
   * when the database can never be used.
   */
  open(): Promise<void>
  /** Whether none of our tables exists yet. SCHEMA_… when the database can never be used. */
  isUntouched(): Promise<boolean>
  /**
   * Runs pending migrations, and opens the gate. Changes nothing in a database that is not ours, or
   * that is up to date.
   */
  migrate(): Promise<void>
}

/**
 * The schema is read again while another process migrates: it can change at most once for each
 * migration.
 */
const LOOKS_MAX = Object.keys(MIGRATIONS).length + 2

export function schemaGate({ db, failureOf, namesAreFolded }: SqlConnection): SchemaGate {
  let isOpen = false
  const pending = async (): Promise<readonly string[]> => {
    const shapes = await shapesOf(MIGRATIONS)
    const areFolded = await namesAreFolded(db)
    const names = pendingOf(await seenSchema(db, shapes, areFolded), shapes)
    isOpen = names.length === 0
    return names
  }
  return {
    isOpen: () => isOpen,
    open: async () => {
      if ((await pending()).length === 0) return
      throw new CodedError('STORE_UNAVAILABLE', 'the database is not migrated yet')
    },
    isUntouched: async () => (await pending()).length === Object.keys(MIGRATIONS).length,
    migrate: async () => {
      if ((await pending()).length === 0) return
      const provider = { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) }
      const { error } = await new Migrator({ db, provider }).migrateToLatest()
      if (error === undefined) isOpen = true
      else throw failureOf(error) === 'denied' && !isCoded(error) ? denied(error) : error
    },
  }
}

const denied = (cause: unknown): CodedError => {
  const message = `migrations are pending, and the database account may not run them: ${describeError(cause)}`
  return new CodedError('SCHEMA_DENIED', message, { cause })
}

/**
 * The tables that exist. They are read again while the record of migrations grows, so that all of
 * them are from one moment.
 */
async function seenSchema(
  db: Kysely<Database>,
  shapes: readonly MigrationShape[],
  areFolded: boolean,
): Promise<SeenSchema> {
  let before = await record(db, await tablesOf(db, areFolded))
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const tables = await tablesOf(db, areFolded)
    const filled = await filledOf(db, tables, before?.length === 0 ? shapes[0] : undefined)
    const after = await record(db, tables)
    if (before?.length === after?.length) return { tables, applied: after, filled }
    before = after
  }
  throw new CodedError('STORE_CONFLICT', 'another process is migrating the database')
}

async function tablesOf(db: Kysely<Database>, areFolded: boolean): Promise<readonly SeenTable[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  return tables.map(({ name, isView, columns }) => ({
    name: areFolded ? name.toLowerCase() : name,
    isView,
    columns: new Set(columns.map((column) => column.name.toLowerCase())),
  }))
}

/** Names of the migrations that were run; undefined while there is no record. */
async function record(
  db: Kysely<Database>,
  tables: readonly SeenTable[],
): Promise<readonly string[] | undefined> {
  const table = tables.find(({ name }) => name === RECORD)
  if (table === undefined) return undefined
  if (!table.columns.has('name')) return []
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(RECORD)}`.execute(db)
  return rows.map(({ name }) => name)
}

async function filledOf(
  db: Kysely<Database>,
  tables: readonly SeenTable[],
  first: MigrationShape | undefined,
): Promise<ReadonlySet<string>> {
  const filled = new Set<string>()
  for (const { name, isView } of tables) {
    if (isView || first?.creates.has(name) !== true) continue
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(db)
    if (rows.length > 0) filled.add(name)
  }
  return filled
}

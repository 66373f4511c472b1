/**
 * Whether this database is ours to migrate. It is judged from its tables before anything is
 * changed. Pure.
 */
import { CodedError } from '../../schema/errors.ts'
import type { MigrationShape } from './schema-shape.ts'

/** One table or view of the database. */
export interface SeenTable {
  /** Spelled as in our migrations when the database compares names without case. */
  readonly name: string
  readonly isView: boolean
  readonly columns: ReadonlySet<string>
}

/** What was read of one database at one moment. */
export interface SeenSchema {
  readonly tables: readonly SeenTable[]
  /** Names in the record of migrations; undefined while there is no such table. */
  readonly applied: readonly string[] | undefined
  /** Tables of the very first migration that hold rows. */
  readonly filled: ReadonlySet<string>
}

export const RECORD = 'kysely_migration'
export const LOCK = 'kysely_migration_lock'
const RECORD_COLUMNS = ['name', 'timestamp']

/**
 * A migration with this end of its name takes something away, or makes writes of older programs
 * fail. All others only expand, and a program that does not know them can use the database.
 */
const CONTRACTS = /-contract$/

/** Names of pending migrations. Throws SCHEMA_FOREIGN, SCHEMA_NEWER or SCHEMA_INCOMPLETE. */
export function pendingOf(seen: SeenSchema, shapes: readonly MigrationShape[]): readonly string[] {
  const names = shapes.map(({ name }) => name)
  const record = seen.tables.find(({ name }) => name === RECORD)
  const applied = seen.applied ?? []
  if (record !== undefined && !isRecord(record)) throw foreign([record])
  const known = names.filter((name) => applied.includes(name))
  const unknown = applied.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    if (known.length === 0 && record !== undefined) throw foreign([record])
    const missing = names.filter((name) => !applied.includes(name))
    if (missing.length > 0) {
      throw incomplete(`migrations ${list(unknown)} are recorded, and ${list(missing)} are not`)
    }
    const contracting = unknown.filter((name) => CONTRACTS.test(name))
    if (contracting.length > 0) throw newer(contracting)
  }
  const gap = names.slice(0, known.length).filter((name) => !known.includes(name))
  if (gap.length > 0) throw incomplete(`migrations after ${list(gap)} are recorded, these are not`)
  refuseLosses(seen, shapes, known.length)
  refuseStrangers(seen, shapes, known.length)
  return names.slice(known.length)
}

const isRecord = ({ isView, columns }: SeenTable): boolean =>
  !isView && RECORD_COLUMNS.every((column) => columns.has(column))

/**
 * The tables and columns of recorded migrations must exist; additional columns of an operator do
 * not matter. A table that a migration drops may be missing before that migration is recorded.
 */
function refuseLosses(
  { tables }: SeenSchema,
  shapes: readonly MigrationShape[],
  appliedCount: number,
): void {
  const dropped = new Set(shapes.flatMap(({ drops }) => [...drops]))
  const lost: string[] = []
  for (const { creates, adds } of shapes.slice(0, appliedCount)) {
    for (const [table, columns] of [...creates, ...adds]) {
      if (dropped.has(table)) continue
      const seen = tables.find(({ name }) => name === table)
      if (seen === undefined || seen.isView) lost.push(table)
      else lost.push(...[...columns].filter((each) => !seen.columns.has(each)).map(of(table)))
    }
  }
  if (lost.length > 0) throw incomplete(`missing: ${list([...new Set(lost)])}`)
}

const of =
  (table: string) =>
  (column: string): string =>
    `${table}.${column}`

/**
 * After an interrupted migration, tables of pending migrations may exist, with our columns. While
 * nothing is recorded yet, equal columns prove little: then only the first migration's tables may
 * exist, and must be empty.
 */
function refuseStrangers(
  seen: SeenSchema,
  shapes: readonly MigrationShape[],
  appliedCount: number,
): void {
  const [first] = shapes
  const strangers = seen.tables.filter((table) => {
    if (table.name === LOCK) return seen.applied === undefined || table.isView
    const pending = shapes.slice(appliedCount).find(({ creates }) => creates.has(table.name))
    if (pending === undefined) return false
    if (table.isView || seen.applied === undefined || !hasOurColumns(table, shapes)) return true
    return appliedCount === 0 && (pending !== first || seen.filled.has(table.name))
  })
  if (strangers.length > 0) throw foreign(strangers)
}

/**
 * Whether the table has all columns of its creation, and no column that none of our migrations
 * adds.
 */
function hasOurColumns({ name, columns }: SeenTable, shapes: readonly MigrationShape[]): boolean {
  const made = shapes.flatMap(({ creates }) => [...(creates.get(name) ?? [])])
  const added = shapes.flatMap(({ adds }) => [...(adds.get(name) ?? [])])
  const ours = new Set([...made, ...added])
  return made.every((each) => columns.has(each)) && [...columns].every((each) => ours.has(each))
}

const list = (names: readonly string[]): string => names.join(', ')

function foreign(tables: readonly SeenTable[]): CodedError {
  const names = tables.map(({ name, isView }) => (isView ? `${name} (a view)` : name))
  const message = `the database holds tables of another program: ${list(names)}. Nothing was changed. Use an empty database of its own`
  return new CodedError('SCHEMA_FOREIGN', message)
}

const newer = (unknown: readonly string[]): CodedError =>
  new CodedError(
    'SCHEMA_NEWER',
    `the database is newer than this program, which does not know ${list(unknown)}. Nothing was changed. Install the newer version`,
  )

const incomplete = (what: string): CodedError =>
  new CodedError(
    'SCHEMA_INCOMPLETE',
    `the tables of the database do not fit its record of migrations: ${what}. Nothing was changed. Restore a backup, or use an empty database of its own`,
  )

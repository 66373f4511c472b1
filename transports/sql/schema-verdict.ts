/** Is this database ours to migrate? Judged from what is there, before anything is changed. Pure. */
import { CodedError } from '../../schema/errors.ts'
import type { MigrationShape } from './schema-shape.ts'

/** One table or view of the database. */
export interface SeenTable {
  /** As our migrations spell it, where names are compared without case. */
  readonly name: string
  readonly isView: boolean
  readonly columns: ReadonlySet<string>
}

/** What was seen in one database at one moment. */
export interface SeenSchema {
  readonly tables: readonly SeenTable[]
  /** Names in the record of migrations; undefined while there is no such table. */
  readonly applied: readonly string[] | undefined
  /** Tables of the first pending migration that hold rows. */
  readonly filled: ReadonlySet<string>
}

export const RECORD = 'kysely_migration'
export const LOCK = 'kysely_migration_lock'
const RECORD_COLUMNS = ['name', 'timestamp']

/** A migration may fill its new table itself: one that was cut off has left no more than this. */
export const FILLED_BY_MIGRATION: readonly string[] = ['leadership']

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
    if (known.length === names.length) throw newer(unknown)
    const missing = names.filter((name) => !applied.includes(name))
    throw incomplete(`migrations ${list(unknown)} are recorded, and ${list(missing)} are not`)
  }
  const gap = names.slice(0, known.length).filter((name) => !known.includes(name))
  if (gap.length > 0) throw incomplete(`migrations after ${list(gap)} are recorded, these are not`)
  refuseLosses(seen, shapes.slice(0, known.length))
  refuseStrangers(seen, shapes.slice(known.length))
  return names.slice(known.length)
}

const isRecord = ({ isView, columns }: SeenTable): boolean =>
  !isView && RECORD_COLUMNS.every((column) => columns.has(column))

/** What recorded migrations made must be there; columns that an operator added do not matter. */
function refuseLosses({ tables }: SeenSchema, applied: readonly MigrationShape[]): void {
  const lost: string[] = []
  for (const { creates, adds } of applied) {
    for (const [table, columns] of [...creates, ...adds]) {
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

/** Of tables that pending migrations make, only the first one's may be there, as it left them when it was cut off. */
function refuseStrangers(seen: SeenSchema, pending: readonly MigrationShape[]): void {
  const [next] = pending
  const ours = new Set([LOCK, ...pending.flatMap(({ creates }) => [...creates.keys()])])
  const strangers = seen.tables.filter((table) => {
    if (!ours.has(table.name)) return false
    if (table.name === LOCK) return seen.applied === undefined || table.isView
    const made = next?.creates.get(table.name)
    return seen.applied === undefined || made === undefined || !isCutOff(table, made, seen.filled)
  })
  if (strangers.length > 0) throw foreign(strangers)
}

const isCutOff = (
  { name, isView, columns }: SeenTable,
  made: ReadonlySet<string>,
  filled: ReadonlySet<string>,
): boolean =>
  !isView &&
  columns.size === made.size &&
  [...made].every((column) => columns.has(column)) &&
  (FILLED_BY_MIGRATION.includes(name) || !filled.has(name))

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

/** Takes rows of Masakari over: a few at a time, and again as often as wanted. */
import { sql, type Kysely } from 'kysely'
import type { ImportStore } from '../../actors/ports/import-store.ts'
import { CodedError, isCoded } from '../../schema/errors.ts'
import { segmentId } from '../../schema/ids.ts'
import type { ImportedRows, ImportedTable, ImportOutcome } from '../../schema/imported-rows.ts'
import type { Database } from '../../schema/tables.ts'
import {
  claimsOf,
  comparedOf,
  fingerprintOf,
  judge,
  UUID_COLUMN,
  type Here,
  type PlainRow,
} from './import-verdict.ts'
import { isUnderRecovery, lockLeadership } from './locks.ts'
import { nameKey } from './rows.ts'
import type { Transactions } from './transactions.ts'

/** The database as the import sees it: any table, any column. */
interface AnyTables extends Record<ImportedTable, PlainRow> {
  readonly imported_rows: Omit<Database['imported_rows'], 'id'>
}
type AnyDb = Pick<Kysely<AnyTables>, 'selectFrom' | 'insertInto' | 'updateTable'>

/** The API may write the same rows at the same time. */
const ATTEMPTS_MAX = 5
const TAKEN = {
  code: 'STORE_CONFLICT',
  message: 'the same rows were written at the same time',
} as const

const NOTHING: Here = {
  byUuid: new Map(),
  imported: new Map(),
  claims: new Map(),
  underRecovery: new Set(),
}

/** The part of the store that imports. */
export function importStore(
  transactions: Transactions,
  isUntouched: () => Promise<boolean>,
): ImportStore {
  let untouched: boolean | undefined
  return {
    previewImport: async (table, rows) => {
      untouched ??= await isUntouched()
      const plain = rows.map(plainOf)
      if (untouched) return judge(table, plain, NOTHING)
      return transactions.read(async (db) => judge(table, plain, await readHere(db, table, plain)))
    },
    importRows: (table, rows, seal) =>
      persistently(() =>
        transactions.writeUnique(TAKEN, async (trx) => {
          // Otherwise a row of another import could be seen without its mark.
          await lockLeadership(trx)
          const plain = rows.map(plainOf)
          const outcomes = judge(table, plain, await readHere(trx, table, plain))
          await write(anyTables(trx), { table, rows: plain, outcomes, seal })
          return outcomes
        }),
      ),
  }
}

async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === ATTEMPTS_MAX || !isCoded(error, 'STORE_CONFLICT')) throw error
    }
  }
}

/** The columns of all tables are texts, numbers and null. */
const plainOf = (row: ImportedRows[ImportedTable]): PlainRow => ({ ...row })
const anyTables = (db: unknown): AnyDb => db as AnyDb

async function readHere(
  db: Pick<Kysely<Database>, 'selectFrom'>,
  table: ImportedTable,
  rows: readonly PlainRow[],
): Promise<Here> {
  if (rows.length === 0) return NOTHING
  const any = anyTables(db)
  const uuidColumn = UUID_COLUMN[table]
  const valuesOf = (column: string) => [...new Set(rows.map((row) => row[column] ?? null))]
  const all = any.selectFrom(table).selectAll()
  const byUuid = await all.where(uuidColumn, 'in', valuesOf(uuidColumn)).execute()
  const rivals = [byUuid, await all.where('id', 'in', valuesOf('id')).execute()]
  if (table === 'segments' || table === 'hosts') {
    const keys = rows.map((row) => nameKey(String(row['name'])))
    rivals.push(await all.where('name_key', 'in', keys).where('deleted', '=', 0).execute())
  }
  if (table === 'vm_moves') {
    const ofNotifications = all.where('notification_uuid', 'in', valuesOf('notification_uuid'))
    const instances = valuesOf('instance_uuid')
    rivals.push(await ofNotifications.where('instance_uuid', 'in', instances).execute())
  }
  const marks = await any
    .selectFrom('imported_rows')
    .select(['uuid', 'fingerprint'])
    .where('kind', '=', table)
    .where('uuid', 'in', valuesOf(uuidColumn).map(String))
    .execute()
  const uuidOf = (row: PlainRow): string => String(row[uuidColumn])
  return {
    byUuid: new Map(byUuid.map((row) => [uuidOf(row), row])),
    imported: new Map(marks.map(({ uuid, fingerprint }) => [uuid, fingerprint])),
    claims: new Map(
      rivals.flat().flatMap((row) => claimsOf(table, row).map(({ key }) => [key, uuidOf(row)])),
    ),
    underRecovery: await recovering(db, table, byUuid),
  }
}

/** Of the segments whose rows are here, those with a recovery that has not ended. */
async function recovering(
  db: Pick<Kysely<Database>, 'selectFrom'>,
  table: ImportedTable,
  here: readonly PlainRow[],
): Promise<ReadonlySet<string>> {
  const column = { segments: 'uuid', hosts: 'failover_segment_id', notifications: '', vm_moves: '' }
  const found = new Set<string>()
  for (const segment of new Set(here.map((row) => row[column[table]]))) {
    if (typeof segment !== 'string') continue
    if (await isUnderRecovery(db, segmentId(segment))) found.add(segment)
  }
  return found
}

interface Writing {
  readonly table: ImportedTable
  readonly rows: readonly PlainRow[]
  readonly outcomes: readonly ImportOutcome[]
  readonly seal: (text: string) => string
}

async function write(db: AnyDb, { table, rows, outcomes, seal }: Writing): Promise<void> {
  const of = (kind: ImportOutcome['kind']): readonly PlainRow[] =>
    rows.filter((_row, index) => outcomes[index]?.kind === kind)
  const fresh = of('new')
  if (fresh.length > 0) {
    const columns = fresh.map((row) => newRow(table, row, seal))
    await db.insertInto(table).values(columns).execute()
    const marks = fresh.map((row) => markOf(table, row))
    await db.insertInto('imported_rows').values(marks).execute()
  }
  for (const row of of('changed')) await change(db, table, row)
}

const markOf = (table: ImportedTable, row: PlainRow) => ({
  kind: table,
  uuid: String(row[UUID_COLUMN[table]]),
  fingerprint: fingerprintOf(table, row),
})

function newRow(table: ImportedTable, row: PlainRow, seal: Writing['seal']): PlainRow {
  if (table === 'segments') return { ...row, ...nameKeyOf(row) }
  if (table !== 'hosts') return row
  return { ...row, ...nameKeyOf(row), control_attributes: seal(String(row['control_attributes'])) }
}

const nameKeyOf = (row: PlainRow) => ({ name_key: nameKey(String(row['name'])) })

/** Nobody may have changed the row since it was compared: its fingerprint is read again under the lock of the row. */
async function change(db: AnyDb, table: ImportedTable, row: PlainRow): Promise<void> {
  const { uuid, fingerprint, kind } = markOf(table, row)
  const column = UUID_COLUMN[table]
  const hasName = table === 'segments' || table === 'hosts'
  const marks = db.updateTable('imported_rows').set({ fingerprint }).where('kind', '=', kind)
  const before = await db
    .selectFrom('imported_rows')
    .select('fingerprint')
    .where('kind', '=', kind)
    .where('uuid', '=', uuid)
    .executeTakeFirstOrThrow()
  // It changes nothing and takes the lock of the row; Galera certifies the update below.
  const locked = db
    .updateTable(table)
    .set({ id: sql`id` })
    .where(column, '=', uuid)
  await locked.execute()
  const current = await db.selectFrom(table).selectAll().where(column, '=', uuid).executeTakeFirst()
  if (current === undefined || fingerprintOf(table, current) !== before.fingerprint) {
    throw new CodedError(TAKEN.code, TAKEN.message)
  }
  const columns = { ...comparedOf(table, row), ...(hasName ? nameKeyOf(row) : {}) }
  await db.updateTable(table).set(columns).where(column, '=', uuid).execute()
  await marks.where('uuid', '=', uuid).execute()
}

/** What becomes of a row of Masakari beside the rows that are here. Pure. */
import { createHash } from 'node:crypto'
import type { ImportedRows, ImportedTable, ImportOutcome } from '../../schema/imported-rows.ts'
import { nameKey } from './rows.ts'

/** Any row of a table that takes imports. */
export type PlainRow = Readonly<Record<string, string | number | null>>

const STAMP = ['created_at', 'updated_at', 'deleted_at', 'deleted'] as const

/** The column that identifies a row for clients. */
export const UUID_COLUMN = {
  segments: 'uuid',
  hosts: 'uuid',
  notifications: 'notification_uuid',
  vm_moves: 'uuid',
} as const satisfies Record<ImportedTable, string>

/**
 * The columns that are compared. The settings of a host are not: they hold secrets, so not even a fingerprint of them is stored, and
 * nothing in Masakari uses them.
 */
const COMPARED: { readonly [Table in ImportedTable]: readonly (keyof ImportedRows[Table])[] } = {
  segments: [...STAMP, 'name', 'service_type', 'description', 'recovery_method', 'enabled'],
  hosts: [...STAMP, 'name', 'failover_segment_id', 'type', 'reserved', 'on_maintenance'],
  notifications: [
    ...STAMP,
    'generated_time',
    'source_host_uuid',
    'failover_segment_uuid',
    'type',
    'payload',
    'status',
    'message',
  ],
  vm_moves: [
    ...STAMP,
    'notification_uuid',
    'instance_uuid',
    'instance_name',
    'source_host',
    'dest_host',
    'start_time',
    'end_time',
    'type',
    'status',
    'message',
  ],
}

/** Equal for rows whose compared columns are equal. */
export const fingerprintOf = (table: ImportedTable, row: PlainRow): string =>
  createHash('sha256')
    .update(JSON.stringify(COMPARED[table].map((column) => row[column] ?? null)))
    .digest('hex')

/** The columns of a row that a later import may change. */
export const comparedOf = (table: ImportedTable, row: PlainRow): PlainRow =>
  Object.fromEntries(COMPARED[table].map((column) => [column, row[column] ?? null]))

/** The rows that are here, as far as they concern the rows that come. */
export interface Here {
  readonly byUuid: ReadonlyMap<string, PlainRow>
  /** The fingerprints of earlier imports, by uuid. */
  readonly imported: ReadonlyMap<string, string>
  /** Who holds what only one row may have: the uuid of the row, by `claimsOf`. */
  readonly claims: ReadonlyMap<string, string>
  /** The segments with a recovery that has not ended. */
  readonly underRecovery: ReadonlySet<string>
}

/** Something that only one row may have, with the words for people. */
interface Claim {
  readonly key: string
  readonly words: string
}

/** What only one row of the table may have. A deleted row gives its name back. */
export function claimsOf(table: ImportedTable, row: PlainRow): readonly Claim[] {
  const id = { key: `id ${row['id']}`, words: `its id ${row['id']}` }
  if (table === 'vm_moves') {
    const key = `instance ${row['notification_uuid']} ${row['instance_uuid']}`
    return [id, { key, words: 'its instance in this notification' }]
  }
  if (table === 'notifications' || row['deleted'] !== 0) return [id]
  const name = String(row['name'])
  return [id, { key: `name ${nameKey(name)}`, words: 'its name, in any case of the letters,' }]
}

/** The outcomes of rows in their order; an earlier row counts for later ones as if it were here. */
export function judge(
  table: ImportedTable,
  rows: readonly PlainRow[],
  here: Here,
): readonly ImportOutcome[] {
  const claims = new Map(here.claims)
  return rows.map((row) => {
    const uuid = String(row[UUID_COLUMN[table]])
    const outcome = judgeOne(table, row, { ...here, claims })
    if (outcome.kind === 'new' || outcome.kind === 'changed') {
      for (const { key } of claimsOf(table, row)) claims.set(key, uuid)
    }
    return outcome
  })
}

function judgeOne(table: ImportedTable, row: PlainRow, here: Here): ImportOutcome {
  const uuid = String(row[UUID_COLUMN[table]])
  const ours = here.byUuid.get(uuid)
  const imported = here.imported.get(uuid)
  const theirs = fingerprintOf(table, row)
  if (ours !== undefined && fingerprintOf(table, ours) === theirs) return { kind: 'same' }
  if (imported === theirs) return { kind: 'kept' }
  if (ours !== undefined) return judgeDifferent(table, { row, ours, imported }, here)
  if (imported === undefined) return taken(table, row, here) ?? { kind: 'new' }
  return { kind: 'differs', reason: 'it was deleted here, and changed in Masakari' }
}

interface Different {
  readonly row: PlainRow
  readonly ours: PlainRow
  readonly imported: string | undefined
}

/** Masakari's row changed since its import, or was never imported. */
function judgeDifferent(
  table: ImportedTable,
  { row, ours, imported }: Different,
  here: Here,
): ImportOutcome {
  const columns = Object.entries(comparedOf(table, row))
    .filter(([column, value]) => (ours[column] ?? null) !== value)
    .map(([column]) => column)
  const reason = (text: string): ImportOutcome => ({
    kind: 'differs',
    reason: `${text} (${columns.filter((column) => column !== 'updated_at').join(', ')})`,
  })
  if (imported === undefined) return reason('a row with its uuid was here before the import')
  if (fingerprintOf(table, ours) !== imported) return reason('it was changed here and in Masakari')
  if (columns.includes('deleted')) return reason('it was deleted in Masakari: delete it here, too')
  const segment = String(row[table === 'hosts' ? 'failover_segment_id' : UUID_COLUMN[table]])
  if (here.underRecovery.has(segment)) return reason('a recovery of its segment has not ended here')
  return taken(table, row, here) ?? { kind: 'changed', columns }
}

function taken(table: ImportedTable, row: PlainRow, { claims }: Here): ImportOutcome | undefined {
  const uuid = String(row[UUID_COLUMN[table]])
  for (const { key, words } of claimsOf(table, row)) {
    const owner = claims.get(key)
    if (owner === undefined || owner === uuid) continue
    return { kind: 'refused', reason: `${words} belongs to ${owner} here` }
  }
  return undefined
}

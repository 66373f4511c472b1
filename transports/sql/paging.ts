/** Pages of lists: order, and the rows after a marker. */
import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely'
import type { Page } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import { isUuid } from '../../schema/ids.ts'
import { NOTIFICATION_STATUSES, RECOVERY_METHODS } from '../../schema/records.ts'
import type {
  Database,
  HostsTable,
  NotificationsTable,
  SegmentsTable,
  VmMovesTable,
} from '../../schema/tables.ts'
import { flag, nameKey } from './rows.ts'

interface Listed {
  readonly uuid: string
  /** Columns by which clients may sort, besides those that every list has. */
  readonly sortable: readonly string[]
  /** How those are compared whose bytes are not compared, as in Masakari's database. */
  readonly compared?: Readonly<Record<string, Comparison>>
}

/** folded: upper and lower case are the same (MySQL's default collation); a list: in its order (an enumeration). */
type Comparison = 'folded' | readonly string[]

const STAMP = ['id', 'created_at', 'updated_at', 'deleted_at', 'deleted']

const LISTED = {
  segments: {
    uuid: 'uuid',
    sortable: ['uuid', 'name', 'service_type', 'description', 'recovery_method', 'enabled'],
    compared: {
      service_type: 'folded',
      description: 'folded',
      recovery_method: RECOVERY_METHODS,
    },
  },
  hosts: {
    uuid: 'uuid',
    sortable: [
      'uuid',
      'name',
      'failover_segment_id',
      'type',
      'control_attributes',
      'reserved',
      'on_maintenance',
    ],
    compared: { type: 'folded' },
  },
  notifications: {
    uuid: 'notification_uuid',
    sortable: [
      'notification_uuid',
      'generated_time',
      'source_host_uuid',
      'failover_segment_uuid',
      'type',
      'payload',
      'status',
      'message',
    ],
    compared: { status: NOTIFICATION_STATUSES },
  },
  vm_moves: {
    uuid: 'uuid',
    sortable: [
      'uuid',
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
  },
} as const satisfies Record<string, Listed>

interface SortKey {
  readonly column: string
  readonly by: Comparison | 'bytes'
  readonly direction: 'asc' | 'desc'
}

/** What a list query adds: `where(after).orderBy(order)`. */
export interface Paging {
  readonly after: Expression<SqlBool>
  readonly order: RawBuilder<unknown>
}

/**
 * MARKER_NOT_FOUND, also for a row that is not `visible`; INPUT_INVALID for a column that the list
 * does not have.
 */
export async function readPaging(
  db: Kysely<Database>,
  table: keyof typeof LISTED,
  page: Page,
  visible: Expression<SqlBool> = ALL,
): Promise<Paging> {
  const keys = sortKeys(LISTED[table], page)
  return {
    order: sql.join(keys.map((key) => sql`${compared(key)} ${sql.raw(key.direction)}`)),
    after:
      page.marker === undefined
        ? ALL
        : rowsAfter(await readMarker(db, table, { marker: page.marker, visible }), keys),
  }
}

/** Equal rows are ordered by creation and id, in the direction of the first key. */
function sortKeys({ sortable, compared = {} }: Listed, page: Page): readonly SortKey[] {
  const direction = page.sort[0]?.direction ?? 'desc'
  const all = [...page.sort, { key: 'created_at', direction }, { key: 'id', direction }]
  const first = all.filter(
    ({ key }, index) => all.findIndex((other) => other.key === key) === index,
  )
  return first.map(({ key, direction }) => {
    if (!STAMP.includes(key) && !sortable.includes(key)) {
      throw new CodedError('INPUT_INVALID', `Sort key ${key} is not valid.`)
    }
    const column = key === 'name' ? 'name_key' : key
    return { column, direction, by: compared[key] ?? 'bytes' }
  })
}

type Wanted = {
  readonly [Column in keyof (SegmentsTable & HostsTable & NotificationsTable & VmMovesTable)]?:
    string | boolean | undefined
}

/** A column has this text, without regard to case or trailing blanks. Without a text, every row has it. */
export const matchingFolded = (
  column: 'service_type' | 'type',
  wanted: string | undefined,
): Expression<SqlBool> =>
  wanted === undefined
    ? ALL
    : sql<SqlBool>`lower(${sql.ref(column)}) = ${nameKey(wanted.replace(/ +$/, ''))}`

/** Rows whose columns have the wanted values. An undefined value sets no condition. */
export function matching(wanted: Wanted): Expression<SqlBool> {
  const parts = Object.entries(wanted)
    .filter(([, value]) => value !== undefined)
    .map(([column, value]) => {
      const wanted = typeof value === 'boolean' ? flag(value) : value
      return sql`${sql.ref(column)} = ${wanted}`
    })
  return parts.length === 0 ? ALL : sql<SqlBool>`(${sql.join(parts, sql` and `)})`
}

const ALL = sql<SqlBool>`1 = 1`

type Row = Readonly<Record<string, unknown>>

/**
 * The marker must be the integer id or the uuid of a row. A text that only begins like one is no
 * marker.
 */
async function readMarker(
  db: Kysely<Database>,
  table: keyof typeof LISTED,
  { marker, visible }: { readonly marker: string; readonly visible: Expression<SqlBool> },
): Promise<Row> {
  const missing = new CodedError('MARKER_NOT_FOUND', `Marker ${marker} could not be found.`)
  const isId = /^\d{1,16}$/.test(marker) && Number.isSafeInteger(Number(marker))
  if (!isId && !isUuid(marker)) throw missing
  const match = isId
    ? sql`id = ${Number(marker)}`
    : sql`${sql.ref(LISTED[table].uuid)} = ${marker.toLowerCase()}`
  const { rows } = await sql<Row>`
    select * from ${sql.table(table)} where deleted = 0 and ${match} and ${visible}`.execute(db)
  const [row] = rows
  if (row === undefined) throw missing
  return row
}

/** Greater in the first key, or equal there and greater in the second, and so on. */
function rowsAfter(marker: Row, keys: readonly SortKey[]): Expression<SqlBool> {
  const cases = keys.map((key, index) =>
    sql.join(
      [...keys.slice(0, index).map((prior) => equals(marker, prior)), passes(marker, key)],
      sql` and `,
    ),
  )
  return sql<SqlBool>`(${sql.join(cases, sql` or `)})`
}

/** What of a row is compared. */
const compared = ({ column, by }: SortKey): RawBuilder<unknown> => inOrder(sql.ref(column), by)

/** The same of the marker. */
const valueOf = (marker: Row, { column, by }: SortKey): RawBuilder<unknown> =>
  inOrder(sql`${marker[column]}`, by)

function inOrder(value: RawBuilder<unknown>, by: SortKey['by']): RawBuilder<unknown> {
  if (by === 'bytes') return value
  if (by === 'folded') return sql`lower(${value})`
  const places = by.map((word, place) => sql`when ${sql.lit(word)} then ${sql.lit(place)}`)
  return sql`case ${value} ${sql.join(places, sql` `)} end`
}

function equals(marker: Row, key: SortKey): RawBuilder<unknown> {
  const isNull = marker[key.column] === null
  return isNull ? sql`${compared(key)} is null` : sql`${compared(key)} = ${valueOf(marker, key)}`
}

/** Both databases sort null before all values. */
function passes(marker: Row, key: SortKey): RawBuilder<unknown> {
  const isNull = marker[key.column] === null
  const [ref, value] = [compared(key), valueOf(marker, key)]
  if (key.direction === 'asc') return isNull ? sql`${ref} is not null` : sql`${ref} > ${value}`
  return isNull ? sql`1 = 0` : sql`(${ref} < ${value} or ${ref} is null)`
}

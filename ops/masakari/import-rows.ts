/** Imports all tables of Masakari in the order in which their rows refer to each other, a batch at a time. */
import { isUuid } from '../../schema/ids.ts'
import type { ImportedRows, ImportedTable, ImportOutcome } from '../../schema/imported-rows.ts'
import type { MasakariRow, MasakariSource } from '../../transports/sql/masakari-source.ts'
import {
  convertHost,
  convertMove,
  convertNotification,
  convertSegment,
  type Conversion,
} from './convert-row.ts'
import type { ImportReport } from './import-report.ts'

/** Our store: it takes the rows, or says what it would do with them. */
export interface ImportTarget {
  take<Table extends ImportedTable>(
    table: Table,
    rows: readonly ImportedRows[Table][],
  ): Promise<readonly ImportOutcome[]>
}

/** What an import works with. */
interface Importing {
  readonly source: MasakariSource
  readonly target: ImportTarget
  readonly report: ImportReport
}

/** Imports everything. It holds one batch of rows, and the uuids of segments and hosts, in memory. */
export async function importRows(importing: Importing): Promise<void> {
  const segments = new Map<string, boolean>()
  const hosts = new Map<string, string>()
  await importTable(importing, 'segments', onceByName(convertSegment), (row, isHere) => {
    if (isHere) segments.set(String(row['uuid']), Number(row['deleted']) === 0)
  })
  const inSegment = (row: MasakariRow): Conversion<ImportedRows['hosts']> => {
    const conversion = convertHost(row)
    if (conversion.kind !== 'row') return conversion
    const isLive = segments.get(conversion.row.failover_segment_id)
    if (isLive === undefined) return refused('its segment is not imported')
    if (!isLive && conversion.row.deleted === 0) return refused('its segment is deleted')
    return conversion
  }
  await importTable(
    importing,
    'hosts',
    onceByName(inSegment),
    ({ uuid, failover_segment_id: segment }) => {
      // A notification may name a host that is not imported.
      if (typeof segment === 'string' && isUuid(segment)) hosts.set(String(uuid), segment)
    },
  )
  const segmentOf = (host: string): string | undefined => hosts.get(host)
  const missing = new Set<string>()
  const convert = (row: MasakariRow) => convertNotification(row, segmentOf)
  await importTable(importing, 'notifications', convert, (row, isHere) => {
    // Those that cannot be converted are found again with the row itself.
    if (!isHere && convert(row).kind === 'row') missing.add(String(row['notification_uuid']))
  })
  await importMoves(importing, (row) => {
    const conversion = convert(row)
    if (conversion.kind === 'row' && missing.has(conversion.row.notification_uuid)) {
      return refused('it was refused')
    }
    return conversion
  })
}

const refused = (reason: string) => ({ kind: 'refused', reason }) as const

type Convert<Table extends ImportedTable> = (row: MasakariRow) => Conversion<ImportedRows[Table]>

/** The name of a row for people; a text that is none has no name. */
function nameOf(table: ImportedTable, row: MasakariRow): string {
  const name = row[NAME_COLUMN[table]]
  return typeof name === 'string' ? name : ''
}

/** The column that names a row for people. */
const NAME_COLUMN = {
  segments: 'name',
  hosts: 'name',
  notifications: '',
  vm_moves: 'instance_name',
} as const satisfies Record<ImportedTable, string>

async function importTable<Table extends ImportedTable>(
  importing: Importing,
  table: Table,
  convert: Convert<Table>,
  done: (row: MasakariRow, isHere: boolean) => void,
): Promise<void> {
  for await (const rows of importing.source.batches(table)) {
    await importBatch(
      importing,
      table,
      rows.map((row) => ({ row, conversion: convert(row) })),
      done,
    )
  }
}

interface Converted<Table extends ImportedTable> {
  readonly row: MasakariRow
  readonly conversion: Conversion<ImportedRows[Table]>
}

async function importBatch<Table extends ImportedTable>(
  { target, report }: Importing,
  table: Table,
  batch: readonly Converted<Table>[],
  done: (row: MasakariRow, isHere: boolean) => void = () => undefined,
): Promise<void> {
  const good = batch.flatMap(({ conversion }) =>
    conversion.kind === 'row' ? [conversion.row] : [],
  )
  const outcomes = (await target.take(table, good)).values()
  for (const { row, conversion } of batch) {
    const about = aboutOf(table, row)
    if (conversion.kind === 'row') {
      const outcome = outcomes.next().value
      if (outcome !== undefined) tell(report, about, outcome)
      if (outcome?.kind === 'new' || outcome?.kind === 'changed') {
        for (const text of conversion.notes) report.line({ ...about, action: 'note', text })
      }
      done(row, outcome?.kind !== 'refused')
    } else {
      const { kind, reason } = conversion
      if (kind === 'left') report.left(table, reason)
      else report.line({ ...about, action: kind, text: reason })
      done(row, false)
    }
  }
}

const aboutOf = (table: ImportedTable, row: MasakariRow) => ({
  table,
  uuid: String(row[table === 'notifications' ? 'notification_uuid' : 'uuid']),
  name: nameOf(table, row),
})

function tell(
  report: ImportReport,
  about: { readonly table: ImportedTable; readonly uuid: string; readonly name: string },
  outcome: ImportOutcome,
): void {
  switch (outcome.kind) {
    case 'new':
      return report.line({ ...about, action: 'add', text: '' })
    case 'changed':
      return report.line({ ...about, action: 'change', text: outcome.columns.join(', ') })
    case 'differs':
    case 'refused':
      return report.line({ ...about, action: outcome.kind, text: outcome.reason })
    default:
      return report.count(about.table, outcome.kind)
  }
}

/** Two live rows of one name, which Masakari's usual collation forbids and others allow: the first one counts. */
function onceByName<Table extends 'segments' | 'hosts'>(convert: Convert<Table>): Convert<Table> {
  const seen = new Map<string, string>()
  return (row) => {
    const conversion = convert(row)
    if (conversion.kind !== 'row' || conversion.row.deleted !== 0) return conversion
    const { name, uuid } = conversion.row
    const first = seen.get(name.toLowerCase())
    if (first !== undefined) return refused(`its name differs only in case from that of ${first}`)
    seen.set(name.toLowerCase(), uuid)
    return conversion
  }
}

/** The last attempt to move an instance is the first that comes, and the one that counts. */
async function importMoves(importing: Importing, convert: Convert<'notifications'>): Promise<void> {
  const { source } = importing
  for await (const rows of source.batches('vm_moves')) {
    const uuids = [...new Set(rows.map((row) => String(row['notification_uuid'])))]
    const found = await source.notifications(uuids)
    const owners = new Map(
      found.map((row) => [String(row['notification_uuid']), convert(row)] as const),
    )
    const batch = rows.map((row) => ({ row, conversion: belonging(row, owners) }))
    await importBatch(importing, 'vm_moves', batch)
  }
}

function belonging(
  row: MasakariRow,
  owners: ReadonlyMap<string, Conversion<ImportedRows['notifications']>>,
): Conversion<ImportedRows['vm_moves']> {
  const conversion = convertMove(row)
  if (conversion.kind === 'left') return conversion
  const owner = owners.get(String(row['notification_uuid']))
  if (owner === undefined)
    return leftOut('belong to notifications that are not in Masakari any more')
  if (owner.kind === 'left') return leftOut('belong to notifications that are deleted in Masakari')
  if (owner.kind === 'unfinished')
    return leftOut('belong to recoveries that Masakari has not ended')
  return owner.kind === 'refused' ? refused('its notification is not imported') : conversion
}

const leftOut = (reason: string) => ({ kind: 'left', reason }) as const

/** Masakari's own database, of which rows are read: all of them as they are at one moment. Nothing is ever written there. */
import { createConnection, type Connection } from 'mysql2/promise'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { ImportedTable } from '../../schema/imported-rows.ts'
import {
  isKnownRevision,
  LATER_COLUMNS,
  THEIR_COLUMNS,
  THEIR_TABLES,
} from './masakari-revisions.ts'
import { sslOf, type MysqlSettings } from './mysql.ts'

/** One row as it is there. Times are texts in UTC. */
export type MasakariRow = Readonly<Record<string, unknown>>

/** The database, at the moment of the opening. */
export interface MasakariSource extends AsyncDisposable {
  /** The revision of its schema. */
  readonly revision: string
  /** All rows of a table by their ids, the first one first; moves the last one first. Nothing of a table that is not there. */
  batches(table: ImportedTable): AsyncIterable<readonly MasakariRow[]>
  /** The notifications with these uuids. */
  notifications(uuids: readonly string[]): Promise<readonly MasakariRow[]>
}

/** Rows that are read at once: each may have texts of 64 kB. */
const BATCH = 100
const CONNECT_TIMEOUT_MS = 5000
const QUERY_TIMEOUT_MS = 60_000

const SNAPSHOT = [
  "SET SESSION time_zone = '+00:00'",
  'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ',
  'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
]

/** STORE_UNAVAILABLE when it does not answer; CONFIG_INVALID when it is not a database of Masakari that can be read. */
export async function openMasakari(settings: MysqlSettings): Promise<MasakariSource> {
  const { host, port, user, password, database, tls } = settings
  const connection = await answered(() =>
    createConnection({
      host,
      port,
      user,
      password: password.reveal(),
      database,
      charset: 'utf8mb4',
      dateStrings: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(tls && { ssl: sslOf(tls) }),
    }),
  )
  // Every query in flight gets the error too. Without a listener, the event would end the process.
  connection.on('error', () => connection.destroy())
  try {
    const source = new Source(connection)
    for (const statement of SNAPSHOT) await source.query(statement)
    await source.recognise(database)
    return source
  } catch (error) {
    connection.destroy()
    throw error
  }
}

class Source implements MasakariSource {
  readonly #connection: Connection
  #columns: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  revision = ''

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async query(
    statement: string,
    values: readonly (string | number)[] = [],
  ): Promise<readonly MasakariRow[]> {
    const options = { sql: statement, timeout: QUERY_TIMEOUT_MS }
    const [rows] = await answered(() => this.#connection.query(options, [...values]))
    return Array.isArray(rows) ? rows.map((row): MasakariRow => Object(row)) : []
  }

  /** Refuses a database that is not known to be Masakari's. */
  async recognise(database: string): Promise<void> {
    const found = await this.query(
      'SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE()',
    )
    const columns = new Map<string, Set<string>>()
    for (const { t, c } of found) {
      columns.set(String(t), (columns.get(String(t)) ?? new Set()).add(String(c)))
    }
    this.#columns = columns
    const theirs = (table: ImportedTable): boolean => columns.has(THEIR_TABLES[table])
    if (!theirs('segments') || !theirs('hosts') || !theirs('notifications')) {
      throw refused(`the database ${database} is not one of Masakari: its tables are not there`)
    }
    this.revision = await this.#readRevision()
    if (!isKnownRevision(this.revision)) {
      throw refused(
        `the database ${database} has the revision '${this.revision.slice(0, 32)}' of Masakari's tables, which is not known. Bring it up to date with ` +
          "Masakari's own 'masakari-manage db sync' of 2018 or later",
      )
    }
    for (const [table, names] of Object.entries(THEIR_COLUMNS)) this.#refuseLack(table, names)
    await this.#refuseOtherEngines(database)
  }

  async #readRevision(): Promise<string> {
    const at = (table: string, column: string): Promise<readonly MasakariRow[]> =>
      this.#columns.get(table)?.has(column) === true
        ? this.query(`SELECT ${column} AS revision FROM ${table}`)
        : Promise.resolve([])
    const alembic = await at('masakari_alembic_version', 'version_num')
    const [row] = alembic.length > 0 ? alembic : await at('migrate_version', 'version')
    const revision = row?.['revision']
    return typeof revision === 'string' || typeof revision === 'number' ? `${revision}` : 'none'
  }

  #refuseLack(table: string, names: readonly string[]): void {
    const theirs = THEIR_TABLES[table as ImportedTable] // the key of a table of columns
    const columns = this.#columns.get(theirs)
    const lacks = columns === undefined ? [] : names.filter((name) => !columns.has(name))
    if (lacks.length > 0) throw refused(`its table ${theirs} lacks ${lacks.join(', ')}`)
  }

  /** Only InnoDB shows all tables as they are at one moment. */
  async #refuseOtherEngines(database: string): Promise<void> {
    const names = Object.values(THEIR_TABLES)
    const found = await this.query(
      `SELECT table_name AS t, engine AS e FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_name IN (?, ?, ?, ?)`,
      names,
    )
    const other = found.find(({ e }) => String(e).toLowerCase() !== 'innodb')
    if (other === undefined) return
    throw refused(
      `the table ${String(other['t'])} of ${database} uses the storage engine ${String(other['e'])}, so its rows cannot be read as they ` +
        'are at one moment. Import from a copy that uses InnoDB',
    )
  }

  async *batches(table: ImportedTable): AsyncIterable<readonly MasakariRow[]> {
    if (!this.#columns.has(THEIR_TABLES[table])) return
    const descends = table === 'vm_moves'
    const [beyond, direction] = descends ? ['<', 'DESC'] : ['>', 'ASC']
    let last: unknown
    for (;;) {
      const from = last === undefined ? '' : `WHERE id ${beyond} ${Number(last)}`
      const rows = await this.query(
        `${this.#selection(table)} ${from} ORDER BY id ${direction} LIMIT ${BATCH}`,
      )
      if (rows.length > 0) yield rows
      if (rows.length < BATCH) return
      last = rows.at(-1)?.['id']
    }
  }

  async notifications(uuids: readonly string[]): Promise<readonly MasakariRow[]> {
    if (uuids.length === 0) return []
    const marks = uuids.map(() => '?').join(', ')
    const statement = `${this.#selection('notifications')} WHERE notification_uuid IN (${marks})`
    return this.query(statement, uuids)
  }

  #selection(table: ImportedTable): string {
    const theirs = THEIR_TABLES[table]
    const later = (LATER_COLUMNS[table] ?? []).map((column) =>
      this.#columns.get(theirs)?.has(column) === true ? column : `NULL AS ${column}`,
    )
    return `SELECT ${[...THEIR_COLUMNS[table], ...later].join(', ')} FROM ${theirs}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.destroy()
    await Promise.resolve()
  }
}

const refused = (text: string): CodedError => new CodedError('CONFIG_INVALID', `--from: ${text}`)

async function answered<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (cause) {
    if (isCoded(cause)) throw cause
    const text = `Masakari's database cannot be read: ${describeError(cause)}`
    throw new CodedError('STORE_UNAVAILABLE', text, { cause })
  }
}

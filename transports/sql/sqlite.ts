/**
 * The embedded database: Node's own SQLite. It has no timers, clock or random numbers of its own,
 * so that the simulator can use it.
 */
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler,
  ValueNode,
  sql,
  type DatabaseConnection,
  type LimitNode,
  type SqliteDatabase,
  type SqliteStatement,
  type TransactionSettings,
} from 'kysely'
import type { StorePort } from '../../actors/ports/store.ts'
import { CodedError, describeError, type ErrorCode } from '../../schema/errors.ts'
import type { Database } from '../../schema/tables.ts'
import { buildStore } from './store.ts'
import type { SqlFailure, StorePorts } from './transactions.ts'

/**
 * Opens the file, which only its owner may read. `:memory:` is a database that ends with the store.
 */
export function openSqliteStore(path: string, ports: StorePorts): StorePort {
  const database = openDatabase(path)
  const db = new Kysely<Database>({ dialect: new FileDialect(database) })
  return buildStore(
    { db, failureOf, shareLock: sql``, locksOfReadsAreLocal, namesAreFolded },
    ports,
  )
}

/** All of its writes run one after another. */
const locksOfReadsAreLocal = (): boolean => false

/** SQLite compares names of tables without case. */
const namesAreFolded = (): Promise<boolean> => Promise.resolve(true)

/** How long opening waits for another process that opens the same new file. */
const OPEN_TIMEOUT_MS = 1000
/**
 * How long a statement waits for another process's write. The wait blocks our process, so further
 * waiting is done by backoff.
 */
const BUSY_TIMEOUT_MS = 5

function openDatabase(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600)) // it holds credentials
    const database = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS })
    // A committed row is on the disk, so that an accepted fault survives a power failure.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    // Its own function folds ASCII letters only.
    database.function('lower', { deterministic: true }, (text) =>
      typeof text === 'string' ? text.toLowerCase() : text,
    )
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    return database
  } catch (cause) {
    const message = `cannot open the database ${path}: ${describeError(cause)}`
    const code = CODES[failureOf(cause) ?? systemFailure(cause) ?? 'unavailable']
    throw new CodedError(code, message, { cause })
  }
}

/**
 * Writing transactions lock at their begin, so that they do not fail later at their first write.
 * Reading ones do not lock.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #database: DatabaseSync
  constructor(database: DatabaseSync) {
    super({ database: adapt(database) })
    this.#database = database
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings: TransactionSettings = {},
  ): Promise<void> {
    // A rollback that failed is done now, because nothing of that transaction may become part of
    // this one.
    if (this.#database.isTransaction) await super.rollbackTransaction(connection)
    const begin = settings.accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  /**
   * SQLite itself ends a transaction when the disk is full. A second failure must not hide the
   * first one, which the caller gets.
   */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (!this.#database.isTransaction) return
    try {
      await super.rollbackTransaction(connection)
    } catch {
      return // the next transaction rolls it back first
    }
  }
}

/** Lets the migrations run in one transaction, which also keeps two processes apart. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * Writes limits into the text. SQLite plans a statement with its limit in mind, and compiles it again at each execution when the limit
 * is a parameter: this takes ten times as long as to look whether anything is unfinished.
 */
class LimitsInText extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    const { limit } = node
    const value = ValueNode.is(limit) ? limit.value : undefined
    if (Number.isSafeInteger(value)) this.append(`limit ${String(value)}`)
    else super.visitLimit(node)
  }
}

class FileDialect extends SqliteDialect {
  readonly #database: DatabaseSync
  constructor(database: DatabaseSync) {
    super({ database: adapt(database) })
    this.#database = database
  }
  override createDriver(): SqliteDriver {
    return new ImmediateDriver(this.#database)
  }
  override createQueryCompiler(): SqliteQueryCompiler {
    return new LimitsInText()
  }
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter()
  }
}

/** The most prepared statements that are kept. When there is one more, the oldest is dropped. */
const STATEMENTS_MAX = 256

/** Node's database, for Kysely. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql)
      if (known !== undefined) return known
      const statement = adaptStatement(database.prepare(sql))
      for (const oldest of statements.keys()) {
        if (statements.size < STATEMENTS_MAX) break
        statements.delete(oldest)
      }
      statements.set(sql, statement)
      return statement
    },
  }
}

const adaptStatement = (statement: StatementSync): SqliteStatement => ({
  reader: statement.columns().length > 0,
  all: (parameters) => statement.all(...parameters.map(input)),
  run: (parameters) => statement.run(...parameters.map(input)),
  iterate: (parameters) => statement.iterate(...parameters.map(input)),
})

function input(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw new TypeError(`SQLite cannot store a ${typeof value}`)
}

/** Primary result codes (the low byte): https://www.sqlite.org/rescode.html */
const FAILURES = new Map<number, SqlFailure>([
  [5, 'conflict'], // BUSY
  [6, 'conflict'], // LOCKED
  [3, 'unavailable'], // PERM
  [7, 'unavailable'], // NOMEM
  [8, 'read-only'], // READONLY
  [10, 'unavailable'], // IOERR
  [11, 'unavailable'], // CORRUPT
  [13, 'full'], // FULL
  [14, 'unavailable'], // CANTOPEN
  [26, 'unavailable'], // NOTADB
])
const UNIQUE = [1555, 2067] // PRIMARYKEY, UNIQUE

function failureOf(error: unknown): SqlFailure | undefined {
  if (!(error instanceof Error)) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') {
    if (UNIQUE.includes(error.errcode)) return 'duplicate'
    if (error.message.startsWith('no such table')) return 'unavailable' // not migrated yet
    return FAILURES.get(error.errcode & 0xff)
  }
  return undefined
}

/** Errors of the system when the file is opened. */
function systemFailure(error: unknown): 'full' | 'read-only' | undefined {
  if (!(error instanceof Error && 'code' in error)) return undefined
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'full'
  return ['EROFS', 'EACCES', 'EPERM'].includes(String(error.code)) ? 'read-only' : undefined
}

const CODES = {
  conflict: 'STORE_UNAVAILABLE',
  unavailable: 'STORE_UNAVAILABLE',
  duplicate: 'STORE_UNAVAILABLE',
  denied: 'STORE_UNAVAILABLE',
  full: 'STORE_FULL',
  'read-only': 'STORE_READ_ONLY',
} as const satisfies Record<SqlFailure, ErrorCode>

/** MySQL and MariaDB, Galera clusters included. */
import { connect, type Socket } from 'node:net'
import {
  createPool,
  type Pool,
  type PoolConnection,
  type PoolOptions,
  type QueryError,
  type ResultSetHeader,
  type SslOptions,
  type RowDataPacket,
} from 'mysql2'
import {
  CreateTableNode,
  Kysely,
  MysqlDialect,
  RawNode,
  sql,
  type Driver,
  type KyselyPlugin,
  type MysqlAdapter,
  type MysqlPool,
  type MysqlPoolConnection,
} from 'kysely'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import type { Database } from '../../schema/tables.ts'
import type { TlsMaterial } from '../../schema/tls.ts'
import { failureOf } from './mysql-failures.ts'
import { MigrationLock } from './mysql-migration-lock.ts'
import { buildStore } from './store.ts'
import type { StorePorts } from './transactions.ts'

/** The address of the database, and our account there. */
export interface MysqlSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Read for every new connection. */
  readonly password: Secret
  readonly database: string
  readonly connections?: ConnectionLimits
  /** undefined: plain text. A server without TLS is refused before the password is sent. */
  readonly tls?: TlsMaterial | undefined
}

/**
 * kept: how many connections stay open while they are unused; max: how many there may be in all.
 */
export interface ConnectionLimits {
  readonly kept: number
  readonly max: number
}

const CONNECTIONS: ConnectionLimits = { kept: 10, max: 10 }
/** The most callers that wait for a connection. One more is refused at once. */
const WAITING_MAX = 1000
const CONNECT_TIMEOUT_MS = 5000
const LOCK_WAIT_SECONDS = 5
/** The longest wait for a free connection, ms, whether it is a kept, a new or a released one. */
const ACQUIRE_TIMEOUT_MS = 6000
/** Longer than the wait for a lock, so that the server's own answer comes first. */
const QUERY_TIMEOUT_MS = 8000
const CLOSE_TIMEOUT_MS = 2000

/**
 * A leader that stands still during a write keeps the lock of the epoch's row. Without this limit,
 * no engine could lead until the server gives up after hours. MySQL has no such limit and reads the
 * option as a comment.
 */
const IDLE_TRANSACTION_SECONDS = 3

const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}, sql_mode = 'TRADITIONAL' /*M! , idle_transaction_timeout = ${IDLE_TRANSACTION_SECONDS} */`,
]

/**
 * Galera: each statement sees all that was committed before it, through whichever node. Without this, an acknowledged order to stop could
 * be overlooked for as long as a node is behind (decision 0066). Servers without Galera's code do not know the variable.
 */
const CAUSAL_READS = 'SET SESSION wsrep_sync_wait = 7'
const UNKNOWN_VARIABLE = 1193
const IS_GALERA = "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'"

/** Connects when it is first used, and again after every failure. */
export function openMysqlStore(settings: MysqlSettings, ports: StorePorts): StorePort {
  const pool = new BoundedPool(settings, ports.clock)
  const lock = new MigrationLock(ports, async (statement) => {
    const { numAffectedRows } = await statement.execute(db)
    return numAffectedRows ?? 0n
  })
  const dialect = new BoundedDialect(pool, ports.clock, lock)
  const db = new Kysely<Database>({ dialect, plugins: [TABLE_OPTIONS] })
  return buildStore(
    {
      db,
      failureOf,
      shareLock: sql`lock in share mode`,
      locksOfReadsAreLocal: () => pool.isGalera(),
      namesAreFolded: () => namesAreFolded(db),
    },
    ports,
  )
}

async function namesAreFolded(db: Kysely<Database>): Promise<boolean> {
  const query = sql<{ setting: number }>`select @@lower_case_table_names as setting`
  return (await query.execute(db)).rows[0]?.setting !== 0
}

/** Names, texts and comparisons are the same, whatever the server's defaults are. */
const TABLE_OPTIONS: KyselyPlugin = {
  transformQuery: ({ node }) =>
    CreateTableNode.is(node)
      ? CreateTableNode.cloneWithEndModifier(
          node,
          RawNode.createWithSql('engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin'),
        )
      : node,
  transformResult: ({ result }) => Promise.resolve(result),
}

/** The pool for Kysely, with a deadline for everything. */
class BoundedPool implements MysqlPool {
  readonly #settings: MysqlSettings
  readonly #clock: ClockPort
  readonly #sockets = new Set<Socket>()
  /** Made for the first connection: from then on it has a timer, and nobody ends a store that was never used. */
  #pool: Pool | undefined
  #isGalera = false

  constructor(settings: MysqlSettings, clock: ClockPort) {
    this.#settings = settings
    this.#clock = clock
  }

  #open(): Pool {
    const settings = this.#settings
    const pool = createPool(
      poolOptions(settings, ({ config }) => {
        config.password = settings.password.reveal() // it may have been rotated since the last one
        return this.#connect(settings)
      }),
    )
    pool.on('connection', (connection) => {
      // Every command in flight gets the error too. Without a listener, the event would end the
      // process.
      connection.on('error', () => connection.destroy())
      // Queued before the statement for which the connection is wanted.
      for (const statement of [...SESSION, CAUSAL_READS]) {
        connection.query({ sql: statement, timeout: QUERY_TIMEOUT_MS }, (error) => {
          const isNeedless = statement === CAUSAL_READS && error?.errno === UNKNOWN_VARIABLE
          if (error !== null && !isNeedless) connection.destroy()
        })
      }
      connection.query<RowDataPacket[]>(
        { sql: IS_GALERA, timeout: QUERY_TIMEOUT_MS },
        (error, rows) => {
          if (error === null) this.#isGalera = rows[0]?.['Value'] === 'ON'
          else connection.destroy()
        },
      )
    })
    return pool
  }

  /** Whether the server of the newest connection is a node of a Galera cluster. */
  isGalera(): boolean {
    return this.#isGalera
  }

  #connect({ host, port }: MysqlSettings): Socket {
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    // Node compares the certificate with this name. It sets it for names only, and mysql2 passes
    // none for an address.
    Object.assign(socket, { _host: host })
    this.#sockets.add(socket)
    return socket.once('close', () => this.#sockets.delete(socket))
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.#pool ??= this.#open()
    this.#pool.getConnection((error, connection) =>
      callback(error, error === null ? bounded(connection) : connection),
    )
  }

  /** Lets queries in flight end, for a limited time. */
  end(callback: (error: unknown) => void): void {
    const finish = (): void => {
      cancel()
      for (const socket of this.#sockets) socket.destroy()
      callback(undefined)
    }
    const cancel = this.#clock.schedule(CLOSE_TIMEOUT_MS, finish)
    if (this.#pool === undefined) finish()
    else this.#pool.end(finish)
  }
}

/** Limits the wait for a connection while all of them are busy. */
class BoundedDialect extends MysqlDialect {
  readonly #clock: ClockPort
  readonly #lock: MigrationLock

  constructor(pool: MysqlPool, clock: ClockPort, lock: MigrationLock) {
    super({ pool })
    this.#clock = clock
    this.#lock = lock
  }

  override createAdapter(): MysqlAdapter {
    return this.#lock
  }

  override createDriver(): Driver {
    const driver = super.createDriver()
    const acquire = driver.acquireConnection.bind(driver)
    const rollback = driver.rollbackTransaction.bind(driver)
    // Kysely would throw this error instead of the error that caused the rollback.
    driver.rollbackTransaction = (connection) => rollback(connection).catch(() => undefined)
    driver.acquireConnection = () => this.#inTime(acquire, (late) => driver.releaseConnection(late))
    return driver
  }

  async #inTime<Result>(
    acquire: () => Promise<Result>,
    release: (late: Result) => Promise<void>,
  ): Promise<Result> {
    const deadline = Promise.withResolvers<never>()
    let expired = false
    const cancel = this.#clock.schedule(ACQUIRE_TIMEOUT_MS, () => {
      expired = true
      const message = `no connection to the database was free for ${ACQUIRE_TIMEOUT_MS} ms`
      deadline.reject(new CodedError('STORE_UNAVAILABLE', message))
    })
    const acquired = async (): Promise<Result> => {
      const connection = await acquire()
      if (expired) await release(connection)
      return connection
    }
    try {
      return await Promise.race([acquired(), deadline.promise])
    } finally {
      cancel()
    }
  }
}

/**
 * One connection whose queries have a time limit. A connection that did not answer in time is not
 * used again.
 */
function bounded(connection: PoolConnection): MysqlPoolConnection {
  /**
   * The error that broke the connection stays the reason, also for the rollback that is tried on it
   * afterwards.
   */
  let broken: QueryError | undefined
  return {
    config: connection.config,
    threadId: connection.threadId,
    connect: (callback) => connection.connect(callback),
    destroy: () => connection.destroy(),
    release: () => connection.release(),
    query: (sql, values, callback) =>
      connection.query<ResultSetHeader | RowDataPacket[]>(
        { sql, values, timeout: QUERY_TIMEOUT_MS },
        (error, result) => {
          const timedOut = error?.code === 'PROTOCOL_SEQUENCE_TIMEOUT'
          // A transaction that was not rolled back would continue for the next user of the
          // connection.
          if (timedOut || (error !== null && sql === 'rollback')) connection.destroy()
          if (error !== null && (timedOut || error.fatal)) broken ??= error
          callback?.(broken ?? error, result)
        },
      ),
  }
}

const poolOptions = (
  { host, port, user, database, tls, connections = CONNECTIONS }: MysqlSettings,
  stream: (opening: { readonly config: { password?: string } }) => Socket,
): PoolOptions => ({
  host,
  port,
  user,
  database,
  stream,
  charset: 'utf8mb4',
  timezone: 'Z',
  supportBigNumbers: true,
  connectionLimit: connections.max,
  maxIdle: connections.kept,
  queueLimit: WAITING_MAX,
  connectTimeout: CONNECT_TIMEOUT_MS,
  ...(tls && { ssl: sslOf(tls) }),
})

/** The options of the driver for these certificates. */
export const sslOf = ({ ca, cert, key, check, ciphers, minVersion }: TlsMaterial): SslOptions => ({
  rejectUnauthorized: check !== 'nothing',
  verifyIdentity: check === 'identity',
  minVersion,
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
  ...(ciphers === undefined ? {} : { ciphers }),
})

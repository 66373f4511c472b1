/** What a MySQL or MariaDB server says of itself, for operators. It is only asked. */
import { createConnection } from 'mysql2/promise'
import { sslOf, type MysqlSettings } from './mysql.ts'

export interface MysqlFacts {
  readonly version: string
  /** Whether a committed transaction survives a power loss. */
  readonly isDurable: boolean
  readonly isReadOnly: boolean
  /** Its clock, wall ms. */
  readonly wallMs: number
}

const CONNECT_TIMEOUT_MS = 5000
const QUERY = `SELECT @@version AS version, @@global.innodb_flush_log_at_trx_commit AS flushes,
  @@global.read_only AS readonly, UNIX_TIMESTAMP(NOW(3)) AS clock`

/** Throws what the driver throws. */
export async function readMysqlFacts(settings: MysqlSettings): Promise<MysqlFacts> {
  const { host, port, user, database, tls } = settings
  const connection = await createConnection({
    host,
    port,
    user,
    database,
    password: settings.password.reveal(),
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(tls && { ssl: sslOf(tls) }),
  })
  try {
    const [rows] = await connection.query({ sql: QUERY, timeout: CONNECT_TIMEOUT_MS })
    const row: Readonly<Record<string, unknown>> = Object(Array.isArray(rows) ? rows[0] : undefined)
    return {
      version: String(row['version']),
      isDurable: Number(row['flushes']) === 1,
      isReadOnly: Number(row['readonly']) !== 0,
      wallMs: Number(row['clock']) * 1000,
    }
  } finally {
    connection.destroy()
  }
}

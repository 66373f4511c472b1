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
  /** What it says as a node of a Galera cluster; undefined when it is none. */
  readonly galera: GaleraFacts | undefined
}

/** The status variables of MariaDB's manual, "Galera Cluster Status Variables". */
export interface GaleraFacts {
  /** Nodes and arbitrators that the node sees, itself included. */
  readonly size: number
  /** `Synced`, or how far it has come to it. */
  readonly state: string
  /** Whether it answers reads without a majority. */
  readonly readsWithoutMajority: boolean
}

const CONNECT_TIMEOUT_MS = 5000
const QUERY = `SELECT @@version AS version, @@global.innodb_flush_log_at_trx_commit AS flushes,
  @@global.read_only AS readonly, UNIX_TIMESTAMP(NOW(3)) AS clock`

/** A node without a majority answers nothing but SHOW. */
const GALERA_VARIABLES =
  "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_on', 'wsrep_dirty_reads')"
const GALERA_STATUS = `SHOW GLOBAL STATUS WHERE Variable_name IN
  ('wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')`

/** Throws what the driver throws, and an Error when the server is a Galera node without a majority. */
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
  const ask = async (sql: string): Promise<readonly Row[]> => {
    const [rows] = await connection.query({ sql, timeout: CONNECT_TIMEOUT_MS })
    return Array.isArray(rows) ? rows.map((row): Row => Object(row)) : []
  }
  try {
    const galera = galeraOf([...(await ask(GALERA_VARIABLES)), ...(await ask(GALERA_STATUS))])
    const [row = {}] = await ask(QUERY)
    return {
      galera,
      version: String(row['version']),
      isDurable: Number(row['flushes']) === 1,
      isReadOnly: Number(row['readonly']) !== 0,
      wallMs: Number(row['clock']) * 1000,
    }
  } finally {
    connection.destroy()
  }
}

type Row = Readonly<Record<string, unknown>>

function galeraOf(rows: readonly Row[]): GaleraFacts | undefined {
  const values = new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]))
  const value = (name: string): string => values.get(name) ?? ''
  if (value('wsrep_on') !== 'ON') return undefined
  const status = value('wsrep_cluster_status')
  if (status !== 'Primary') {
    throw new Error(`this Galera node has no majority (wsrep_cluster_status is ${status})`)
  }
  return {
    size: Number(value('wsrep_cluster_size')),
    state: value('wsrep_local_state_comment'),
    readsWithoutMajority: value('wsrep_dirty_reads') === 'ON',
  }
}

/**
 * A real Galera cluster of two nodes, which both take writes. Both begin with the same files, as after a power failure of a whole
 * cluster, so that nothing has to be transferred between them.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { asProcesses } from './container.ts'
import { installMariadb, runMariadb } from './mariadb.ts'
import { freePort, temporaryDirectory } from './process.ts'
import { until } from './until.ts'

export interface GaleraNode {
  readonly port: number
  /** Runs a statement that sees all that was committed before, and returns its rows. */
  run(statement: string, database?: string): Promise<readonly object[]>
}

export interface Galera extends AsyncDisposable {
  readonly nodes: readonly [GaleraNode, GaleraNode]
  /** Makes an empty database and returns its name. */
  createDatabase(): Promise<string>
  /**
   * What is committed through the first node from now on is seen late on the second one: first, the second node
   * must change rows of a table without a key.
   */
  delaySecondNode(): Promise<void>
  /** Freezes the second node: the first one misses it after a second, and has no majority then. */
  freezeSecondNode(): Promise<void>
  /** Thaws it. Both nodes are one cluster again when this resolves. */
  thawSecondNode(): Promise<void>
}

const PROVIDER = '/usr/lib/galera/libgalera_smm.so'
const CLUSTER = '11111111-1111-1111-1111-111111111111'
const MEMBERS = ['aaaaaaaa-0000-11f1-8001-000000000001', 'aaaaaaaa-0000-11f1-8002-000000000002']
/** A busy machine may keep a node from running for seconds. It is not missed then. */
const PATIENT = 'evs.inactive_timeout=PT60S;evs.suspect_timeout=PT30S'
const HASTY = 'evs.suspect_timeout=PT1S;evs.inactive_timeout=PT2S'
/** Enough for some tens of milliseconds, and not for a time-out on a busy machine: the second node reads the whole table for each changed row. */
const DELAYING_ROWS = 800

/** Ready when it resolves: in a few seconds. */
export async function startGalera(): Promise<Galera> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('galera')).path
  const ports = await Promise.all(MEMBERS.map(portsOfNode))
  const places = MEMBERS.map((_, index) => join(directory, String(index)))
  await installAll(places)
  const addresses = ports.map(({ group }) => `127.0.0.1:${group}`).join(',')
  const servers = await Promise.all(
    ports.map(({ sql, group, transfer }, index) =>
      runMariadb(asProcesses, {
        directory: places[index] ?? directory,
        port: sql,
        options: optionsOf({ addresses, group, transfer, place: places[index] ?? directory }),
      }),
    ),
  )
  for (const server of servers) stack.use(server)
  const [first, second] = servers.map((_, index) =>
    nodeOf(places[index] ?? directory, ports[index]?.sql ?? 0),
  )
  if (first === undefined || second === undefined) throw new Error('a cluster has two nodes')
  const nodes = [first, second] as const
  await until('both nodes are one cluster', () => areOne(nodes))
  let databases = 0
  const createDatabase = async (): Promise<string> => {
    databases += 1
    const name = `specs_${databases}`
    await first.run(`CREATE DATABASE ${name}`)
    await second.run('SELECT 1') // it has made the database, too
    return name
  }
  const slow = await createDatabase()
  await first.run('CREATE TABLE delaying (number INT, changed INT) ENGINE = InnoDB', slow)
  await first.run(`INSERT INTO delaying SELECT seq, 0 FROM seq_1_to_${DELAYING_ROWS}`, slow)
  const parts = stack.move()
  return {
    nodes,
    createDatabase,
    delaySecondNode: async () => {
      await first.run('UPDATE delaying SET changed = changed + 1', slow)
    },
    freezeSecondNode: async () => {
      await first.run(`SET GLOBAL wsrep_provider_options = '${HASTY}'`)
      await servers[1]?.signal('SIGSTOP')
    },
    thawSecondNode: async () => {
      await servers[1]?.signal('SIGCONT')
      await until('both nodes are one cluster', () => areOne(nodes))
      await first.run(`SET GLOBAL wsrep_provider_options = '${PATIENT}'`)
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function portsOfNode() {
  return { sql: await freePort(), group: await freePort(), transfer: await freePort() }
}

/** The same files for every node, and a record that they were one cluster when it stopped. */
async function installAll(places: readonly string[]): Promise<void> {
  const [origin = '', ...others] = places
  await mkdir(origin)
  await installMariadb(asProcesses, origin)
  for (const place of others) await cp(origin, place, { recursive: true })
  for (const [index, place] of places.entries()) {
    const members = MEMBERS.map((member) => `member: ${member} 0\n`).join('')
    await writeFile(
      join(place, 'data', 'gvwstate.dat'),
      `my_uuid: ${MEMBERS[index]}\n#vwbeg\nview_id: 3 ${MEMBERS[0]} 1\nbootstrap: 0\n${members}#vwend\n`,
    )
    await writeFile(
      join(place, 'data', 'grastate.dat'),
      `# GALERA saved state\nversion: 2.1\nuuid: ${CLUSTER}\nseqno: 1\nsafe_to_bootstrap: 0\n`,
    )
  }
}

interface NodePlace {
  readonly addresses: string
  readonly group: number
  readonly transfer: number
  readonly place: string
}

const optionsOf = ({ addresses, group, transfer, place }: NodePlace): readonly string[] => [
  '--binlog-format=ROW',
  '--innodb-autoinc-lock-mode=2',
  '--wsrep-on=ON',
  `--wsrep-provider=${PROVIDER}`,
  '--wsrep-cluster-name=specs',
  `--wsrep-cluster-address=gcomm://${addresses}`,
  '--wsrep-node-address=127.0.0.1',
  `--wsrep-data-home-dir=${join(place, 'data')}`,
  '--wsrep-sst-method=skip',
  `--wsrep-provider-options=${[
    `base_port=${group}`,
    `gmcast.listen_addr=tcp://127.0.0.1:${group}`,
    `ist.recv_addr=127.0.0.1:${transfer}`,
    'gcache.size=32M',
    PATIENT,
  ].join(';')}`,
]

const nodeOf = (place: string, port: number): GaleraNode => ({
  port,
  async run(statement, database = '') {
    const account = { socketPath: join(place, 'sock'), user: 'root' }
    const connection = await createConnection({ ...account, database })
    try {
      await connection.query('SET SESSION wsrep_sync_wait = 7')
      const [rows] = await connection.query(statement)
      return Array.isArray(rows) ? rows : []
    } finally {
      connection.destroy()
    }
  },
})

const STATE = `SELECT variable_value AS value FROM information_schema.global_status
  WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_ready', 'wsrep_local_state_comment')`

async function areOne(nodes: readonly GaleraNode[]): Promise<boolean> {
  // A node that is not ready refuses to answer.
  const states = await Promise.all(nodes.map((node) => node.run(STATE).catch(() => [])))
  return states.every((rows) =>
    ['2', 'ON', 'Synced'].every((value) =>
      rows.some((row) => 'value' in row && row.value === value),
    ),
  )
}

/**
 * A real MariaDB server of our own: in a container or from its binaries, on a free port, in a
 * temporary directory.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createConnection, type ConnectionOptions } from 'mysql2/promise'
import { Secret } from '../../schema/control-attributes.ts'
import { openServerHost, type HostedServer, type ServerHost } from './container.ts'
import { freePort, temporaryDirectory } from './process.ts'

/** What every MariaDB for specs offers, whichever way it runs. */
export interface MariadbServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret
  /** Makes an empty database and returns its name. */
  createDatabase(security?: Pick<ConnectionOptions, 'ssl'>): Promise<string>
}

/** A server that a spec can also disturb. */
export interface BreakableMariadb extends MariadbServer {
  /** Kills it without warning. */
  kill(): Promise<void>
  /** Starts it again with the data on its disk. */
  restart(): Promise<void>
  /** Changes our password; connections that are open stay open, as in MariaDB. */
  rotate(password: string): Promise<void>
  /** Ends every connection of ours. */
  disconnect(): Promise<void>
  /** Freezes and thaws it: a frozen server accepts connections and answers nothing. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

const HOST = '127.0.0.1'
const USER = 'instance_ha'
const PASSWORD = 'correct horse'

/** Where servers listen, and the account that they have. */
export const ACCOUNT = { host: HOST, user: USER, password: new Secret(PASSWORD) } as const

/** Ready when it resolves, in about a second. Options are those of the server's command line. */
export async function startMariadb(options: readonly string[] = []): Promise<BreakableMariadb> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('mariadb')).path
  const host = await openServerHost('mariadb', directory)
  await installMariadb(host, directory)
  const port = await freePort()
  let server = stack.use(await runMariadb(host, { directory, port, options }))
  let databases = 0
  let current = PASSWORD
  const parts = stack.move()
  return {
    host: HOST,
    port,
    user: USER,
    password: new Secret(PASSWORD),
    async createDatabase(security = {}) {
      databases += 1
      const name = `specs_${databases}`
      const connection = await createConnection({
        host: HOST,
        port,
        user: USER,
        password: PASSWORD,
        ...security,
      })
      await connection.query(`CREATE DATABASE ${name}`)
      await connection.end()
      return name
    },
    async rotate(password) {
      await asUser(port, current, `SET PASSWORD = PASSWORD('${password}')`)
      current = password
    },
    async disconnect() {
      await asUser(port, current, `KILL USER ${USER}`).catch(() => undefined) // it kills itself, too
    },
    async kill() {
      await server.signal('SIGKILL')
      await server.ended
    },
    async restart() {
      server = parts.use(await runMariadb(host, { directory, port, options }))
    },
    freeze: () => server.signal('SIGSTOP'),
    thaw: () => server.signal('SIGCONT'),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function asUser(port: number, password: string, statement: string): Promise<void> {
  const connection = await createConnection({ host: HOST, port, user: USER, password })
  connection.on('error', () => undefined)
  await connection.query(statement)
  await connection.end()
}

const asRoot = (): readonly string[] => (process.getuid?.() === 0 ? ['--user=root'] : [])

/** Makes the folder `data` of a server that has our account. */
export async function installMariadb(host: ServerHost, directory: string): Promise<void> {
  const accounts = join(directory, 'accounts.sql')
  await writeFile(
    accounts,
    'FLUSH PRIVILEGES;\n' + // the installing server has not read them
      `CREATE USER '${USER}'@'${HOST}' IDENTIFIED BY '${PASSWORD}';\n` +
      `GRANT ALL ON \`specs\\_%\`.* TO '${USER}'@'${HOST}';\n`,
  )
  await host.run({
    command: 'mariadb-install-db',
    debianPackage: 'mariadb-server',
    args: [
      '--no-defaults',
      ...asRoot(),
      `--datadir=${join(directory, 'data')}`,
      `--tmpdir=${directory}`, // a starting server deletes the temporary tables of others
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--innodb-log-file-size=8M',
      `--extra-file=${accounts}`,
    ],
  })
}

/** What one server is started with. */
interface MariadbStart {
  /** Has the folder `data`. */
  readonly directory: string
  readonly port: number
  readonly options: readonly string[]
}

/**
 * Committed data survive a kill, but not a power failure. The character set is deliberately the
 * server's own, latin1.
 */
export const runMariadb = (
  host: ServerHost,
  { directory, port, options }: MariadbStart,
): Promise<HostedServer> =>
  host.start(
    {
      command: 'mariadbd',
      debianPackage: 'mariadb-server',
      args: [
        '--no-defaults',
        ...asRoot(),
        `--datadir=${join(directory, 'data')}`,
        `--tmpdir=${directory}`,
        `--port=${port}`,
        `--bind-address=${HOST}`,
        `--socket=${join(directory, 'sock')}`,
        `--pid-file=${join(directory, 'pid')}`,
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-doublewrite=0',
        '--innodb-flush-method=nosync',
        '--innodb-log-file-size=8M',
        '--sync-frm=0',
        '--max-connections=500',
        '--skip-log-bin',
        '--performance-schema=0',
        '--skip-name-resolve',
        ...options,
      ],
    },
    /ready for connections/,
  )

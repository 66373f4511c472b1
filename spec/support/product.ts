/**
 * Our program as operators start it: `node ops/cli.ts …`. Each process is a child with its own
 * configuration file.
 */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KeystoneAccount } from '../../ops/simulated-cloud/http-keystone.ts'
import type { MariadbServer } from './mariadb.ts'
import { startServer, type ServerProcess } from './process.ts'

/** The settings of one process. */
export interface Configuration {
  readonly node: string
  /** Separated by commas. */
  readonly roles: string
  readonly account: KeystoneAccount & { readonly authUrl: string }
  /** Port of the REST API. */
  readonly port: number
  readonly store: string
  readonly bus: string
  readonly stateDirectory: string
  /** Further sections. They may repeat sections from above. */
  readonly more?: string
}

/** Text of a configuration file. */
export const configurationOf = (told: Configuration): string => `[DEFAULT]
host = ${told.node}
os_privileged_user_auth_url = ${told.account.authUrl}
os_privileged_user_name = ${told.account.username}
os_privileged_user_password = ${told.account.password}
os_privileged_user_tenant = ${told.account.project}
[keystone_authtoken]
auth_url = ${told.account.authUrl}
username = ${told.account.username}
password = ${told.account.password}
project_name = ${told.account.project}
[api]
listen = 127.0.0.1
listen_port = ${told.port}
[database]
connection = ${told.store}
[bus]
servers = ${told.bus}
[roles]
enabled = ${told.roles}
[ssh]
state_directory = ${told.stateDirectory}
[health]
listen_port = 0
${told.more ?? ''}`

/** A database of this server, as the configuration names it. */
export const storeUrl = ({ user, password, port }: MariadbServer, database: string): string =>
  `mysql+pymysql://${user}:${encodeURIComponent(password.reveal())}@127.0.0.1:${port}/${database}`

/** One of our processes, and its configuration file. */
export interface ProductProcess extends ServerProcess {
  readonly file: string
}

/** Starts one process. It is ready when its own log says so. */
export async function startProduct(
  directory: string,
  node: string,
  configuration: string,
  flags: readonly string[] = [],
): Promise<ProductProcess> {
  const file = join(directory, `${node}.conf`)
  await writeFile(file, configuration, { mode: 0o600 })
  const started = await startServer({
    command: process.execPath,
    args: [...flags, 'ops/cli.ts', 'run', '--config', file],
    ready: /instance-ha runs/,
  })
  return { ...started, file }
}

/** The flags that the installed command gives to Node for `run`. They bound how far the heap grows between collections. */
export async function flagsOfRun(): Promise<readonly string[]> {
  const launcher = join(import.meta.dirname, '..', '..', 'ops', 'bin', 'instance-ha')
  const [, flags] =
    /= run \]; then flags="\$flags (.*)"; fi$/m.exec(await readFile(launcher, 'utf8')) ?? []
  if (flags === undefined) throw new Error(`${launcher} gives no flags to Node`)
  return flags.split(' ')
}

/** How a command ended, and its output. */
export interface Ended {
  readonly status: number | string | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end. A command that takes longer than two minutes is killed, and its status
 * is null.
 */
export function runProduct(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const options = { timeout: 120_000, killSignal: 'SIGKILL' } as const
  execFile(process.execPath, ['ops/cli.ts', ...args], options, (error, stdout, stderr) => {
    resolve({ status: error === null ? 0 : (error.code ?? null), stdout, stderr })
  })
  return promise
}

/**
 * Our whole product with a real cloud: NATS, MariaDB, a BMC and an sshd for each compute host, and
 * our processes.
 */
import { execFileSync } from 'node:child_process'
import type { Secret } from '../../schema/control-attributes.ts'
import type { HostName } from '../../schema/ids.ts'
import { ensureKeyPair } from '../../transports/ssh/key-pair.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import { startBmc, type Bmc } from '../support/bmc.ts'
import { startMariadb } from '../support/mariadb.ts'
import { startNats } from '../support/nats.ts'
import { freePort, temporaryDirectory, type ServerProcess } from '../support/process.ts'
import { configurationOf, startProduct, storeUrl } from '../support/product.ts'
import { startSshd, type Sshd } from '../support/sshd.ts'
import { env } from './cloud.ts'

/** The machine of one compute host. */
export interface Machine {
  readonly host: HostName
  readonly bmc: Bmc
  readonly sshd: Sshd
}

/** The location of our store. */
export interface Database {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: Secret
  readonly database: string
}

export interface Deployment extends AsyncDisposable {
  readonly database: Database
  readonly machines: ReadonlyMap<HostName, Machine>
  /** The REST API, `http://127.0.0.1:<port>`. */
  readonly url: string
  /** The configuration text of a process of these parts. */
  configuration(node: string, roles: string): string
  /** Starts one of our processes by the command line that operators use. */
  start(node: string, roles: string): Promise<ServerProcess>
}

/** Starts everything except our own processes. `more` are further lines of their configuration. */
export async function prepareDeployment(openstack: Openstack, more = ''): Promise<Deployment> {
  await using opening = new AsyncDisposableStack()
  const directory = opening.use(await temporaryDirectory('deployment')).path
  const nats = opening.use(await startNats())
  const mariadb = opening.use(await startMariadb())
  const database = await mariadb.createDatabase()
  const { publicKey } = await ensureKeyPair(directory)
  const machines = new Map<HostName, Machine>()
  for (const { host } of await openstack.compute.listServices()) {
    const bmc = opening.use(await startBmc())
    const sshd = opening.use(await startSshd({ authorizedKey: publicKey }))
    machines.set(host, { host, bmc, sshd })
  }
  const port = await freePort()
  const account = {
    authUrl: env('OS_AUTH_URL'),
    username: env('OS_USERNAME'),
    password: env('OS_PASSWORD'),
    project: env('OS_PROJECT_NAME'),
  }
  const configuration = (node: string, roles: string): string =>
    configurationOf({
      node,
      roles,
      account,
      port,
      stateDirectory: directory,
      bus: nats.url,
      store: storeUrl(mariadb, database),
      more: `[DEFAULT]\nos_region_name = ${env('OS_REGION_NAME')}\n${more}`,
    })
  const processes = opening.adopt(new Set<ServerProcess>(), async (running) => {
    for (const process of running) await process[Symbol.asyncDispose]()
  })
  const kept = opening.move()
  const { host, port: sqlPort, user, password } = mariadb
  return {
    database: { host, port: sqlPort, user, password, database },
    machines,
    url: `http://127.0.0.1:${port}`,
    configuration,
    async start(node, roles) {
      const process = await startProduct(directory, node, configuration(node, roles))
      processes.add(process)
      return process
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}

/** Ends a host's nova-compute and powers its machine off, as a power failure does. */
export async function killHost({ host, bmc, sshd }: Machine): Promise<void> {
  await bmc.setPower('off')
  await sshd.losePower()
  killCompute(host)
}

/** Ends a host's nova-compute. */
export function killCompute(host: HostName): void {
  execFileSync(env('INSTANCE_HA_TEST_KILL_COMPUTE_COMMAND'), [host], { stdio: 'ignore' })
}

/** `control_attributes` of a machine, as an operator writes them. */
export function controlAttributes({ bmc, sshd }: Machine): string {
  const { address, port, username, password, cipherSuite } = bmc.settings
  return JSON.stringify({
    ipmi: {
      host: address,
      port,
      username,
      password: password.reveal(),
      cipher_suite: cipherSuite,
    },
    ssh: {
      host: sshd.settings.address,
      port: sshd.settings.port,
      username: sshd.settings.username,
    },
  })
}

/** Our whole product on real parts: NATS, MariaDB and a BMC, with a cloud behind real HTTP. */
import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, nkeyAuthenticator } from 'nats'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { RestClient, type Notification } from '../openstack/rest-client.ts'
import { accountLines } from '../../ops/bus-permissions.ts'
import { publicKeyOf } from '../../ops/nkey-files.ts'
import { ROLES } from '../../schema/config/node.ts'
import { hostName } from '../../schema/ids.ts'
import { describeError } from '../../schema/errors.ts'
import { ShownProcess } from '../../gateway/plugins/health.ts'
import { startBmc, type Bmc } from './bmc.ts'
import { startHttpCloud, type HttpCloud } from './http-cloud.ts'
import { startMariadb, type BreakableMariadb } from './mariadb.ts'
import { startNats, type NatsFeatures, type NatsServer } from './nats.ts'
import { freePort, temporaryDirectory, type ServerProcess } from './process.ts'
import { configurationOf, startProduct, storeUrl, type ProductProcess } from './product.ts'
import { until } from './until.ts'

const NATS_PASSWORD = 'nats-p4ssw0rd'
const PASSWORD_LOGIN = `[bus]\nuser = ha\npassword = ${NATS_PASSWORD}\n`

const Readiness = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Array(
    Type.Object({
      name: Type.String(),
      ok: Type.Boolean(),
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
})
const readinesses = Compile(Readiness)
const Supervisors = Compile(Type.Object({ supervisors: Type.Array(ShownProcess) }))

/** Each process has the account that `bus-permissions` gives to its name and roles. */
class BusAccounts {
  readonly #nats: NatsServer
  readonly #directory: string
  readonly #lines = new Map<string, readonly string[]>()

  constructor(nats: NatsServer, directory: string) {
    this.#nats = nats
    this.#directory = directory
  }

  /** Makes it known to the server, which reads its configuration soon; the seed of its key. */
  async of(node: string, names: string): Promise<string> {
    const roles = ROLES.filter((role) => names.split(/,\s*/).includes(role))
    const publicKey = await publicKeyOf(this.#directory, node)
    this.#lines.set(node, accountLines('default', { node, roles, publicKey }))
    await this.#nats.reload(this.#known())
    return (await readFile(this.fileOf(node), 'utf8')).trim()
  }

  /** Makes it known to the server; the section of a configuration with which a process uses it. */
  async sectionOf(node: string, roles: string): Promise<string> {
    await this.of(node, roles)
    return `[bus]\nnkey_file = ${this.fileOf(node)}\n`
  }

  /** Where its seed is. */
  fileOf(node: string): string {
    return join(this.#directory, `${node}.nk`)
  }

  restart(): Promise<void> {
    return this.#nats.restart(this.#known())
  }

  #known(): Pick<NatsFeatures, 'password' | 'accounts'> {
    return { password: NATS_PASSWORD, accounts: [...this.#lines.values()].flat() }
  }
}

async function isLetIn(url: string, seed: string): Promise<boolean> {
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed))
  try {
    const connection = await connect({ servers: url, authenticator, reconnect: false })
    await connection.close()
    return true
  } catch {
    return false // the server reads its configuration in the background
  }
}

/** Settings that make specs fast. */
const QUICK = `[host]
ipmi_minimum_spacing = 0
[host_failure]
host_failure_recovery_interval = 1
max_hosts_share = 1
`

export interface ProductWorld extends AsyncDisposable {
  readonly http: HttpCloud
  readonly nats: NatsServer
  readonly mariadb: BreakableMariadb
  /** The BMC of every host: the first fence powers it off, and later ones find it off. */
  readonly bmc: Bmc
  /** The REST API as an administrator uses it. */
  readonly rest: RestClient
  /** The address of the gateway, `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Of the user `ha`, who may do everything on the bus. */
  readonly natsPassword: string
  /** Makes the account of a process known to the bus; the seed of its key. */
  account(node: string, roles: string): Promise<string>
  /** Replaces the key of that account while its process runs; the seed of the new key. */
  replaceKey(node: string, roles: string): Promise<string>
  /** Starts the bus again, with the same accounts. */
  restartNats(): Promise<void>
  /** Starts one of our processes; `more` are further sections of its configuration, `flags` those of Node. */
  start(
    node: string,
    roles: string,
    more?: string,
    flags?: readonly string[],
  ): Promise<ProductProcess>
  /** Registers every host of the cloud; a gateway must run. */
  register(): Promise<void>
  /** A host loses its power, and a trusted monitor reports it. */
  loseHost(host: string): Promise<Loss>
  /** What is not ready, with its reason; empty when everything is. */
  unready(): Promise<Readonly<Record<string, string | null>>>
  /** The processes that the gateway knows. */
  supervisors(): Promise<readonly ShownProcess[]>
  /** Resolves when the notification of a loss has finished; throws when it ends in another way. */
  finished(loss: Loss): Promise<void>
}

/** A host that failed, and the outcome. */
export interface Loss {
  readonly host: string
  readonly notification: Notification
  /** How often Nova evacuated each of its instances from it. */
  evacuations(): Promise<readonly number[]>
}

/** One segment of sixteen hosts with three instances each. None of our processes runs yet. */
export async function openProductWorld(
  /** account: each process has its own account on the bus; password: all of them are `ha`. */
  { login = 'account' }: { readonly login?: 'account' | 'password' } = {},
): Promise<ProductWorld> {
  await using opening = new AsyncDisposableStack()
  const directory = opening.use(await temporaryDirectory('product')).path
  const size = { segments: 1, hostsPerSegment: 16, instances: 48 }
  const [http, nats, mariadb, bmc] = await Promise.all([
    startHttpCloud(size),
    startNats({ password: NATS_PASSWORD }),
    startMariadb(),
    startBmc(),
  ])
  for (const part of [http, nats, mariadb, bmc]) opening.use(part)
  const database = await mariadb.createDatabase()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const rest = new RestClient(url, http.keystone.issue('admin'))
  const parts = {
    account: { ...http.keystone.account, authUrl: http.keystone.url },
    store: storeUrl(mariadb, database),
    bus: nats.url,
    stateDirectory: directory,
    port,
  }
  const accounts = new BusAccounts(nats, directory)
  const processes = opening.adopt(new Set<ServerProcess>(), async (running) => {
    await Promise.all([...running].map((process) => process[Symbol.asyncDispose]()))
  })
  const kept = opening.move()
  return {
    http,
    nats,
    mariadb,
    bmc,
    rest,
    url,
    natsPassword: NATS_PASSWORD,
    async account(node, roles) {
      const seed = await accounts.of(node, roles)
      await until(`the server knows ${node}`, () => isLetIn(nats.url, seed))
      return seed
    },
    async replaceKey(node, roles) {
      await rm(accounts.fileOf(node))
      return await accounts.of(node, roles)
    },
    restartNats: () => accounts.restart(),
    async start(node, roles, more = '', flags = []) {
      const access = login === 'account' ? await accounts.sectionOf(node, roles) : PASSWORD_LOGIN
      const text = configurationOf({ ...parts, node, roles, more: access + QUICK + more })
      const process = await startProduct(directory, `${node}-${randomUUID()}`, text, flags)
      processes.add(process)
      return process
    },
    async register() {
      await until('hosts can be registered', () => canRegister(url), 30_000, 200)
      for (const { name, hosts } of http.segments) {
        await rest.register(name, new Map(hosts.map((host) => [host.name, attributesOf(bmc)])))
      }
    },
    async loseHost(host) {
      const lost = http.cloud.instances.filter((instance) => instance.host === host)
      http.cloud.crashHost(host)
      const notification = await rest.reportHostDown(host)
      const { compute } = http.cloud.viewFor('truth')
      return {
        host,
        notification,
        async evacuations() {
          const records = await compute.listEvacuations(hostName(host), 0)
          return lost.map(({ id }) => records.filter(({ instance }) => instance === id).length)
        },
      }
    },
    async unready() {
      const { checks } = await readiness(url)
      return Object.fromEntries(
        checks.flatMap(({ name, ok, reason }) => (ok ? [] : [[name, reason]])),
      )
    },
    async supervisors() {
      return Supervisors.Parse(await rest.get('/health/supervisors')).supervisors
    },
    finished: ({ notification }) => untilFinished(rest, notification.notification_uuid),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const BROKERS: ReadonlySet<string> = new Set(['bridge', 'event notifications'])

/** Store and cloud are available. A broker is not needed. */
async function canRegister(url: string): Promise<boolean> {
  const { checks } = await readiness(url)
  return checks.every(({ name, ok }) => ok || BROKERS.has(name))
}

async function untilFinished(rest: RestClient, id: string): Promise<void> {
  const isFinished = async (): Promise<boolean> => {
    const all = await rest.notifications()
    const found = all.find(({ notification_uuid: uuid }) => uuid === id)
    if (found === undefined || ['failed', 'error', 'ignored'].includes(found.status)) {
      throw new Error(`${id} is ${found?.status}: ${found?.message}`)
    }
    return found.status === 'finished'
  }
  try {
    await until(`${id} has finished`, isFinished, 90_000, 200)
  } catch (cause) {
    const journal = (await rest.journal(id)).join('\n')
    throw new Error(`${describeError(cause)}; its journal:\n${journal}`, { cause })
  }
}

async function readiness(url: string): Promise<Static<typeof Readiness>> {
  const answer = await fetch(`${url}/health/ready`)
  const body = readinesses.Parse(await answer.json())
  if (answer.ok !== body.ready) throw new Error(`${answer.status}, but ready is ${body.ready}`)
  return body
}

/** `control_attributes` of a host that can be fenced and is not watched. */
function attributesOf({ settings }: Bmc): string {
  const { address, port, username, password, cipherSuite } = settings
  return JSON.stringify({
    ipmi: { host: address, port, username, password: password.reveal(), cipher_suite: cipherSuite },
  })
}

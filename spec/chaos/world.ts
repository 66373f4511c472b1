/** The world of a chaos run: real servers, a simulated cloud over HTTP with its hosts, and all processes of the product. */
import { randomBytes } from 'node:crypto'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPool, type Pool } from 'mysql2/promise'
import { registerFleet } from '../support/registered-fleet.ts'
import { startHttpCloud, type HttpCloud } from '../support/http-cloud.ts'
import { startMariadb, type BreakableMariadb } from '../support/mariadb.ts'
import { startNatsCluster, type NatsCluster } from '../support/nats-cluster.ts'
import { freePort, program, startServer } from '../support/process.ts'
import { configurationOf, flagsOfRun, storeUrl } from '../support/product.ts'
import { startRabbitmq, type Rabbitmq } from '../support/rabbitmq.ts'
import { makeRedfishIdentity } from '../support/redfish-bmc.ts'
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts'
import { startSshAcceptor } from '../../ops/simulated-cloud/ssh-acceptor.ts'
import type { Role } from '../../ops/roles/bus-rights.ts'
import { busAccess, type BusAccess } from './bus-access.ts'
import { ComputeHost } from './compute-host.ts'
import type { ChaosPlan } from './plan.ts'
import { ProductProcess } from './product-process.ts'
import { Truth } from './truth.ts'
import { openWires, type Wires } from './wires.ts'

export const CLOUD = 'chaos'
const HOSTS_PER_SEGMENT = 10
/** Each host whose number is a multiple of this has IPMI, the others have Redfish. */
const IPMI_EVERY = 5
/** The spools of so many hosts are on small file systems, which can be full. */
const SMALL_DISKS = 2
const SMALL_DISK_MIB = 1
/** So many monitors start at the same time. */
const STARTING_MAX = 4
const READY_MS = 240_000

/** Settings that let hosts die and return all the time: the guards against many deaths are not what is tested here. */
const RULES = `[host]
ipmi_minimum_spacing = 0
[host_failure]
host_failure_recovery_interval = 1
max_hosts_share = 1
window_seconds = 10
return_to_service = automatic
quarantine_deaths = 100
[instance_failure]
process_all_instances = true
crash_loop_restarts = 100
[DEFAULT]
duplicate_notification_detection_interval = 30
`

/** A process of the control plane, with its network. */
export interface Controller {
  readonly process: ProductProcess
  readonly wires: Wires
  /** The address of the REST API; only of a gateway. */
  readonly url: string
}

export interface ChaosWorld extends AsyncDisposable {
  readonly http: HttpCloud
  readonly nats: NatsCluster
  readonly access: BusAccess
  readonly mariadb: BreakableMariadb
  readonly rabbitmq: Rabbitmq
  readonly pool: Pool
  readonly truth: Truth
  readonly hosts: readonly ComputeHost[]
  readonly controllers: readonly Controller[]
  readonly disks: readonly { readonly host: string; readonly disk: SmallDisk }[]
  readonly token: string
  processes(): readonly ProductProcess[]
  ofRole(role: string): readonly Controller[]
}

/** The servers and the cloud, before anything of the product runs. */
interface Ground {
  readonly plan: ChaosPlan
  readonly directory: string
  readonly logs: string
  readonly http: HttpCloud
  readonly nats: NatsCluster
  readonly access: BusAccess
  readonly mariadb: BreakableMariadb
  readonly database: string
  readonly rabbitmq: Rabbitmq
  readonly flags: readonly string[]
}

const portOf = (url: string): number => Number(new URL(url).port)

/** Starts everything, registers all hosts, and waits until an engine leads. `say` reports the progress. */
export async function openChaosWorld(
  plan: ChaosPlan,
  folders: { readonly directory: string; readonly logs: string },
  say: (line: string) => void,
): Promise<ChaosWorld> {
  await using opening = new AsyncDisposableStack()
  const ground = await openGround(opening, plan, folders)
  say(`servers run; the logs are in ${folders.logs}`)
  const truth = new Truth(ground.http.cloud)
  const hosts = await openHosts(opening, ground, truth)
  await register(ground, hosts)
  say(`${hosts.length} hosts are registered`)
  const controllers = await openControllers(opening, ground)
  await Promise.all(controllers.map(({ process }) => process.ready(READY_MS)))
  say(`${controllers.length} controllers run`)
  const token = ground.http.keystone.issue('admin')
  const disks = await startMonitors(opening, ground, hosts)
  const { mariadb, database: name } = ground
  const login = { host: mariadb.host, port: mariadb.port, user: mariadb.user, database: name }
  const password = mariadb.password.reveal()
  const pool = createPool({ ...login, password, timezone: 'Z', connectionLimit: 2 })
  opening.defer(() => pool.end())
  say(`${hosts.length} instance monitors run`)
  const kept = opening.move()
  return {
    ...ground,
    pool,
    truth,
    hosts,
    controllers,
    disks,
    token,
    processes: () => [
      ...controllers.map(({ process }) => process),
      ...hosts.flatMap(({ monitor }) => (monitor === undefined ? [] : [monitor])),
    ],
    ofRole: (role) => controllers.filter(({ process }) => process.role === role),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function openGround(
  opening: AsyncDisposableStack,
  plan: ChaosPlan,
  folders: { readonly directory: string; readonly logs: string },
): Promise<Ground> {
  const isEven = plan.hosts % HOSTS_PER_SEGMENT === 0
  const hostsPerSegment = isEven ? HOSTS_PER_SEGMENT : plan.hosts
  const segments = plan.hosts / hostsPerSegment
  const size = { segments, hostsPerSegment, instances: plan.instances }
  const http = opening.use(await startHttpCloud(size))
  const names = http.segments.flatMap((segment) => segment.hosts.map(({ name }) => name))
  const access = busAccess(CLOUD, [
    ...CONTROLLERS.map(([node, role]) => ({ node, roles: [role] })),
    ...names.map((node) => ({ node, roles: ['instance-monitor'] as const })),
  ])
  const [nats, mariadb, rabbitmq] = await Promise.all([
    startNatsCluster({ isHidden: true, accounts: access.accounts() }),
    startMariadb(),
    startRabbitmq(),
  ])
  for (const part of [nats, mariadb, rabbitmq]) opening.use(part)
  await standForCompute(opening, folders.directory)
  await writeFile(join(folders.directory, 'keys'), `${randomBytes(32).toString('base64')}\n`, {
    mode: 0o600,
  })
  const database = await mariadb.createDatabase()
  const flags = await flagsOfRun()
  return { plan, ...folders, http, nats, access, mariadb, database, rabbitmq, flags }
}

/** Instance monitors look for the nova-compute of their host among the processes of this machine. */
async function standForCompute(opening: AsyncDisposableStack, directory: string): Promise<void> {
  const path = join(directory, 'nova-compute')
  await symlink(program('sleep', 'coreutils'), path)
  opening.use(await startServer({ command: path, args: ['infinity'] }))
}

async function openHosts(
  opening: AsyncDisposableStack,
  { http, nats }: Ground,
  truth: Truth,
): Promise<readonly ComputeHost[]> {
  const ssh = opening.use(await startSshAcceptor('127.0.0.1'))
  const around = {
    cloud: http.cloud,
    truth,
    sshPort: ssh.port,
    busPorts: nats.urls.map(portOf),
    identity: await makeRedfishIdentity(),
  }
  const hosts: ComputeHost[] = []
  for (const { name } of http.segments.flatMap((segment) => segment.hosts)) {
    const kind = (hosts.length + 1) % IPMI_EVERY === 0 ? 'ipmi' : 'redfish'
    hosts.push(opening.use(await ComputeHost.open(name, kind, around)))
  }
  return hosts
}

const CONTROLLERS: readonly (readonly [node: string, role: Role])[] = [
  ['gateway-1', 'gateway'],
  ['gateway-2', 'gateway'],
  ['engine-1', 'engine'],
  ['engine-2', 'engine'],
  ['host-monitor-1', 'host-monitor'],
  ['host-monitor-2', 'host-monitor'],
  ['bridge-1', 'bridge'],
]

async function openControllers(
  opening: AsyncDisposableStack,
  ground: Ground,
): Promise<readonly Controller[]> {
  const controllers: Controller[] = []
  for (const [node, role] of CONTROLLERS) {
    controllers.push(await openController(opening, ground, { node, role }))
  }
  return controllers
}

async function openController(
  opening: AsyncDisposableStack,
  ground: Ground,
  { node, role }: { readonly node: string; readonly role: Role },
): Promise<Controller> {
  const { http, nats, mariadb, directory, rabbitmq } = ground
  const wires = opening.use(
    await openWires({
      bus: nats.urls.map(portOf),
      store: mariadb.port,
      identity: portOf(http.keystone.url),
    }),
  )
  const port = await freePort()
  const stateDirectory = join(directory, node)
  await mkdir(stateDirectory)
  const account = { ...http.keystone.account, authUrl: `http://127.0.0.1:${wires.identity}/v3` }
  const { user, password } = ground.access.loginOf(node)
  const broker = rabbitmq.url.replace('amqp:', 'rabbit:')
  const own: Readonly<Partial<Record<Role, string>>> = {
    bridge: `[bridge]\ntransport_url = ${broker}\n`,
    engine: `[oslo_messaging_notifications]\ndriver = messagingv2\ntransport_url = ${broker}\n`,
  }
  const configuration = configurationOf({
    node,
    roles: role,
    account,
    port,
    store: storeUrl({ ...mariadb, port: wires.store }, ground.database),
    bus: wires.bus.map((each) => `nats://127.0.0.1:${each}`).join(', '),
    stateDirectory,
    more:
      `[bus]\nuser = ${user}\npassword = ${password}\ncloud = ${CLOUD}\n` +
      `[database]\ncredentials_key_file = ${join(directory, 'keys')}\n${RULES}${own[role] ?? ''}`,
  })
  const { logs } = ground
  const flags = [...ground.flags, '--import', './spec/chaos/clock-steps.ts']
  const launch = { node, role, configuration, flags, directory, logs }
  const process = opening.use(await ProductProcess.start(launch))
  return { process, wires, url: `http://127.0.0.1:${port}` }
}

/** The rows are there before any process of the product starts. */
const register = ({ mariadb, database, http }: Ground, hosts: readonly ComputeHost[]) =>
  registerFleet(
    mariadb,
    database,
    http,
    new Map(hosts.map(({ name, controlAttributes }) => [name, controlAttributes])),
  )

async function startMonitors(
  opening: AsyncDisposableStack,
  ground: Ground,
  hosts: readonly ComputeHost[],
): Promise<ChaosWorld['disks']> {
  const disks: { readonly host: string; readonly disk: SmallDisk }[] = []
  for (let from = 0; from < hosts.length; from += STARTING_MAX) {
    const batch = hosts.slice(from, from + STARTING_MAX)
    const monitors: ProductProcess[] = []
    for (const host of batch) {
      const disk = disks.length < SMALL_DISKS ? await mountSmallDisk(SMALL_DISK_MIB) : undefined
      if (disk !== undefined) disks.push({ host: host.name, disk: opening.use(disk) })
      const directory = join(disk?.path ?? ground.directory, `state-of-${host.name}`)
      await mkdir(directory, { mode: 0o700 })
      const launch = monitorLaunch(ground, host, directory)
      const monitor = opening.use(await ProductProcess.start(launch))
      host.watchedBy(monitor, directory)
      monitors.push(monitor)
    }
    await Promise.all(monitors.map((monitor) => monitor.ready(READY_MS)))
  }
  return disks
}

function monitorLaunch(ground: Ground, host: ComputeHost, stateDirectory: string) {
  const { directory, logs, flags } = ground
  const { user, password } = ground.access.loginOf(host.name)
  const servers = host.busPorts.map((port) => `nats://127.0.0.1:${port}`).join(', ')
  const configuration = `[DEFAULT]
host = ${host.name}
[roles]
enabled = instance-monitor
[bus]
servers = ${servers}
user = ${user}
password = ${password}
cloud = ${CLOUD}
[ssh]
state_directory = ${stateDirectory}
[libvirt]
connection_uri = qemu:///system?socket=${host.libvirtSocket}
`
  return { node: host.name, role: 'instance-monitor', configuration, flags, directory, logs }
}

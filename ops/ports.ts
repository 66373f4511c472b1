/** Opens the world for one process: real parts as the configuration names them, or the simulated cloud. */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BusPort } from '../actors/ports/bus.ts'
import type { ComputePort } from '../actors/ports/compute.ts'
import type { FenceAgentPort } from '../actors/ports/fence-agent.ts'
import type { GuestPort } from '../actors/ports/guest.ts'
import type { IdentityPort } from '../actors/ports/identity.ts'
import type { LeasePort } from '../actors/ports/lease.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { PlacementPort } from '../actors/ports/placement.ts'
import type { PowerPort } from '../actors/ports/power.ts'
import type { ShellPort } from '../actors/ports/shell.ts'
import type { StorePort } from '../actors/ports/store.ts'
import type { Config } from '../schema/config.ts'
import type { HostName } from '../schema/ids.ts'
import { openFenceAgents } from '../transports/fence-agent/fence-agents.ts'
import { openIpmiPower } from '../transports/ipmi/power.ts'
import { MemoryBroker } from '../transports/memory/broker.ts'
import { connectNats } from '../transports/nats/connect.ts'
import type { NatsCredentials } from '../transports/nats/link.ts'
import { openOpenstack, type Openstack } from '../transports/openstack/open-openstack.ts'
import { buildCloud, type SegmentSeed } from '../transports/simulated/build-cloud.ts'
import type { SimulatedCloud } from '../transports/simulated/cloud.ts'
import { SeededRandom } from '../transports/simulated/random.ts'
import { openMysqlStore } from '../transports/sql/mysql.ts'
import { openSqliteStore } from '../transports/sql/sqlite.ts'
import { openSshShell } from '../transports/ssh/shell.ts'
import { openVault } from '../transports/vault/vault.ts'
import type { SystemClock } from '../transports/system/clock.ts'
import type { SystemRandom } from '../transports/system/random.ts'
import { readTlsMaterial } from './tls-material.ts'

/** What surrounds every port. */
export interface Ambient {
  readonly clock: SystemClock
  readonly random: SystemRandom
  readonly log: LogPort
  /** Closes what was opened, last first. */
  readonly closing: AsyncDisposableStack
}

/** A world to act in. */
export interface World {
  readonly bus: BusPort
  readonly lease: LeasePort
  readonly store: StorePort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly identity: IdentityPort | undefined
  readonly power: PowerPort
  readonly fenceAgent: FenceAgentPort
  readonly shell: ShellPort
  readonly guests: ReadonlyMap<HostName, GuestPort>
  /** Whether the stored credentials can be read here; undefined where nobody reads them. */
  readonly checkCredentials: (() => Promise<void>) | undefined
}

/** The simulated cloud that stands in for all real parts but the store and the bus. */
export interface EmbeddedCloud {
  readonly cloud: SimulatedCloud
  readonly segments: readonly SegmentSeed[]
}

/** A cloud as large as a newcomer can look through: 3 segments, 24 hosts, 150 instances. */
export function embeddedCloud({ clock, random }: Ambient): EmbeddedCloud {
  const seeded = new SeededRandom(random.uuid())
  return buildCloud({ clock, random: seeded, segments: 3, hostsPerSegment: 8, instances: 150 })
}

/** The embedded default: memory bus, SQLite, simulated cloud. */
export function openEmbeddedWorld(
  config: Config,
  ambient: Ambient,
  { cloud, segments }: EmbeddedCloud,
): World {
  const hosts = segments.flatMap((segment) => segment.hosts.map(({ name }) => name))
  return {
    ...openBus(config, ambient),
    store: openStore(config, ambient),
    ...cloud.viewFor(config.node.name),
    identity: undefined,
    guests: new Map(hosts.map((host) => [host, cloud.guest(host)])),
    checkCredentials: undefined,
  }
}

/** Real parts. CONFIG_INVALID when a file that it needs cannot be used. */
export async function openRealWorld(config: Config, ambient: Ambient): Promise<World> {
  const { clock, closing } = ambient
  const account = await openAccount(config, ambient)
  const power = closing.use(
    openIpmiPower({
      clock,
      minimumSpacingMs: config.ipmi.minimumSpacingMs,
      commandTimeoutMs: 2 * config.ipmi.timeoutMs,
    }),
  )
  const shell = closing.use(
    await openSshShell({ clock, stateDirectory: config.ssh.stateDirectory }),
  )
  return {
    ...openBus(config, ambient),
    ...openSealedStore(config, ambient),
    compute: account.compute,
    placement: account.placement,
    identity: await openIdentity(config, ambient, account),
    power,
    fenceAgent: closing.use(
      openFenceAgents({
        clock,
        directories: {
          agent: config.fence.agentsDirectory,
          command: config.fence.commandsDirectory,
        },
      }),
    ),
    shell,
    guests: new Map(), // guests of a real hypervisor come with the libvirt transport
  }
}

function openBus(
  { bus, lease, node }: Config,
  { clock, random, log, closing }: Ambient,
): { readonly bus: BusPort; readonly lease: LeasePort } {
  if (bus.location.kind === 'memory') {
    const broker = new MemoryBroker({ clock, log, leaseTtlMs: lease.ttlMs })
    return { bus: broker.bus(node.name), lease: broker.lease(node.name) }
  }
  return closing.use(
    connectNats({
      servers: bus.location.servers,
      cloud: bus.cloud,
      leaseTtlMs: lease.ttlMs,
      credentials: {
        ...(bus.user === undefined ? {} : { user: bus.user }),
        ...(bus.password === undefined ? {} : { password: bus.password.reveal() }),
        ...(bus.token === undefined ? {} : { token: bus.token.reveal() }),
        ...natsSecurity(bus),
      },
      clock,
      random,
      log,
    }),
  )
}

/** CONFIG_INVALID for certificates that cannot be used. */
function natsSecurity(bus: Config['bus']): Pick<NatsCredentials, 'creds' | 'tls'> {
  const { caFile, certFile, keyFile, credentialsFile, tlsFirst, location } = bus
  const named = location.kind === 'nats' && location.servers.some((url) => url.startsWith('tls:'))
  const files = [caFile, certFile, keyFile].some((file) => file !== undefined)
  const tls = { caFile, certFile, keyFile, check: 'identity' } as const
  return {
    ...(credentialsFile === undefined ? {} : { creds: readFileSync(credentialsFile, 'utf8') }),
    ...(named || files || tlsFirst
      ? { tls: { ...readTlsMaterial(tls, 'NATS'), first: tlsFirst } }
      : {}),
  }
}

/** The store as it is: credentials of hosts come out as they are stored. */
export function openStore({ store }: Config, { clock, random, closing }: Ambient): StorePort {
  const { location } = store
  if (location.kind === 'mysql') {
    const tls = location.tls && readTlsMaterial(location.tls, 'the database')
    return closing.use(openMysqlStore({ ...location, tls }, { clock, random }))
  }
  if (location.path !== ':memory:') mkdirSync(dirname(location.path), { recursive: true })
  return closing.use(openSqliteStore(location.path, { clock, random }))
}

/** Compute hosts hold no key: an instance-monitor reads no credentials. */
function openSealedStore(
  config: Config,
  ambient: Ambient,
): Pick<World, 'store' | 'checkCredentials'> {
  const store = openStore(config, ambient)
  const reads = config.node.roles.some((role) => role !== 'instance-monitor' && role !== 'bridge')
  if (!reads) return { store, checkCredentials: undefined }
  const vault = openVault(store, keyFileOf(config), ambient.log)
  return { store: vault.store, checkCredentials: () => vault.check() }
}

/** Where the keys of stored credentials are. */
export const keyFileOf = ({ store, ssh }: Config): string =>
  store.credentialsKeyFile ?? join(ssh.stateDirectory, 'credentials.key')

/** Longest time for one request to Nova, repeats of reads included. */
const REQUEST_TIMEOUT_MS = 10_000

async function openAccount({ compute }: Config, ambient: Ambient): Promise<Openstack> {
  const { authUrl, username, password, projectName, caFile } = compute
  if (!authUrl || !username || !password || !projectName) {
    throw new RangeError('the configuration was not checked: it has no Compute account')
  }
  return ambient.closing.use(
    await openOpenstack({
      authUrl,
      username,
      password,
      projectName,
      userDomainName: compute.userDomainName,
      projectDomainName: compute.projectDomainName,
      region: compute.region,
      interface: compute.endpoint.interface,
      insecure: compute.insecure,
      ...(caFile === undefined ? {} : { cacertFile: caFile }),
      clock: ambient.clock,
      random: ambient.random,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      log: ambient.log,
    }),
  )
}

/** The account that checks tokens; the Compute account's own session when both are the same. */
async function openIdentity(
  { api, identity, compute }: Config,
  ambient: Ambient,
  account: Openstack,
): Promise<IdentityPort | undefined> {
  if (api.authStrategy === 'noauth2') return undefined
  const { authUrl, username, password, caFile } = identity
  if (!authUrl || !username || !password) return account.identity
  const same =
    authUrl === compute.authUrl &&
    username === compute.username &&
    password.reveal() === compute.password?.reveal()
  if (same) return account.identity
  const own = await openOpenstack({
    authUrl,
    username,
    password,
    projectName: identity.projectName,
    userDomainName: identity.userDomainName,
    projectDomainName: identity.projectDomainName,
    region: undefined,
    interface: 'public',
    insecure: identity.insecure,
    ...(caFile === undefined ? {} : { cacertFile: caFile }),
    clock: ambient.clock,
    random: ambient.random,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    log: ambient.log,
  })
  return ambient.closing.use(own).identity
}

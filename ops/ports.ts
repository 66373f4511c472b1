/**
 * Opens all ports of one process: the real ones that the configuration names, or the simulated
 * cloud.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { BusPort } from '../actors/ports/bus.ts'
import type { ComputePort } from '../actors/ports/compute.ts'
import type { FenceAgentPort } from '../actors/ports/fence-agent.ts'
import type { IdentityPort } from '../actors/ports/identity.ts'
import type { LoginPort } from '../actors/ports/login.ts'
import type { LeasePort } from '../actors/ports/lease.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { PlacementPort } from '../actors/ports/placement.ts'
import type { PolledPowerPort } from '../actors/ports/power.ts'
import type { AnchorPort } from '../actors/ports/anchors.ts'
import type { ShellPort } from '../actors/ports/shell.ts'
import type { StorePort } from '../actors/ports/store.ts'
import type { Config } from '../schema/config.ts'
import { CodedError } from '../schema/errors.ts'
import type { DomainsByHost } from '../schema/failure-domains.ts'
import type { RoleHealth } from '../schema/messages/leadership.ts'
import { openFenceAgents } from '../transports/fence-agent/fence-agents.ts'
import { openBmcPower } from '../transports/bmc/power.ts'
import { MemoryBroker } from '../transports/memory/broker.ts'
import { MemoryFaultSpool } from '../transports/memory/fault-spool.ts'
import { MemoryRunRecord } from '../transports/memory/run-record.ts'
import { connectNats } from '../transports/nats/connect.ts'
import type { Account } from '../transports/openstack/account.ts'
import {
  openOpenstack,
  type Openstack,
  type OpenstackOptions,
} from '../transports/openstack/open-openstack.ts'
import { buildCloud, type SegmentSeed } from '../transports/simulated/build-cloud.ts'
import type { SimulatedCloud } from '../transports/simulated/cloud.ts'
import { SeededRandom } from '../transports/simulated/random.ts'
import { openMysqlStore } from '../transports/sql/mysql.ts'
import { loadFailureDomains } from './failure-domains.ts'
import { keyFileOf, refuseUntrusted, trustedPaths } from './trusted-files.ts'
import { openSqliteStore } from '../transports/sql/sqlite.ts'
import { tcpAnchors } from '../transports/system/anchors.ts'
import { openSshShell } from '../transports/ssh/shell.ts'
import { openVault } from '../transports/vault/vault.ts'
import type { SystemClock } from '../transports/system/clock.ts'
import type { SystemRandom } from '../transports/system/random.ts'
import { useOf } from '../schema/config/role-needs.ts'
import { absentPort } from './absent-port.ts'
import { connectionLimits } from './connection-limits.ts'
import { computeAccount, identityAccount, isOneLogin } from './accounts.ts'
import { openGuests, type GuestWorld } from './open-guests.ts'
import { natsCredentials } from './nats-credentials.ts'
import { readTlsMaterial } from './tls-material.ts'

/** What all ports use. */
export interface Ambient {
  readonly clock: SystemClock
  readonly random: SystemRandom
  readonly log: LogPort
  /** Closes what was opened, the last one first. */
  readonly closing: AsyncDisposableStack
  /** Told of each transaction of the store that is tried again. */
  readonly retried?: () => void
}

/** All ports through which a process acts. */
export interface World extends GuestWorld {
  readonly bus: BusPort
  readonly lease: LeasePort
  readonly store: StorePort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  /** Whether this process has an account of Compute. Without one, Compute is never asked. */
  readonly hasAccount: boolean
  readonly identity: IdentityPort | undefined
  /** Logs people in who use the console; undefined together with `identity`. */
  readonly login: LoginPort | undefined
  readonly power: PolledPowerPort
  readonly fenceAgent: FenceAgentPort
  readonly shell: ShellPort
  readonly anchors: AnchorPort
  readonly declaredDomains: DomainsByHost
  /**
   * Checks whether this process can read the stored credentials; undefined when none of its roles
   * reads them.
   */
  readonly checkCredentials: (() => Promise<void>) | undefined
  /** The requests to BMCs and hosts since the start; nothing in a simulated cloud. */
  readonly politeness: () => Pick<RoleHealth, 'bmcPoliteness' | 'sshPoliteness'>
}

/** The simulated cloud, which replaces all real parts except the store and the bus. */
export interface EmbeddedCloud {
  readonly cloud: SimulatedCloud
  readonly segments: readonly SegmentSeed[]
}

/** A cloud that is small enough to overlook: 3 segments, 24 hosts, 150 instances. */
export function embeddedCloud({ clock, random }: Ambient): EmbeddedCloud {
  const seeded = new SeededRandom(random.uuid())
  const size = { segments: 3, hostsPerSegment: 8, instances: 150, agentlessEvery: 25 }
  return buildCloud({ clock, random: seeded, ...size })
}

/** The embedded default: the memory bus, SQLite, and the simulated cloud. */
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
    hasAccount: true,
    identity: undefined,
    login: undefined,
    guests: new Map(hosts.map((host) => [host, cloud.guest(host)])),
    spool: new MemoryFaultSpool(),
    runRecords: new Map(hosts.map((host) => [host, new MemoryRunRecord(() => 'one')])),
    hostHealth: new Map(),
    declaredDomains: loadFailureDomains(config),
    checkCredentials: undefined,
    politeness: () => ({}),
  }
}

/** What a process acts in whose roles use no store. */
export type StorelessWorld = GuestWorld & Pick<World, 'bus'>

/** Opens it. CONFIG_INVALID when a file that it needs cannot be used. */
export function openStorelessWorld(config: Config, ambient: Ambient): StorelessWorld {
  refuseUntrusted(trustedPaths(config))
  const { bus } = openBus(config, ambient)
  return { bus, ...openGuests(config, ambient) }
}

/** The real ports. CONFIG_INVALID when a file that they need cannot be used. */
export async function openRealWorld(config: Config, ambient: Ambient): Promise<World> {
  const { clock, closing } = ambient
  refuseUntrusted(trustedPaths(config))
  const account = await openAccount(config, ambient)
  const power = openPower(config, ambient)
  const people = await openIdentity(config, ambient, account)
  const shell = await openShell(config, ambient)
  return {
    ...openBus(config, ambient),
    ...openSealedStore(config, ambient),
    compute: account?.compute ?? absentPort(withoutAccount),
    placement: account?.placement ?? absentPort(withoutAccount),
    hasAccount: account !== undefined,
    identity: people?.identity,
    login: people?.login,
    power,
    declaredDomains: loadFailureDomains(config),
    fenceAgent: closing.use(
      openFenceAgents({
        clock,
        directories: {
          agent: config.fence.agentsDirectory,
          command: config.fence.commandsDirectory,
        },
      }),
    ),
    shell: shell ?? absentPort(withoutShell),
    anchors: tcpAnchors(clock, config.hostMonitor.anchors),
    politeness: () => ({
      bmcPoliteness: power.politeness(),
      ...(shell === undefined ? {} : { sshPoliteness: shell.politeness() }),
    }),
    ...openGuests(config, ambient),
  }
}

/** The BMCs. CONFIG_INVALID when the authority of their certificates cannot be read. */
export const openPower = (config: Config, { clock, closing }: Ambient) =>
  closing.use(
    openBmcPower({
      clock,
      minimumSpacingMs: config.ipmi.minimumSpacingMs,
      commandTimeoutMs: 2 * config.ipmi.timeoutMs,
      sessionsMax: config.ipmi.sessionsMax,
      ca: redfishAuthority(config),
    }),
  )

/** The bus that the configuration names. */
export function openBus(
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
      node: node.name,
      keepsStreams: node.roles.includes('engine'),
      leaseTtlMs: lease.ttlMs,
      credentials: natsCredentials(bus),
      clock,
      random,
      log,
    }),
  )
}

/** The store without the vault: it returns the credentials of hosts as they are stored. */
export function openStore({ store }: Config, ambient: Ambient): StorePort {
  const { clock, random, closing, retried } = ambient
  const { location } = store
  if (location.kind === 'mysql') {
    const tls = location.tls && readTlsMaterial(location.tls, 'the database')
    const settings = { ...location, tls, connections: connectionLimits(store) }
    return closing.use(openMysqlStore(settings, { clock, random, retried }))
  }
  if (location.path !== ':memory:') mkdirSync(dirname(location.path), { recursive: true })
  return closing.use(openSqliteStore(location.path, { clock, random, retried }))
}

/** A node whose roles do not read the credentials of hosts has no key file. */
function openSealedStore(
  config: Config,
  ambient: Ambient,
): Pick<World, 'store' | 'checkCredentials'> {
  const store = openStore(config, ambient)
  if (useOf('keys of the stored credentials', config.node.roles) === undefined) {
    return { store, checkCredentials: undefined }
  }
  const vault = openVault(store, keyFileOf(config), ambient.log)
  return { store: vault.store, checkCredentials: () => vault.check() }
}

/** Undefined when no role of this process asks hosts over SSH: then it makes no key pair. */
export async function openShell(
  { node, ssh }: Config,
  { clock, closing }: Ambient,
): Promise<Awaited<ReturnType<typeof openSshShell>> | undefined> {
  if (useOf('key pair for SSH', node.roles) === undefined) return undefined
  return closing.use(await openSshShell({ clock, stateDirectory: ssh.stateDirectory }))
}

const withoutAccount = (): Error =>
  new CodedError('COMPUTE_UNAVAILABLE', 'this process has no account of Compute')
const withoutShell = (): Error => new RangeError('no role of this process asks hosts over SSH')

/** The authority that signs the certificates of the BMCs; undefined: the authorities that the system trusts. */
function redfishAuthority({ ipmi }: Config): string | undefined {
  const { redfishCaFile: caFile } = ipmi
  if (caFile === undefined) return undefined
  const files = { caFile, certFile: undefined, keyFile: undefined }
  return readTlsMaterial({ ...files, check: 'identity' }, 'the BMCs').ca
}

/** Longest time for one request to Nova, including repetitions of reads. */
const REQUEST_TIMEOUT_MS = 10_000

/** Undefined when the roles of this process can do without it, and it is not configured. */
export async function openAccount(
  config: Config,
  ambient: Ambient,
): Promise<Openstack | undefined> {
  const { compute } = config
  const account = computeAccount(config)
  if (account === undefined) return undefined
  const endpoint = {
    region: compute.region,
    interface: compute.endpoint.interface,
    insecure: compute.insecure,
  }
  return openFor(account, { ...endpoint, ...cacert(compute.caFile) }, ambient)
}

/**
 * The ports that check tokens and log people in. They share the session of the Compute account when both accounts are
 * the same.
 */
export async function openIdentity(
  config: Config,
  ambient: Ambient,
  opened: Openstack | undefined,
): Promise<Pick<Openstack, 'identity' | 'login'> | undefined> {
  const { api, identity, node } = config
  if (api.authStrategy === 'noauth2') return undefined
  if (useOf('account that checks tokens', node.roles) === undefined) return undefined
  const account = identityAccount(config)
  if (account === undefined) return opened
  if (opened !== undefined && isOneLogin(config)) return opened
  const endpoint = {
    region: undefined,
    interface: 'public',
    insecure: identity.insecure,
  } as const
  return await openFor(account, { ...endpoint, ...cacert(identity.caFile) }, ambient)
}

const cacert = (file: string | undefined): { readonly cacertFile?: string } =>
  file === undefined ? {} : { cacertFile: file }

type Endpoint = Pick<OpenstackOptions, 'region' | 'interface' | 'insecure' | 'cacertFile'>

async function openFor(
  account: Account,
  endpoint: Endpoint,
  { clock, random, log, closing }: Ambient,
): Promise<Openstack> {
  const around = { requestTimeoutMs: REQUEST_TIMEOUT_MS, clock, random, log }
  return closing.use(await openOpenstack({ ...account, ...endpoint, ...around }))
}

/**
 * One running process: its ports are open, its store is migrated, its roles run. It can also be
 * ended.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { NactTurns } from '../actors/kernel/nact-turns.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { Config } from '../schema/config.ts'
import { CodedError, describeError, isRefusal } from '../schema/errors.ts'
import { hostName, nodeName } from '../schema/ids.ts'
import type { LinkHealth } from '../schema/messages/leadership.ts'
import type { ReplaceablePolicy } from '../gateway/policy/policy.ts'
import type { ReadinessCheck } from '../gateway/plugins/health.ts'
import { bridgeLinks, openBridge } from './roles/bridge.ts'
import { startGateway } from './roles/gateway.ts'
import { busReadiness, type BusReadinessWorld } from './roles/bus-readiness.ts'
import { startHealthBoard } from './roles/health.ts'
import { startReporting } from './roles/reporting.ts'
import { createNode, type ActingRole, type Node } from './roles/node.ts'
import { rulesOf } from './roles/rules.ts'
import type { Ambient, World } from './ports.ts'
import { endInOrder, type Ending } from './shutdown.ts'

export interface RunningProcess {
  readonly node: Node
  /** The address of the REST API; undefined without the role `gateway`. */
  readonly address: string | undefined
  /** The access rules of the REST API, which SIGHUP may replace; undefined without the role `gateway`. */
  readonly policy: ReplaceablePolicy | undefined
  readonly endings: readonly Ending[]
}

type Logger = LogPort & FastifyBaseLogger

/**
 * Starts every role of the configuration. The API answers even before the store is available;
 * actors start after the migration of the store.
 */
export async function startProcess(
  config: Config,
  given: World,
  ambient: Ambient & { readonly log: Logger },
  onGiveUp: (path: string, error: unknown) => void,
): Promise<RunningProcess> {
  const { clock, random, log, closing } = ambient
  const roles = config.node.roles
  const stopping = new AbortController()
  const reporting = startReporting(config, given.store, ambient)
  const world = { ...given, store: reporting.store }
  const node = createNode(
    {
      node: nodeName(config.node.name),
      cloud: config.bus.cloud,
      rules: rulesOf(config),
      clock,
      random,
      log,
      turns: new NactTurns(),
      ...world,
    },
    roles.filter(isActing),
    { onGiveUp },
  )
  void startWhenReady(node, world, { log, signal: stopping.signal, onGiveUp })
  const bridge = openBridge(config, { ...ambient, announcer: node.announcer })
  const linkOf = bridgeLinks(config, bridge, clock)
  const links = (): readonly LinkHealth[] => [...linkOf(), ...reporting.links()]
  const { politeness } = world
  const own = { node: config.node.name, cloud: config.bus.cloud, roles }
  const identity = { ...own, bridge, politeness, links }
  const board = startHealthBoard(node, identity, { bus: world.bus, clock })
  const seen = { ...world, clock, board }
  const readiness = [...readinessOf(seen, config, bridge), ...reporting.readiness]
  let gateway: Awaited<ReturnType<typeof startGateway>> | undefined
  const endings: Ending[] = [
    { name: 'leadership', end: () => handOver(node) },
    { name: 'gateway', end: async () => gateway?.app.close() },
    { name: 'bridge', end: async () => bridge?.[Symbol.asyncDispose]() },
    {
      name: 'actors',
      end: async () => {
        stopping.abort()
        await node.system.stop()
      },
    },
    { name: 'event notifications', end: async () => await reporting[Symbol.asyncDispose]() },
    { name: 'health board', end: async () => await board[Symbol.asyncDispose]() },
    {
      name: 'world',
      end: async () => {
        await closing.disposeAsync()
      },
    },
  ]
  try {
    if (roles.includes('gateway')) {
      const parts = { ...world, ...ambient, board, readiness, announcer: node.announcer }
      gateway = await startGateway(parts, config)
    }
  } catch (error) {
    await endInOrder(endings, log)
    throw error
  }
  return { node, address: gateway?.address, policy: gateway?.policy, endings }
}

const connected = (name: string, is: () => boolean): ReadinessCheck => ({
  name,
  need: 'vital',
  check: async () => {
    if (!is()) throw new CodedError('BUS_UNAVAILABLE', 'not connected')
  },
})

const isActing = (role: string): role is ActingRole =>
  role === 'engine' || role === 'host-monitor' || role === 'instance-monitor'

async function startWhenReady(node: Node, world: World, starting: Starting): Promise<void> {
  const migrated = await migrate(world, starting)
  if (migrated && !starting.signal.aborted) node.start()
}

interface Starting {
  readonly log: LogPort
  readonly signal: AbortSignal
  readonly onGiveUp: (path: string, error: unknown) => void
}

/**
 * The database may not be available at the start: migrates again and again until it succeeds. A
 * database that is not ours, or whose keys are missing, ends the process.
 */
async function migrate({ store }: World, { log, signal, onGiveUp }: Starting): Promise<boolean> {
  for (let pauseMs = 250; !signal.aborted; pauseMs = Math.min(10_000, pauseMs * 2)) {
    try {
      await store.migrate()
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (isRefusal(error)) {
        onGiveUp('store', error)
        return false
      }
      log.warn({ error: describeError(error), againMs: pauseMs }, 'the store is not ready yet')
    }
    await sleep(pauseMs, undefined, { ref: false })
  }
  return false
}

/**
 * Gives the lease back and waits up to 1 s until the node neither leads nor campaigns, so that a
 * standby takes over at once.
 */
async function handOver(node: Node): Promise<void> {
  node.resign()
  for (let tries = 0; tries < 20 && node.campaigning(); tries += 1) await sleep(50)
}

/**
 * The readiness check asks Compute for this name to see whether Compute answers. No host has it.
 */
const NOBODY = hostName('instance-ha-readiness-check')

const computeCheck = (compute: World['compute']): ReadinessCheck => ({
  name: 'compute',
  need: 'vital',
  check: async () => void (await compute.findService(NOBODY)),
})

function readinessOf(
  world: World & BusReadinessWorld,
  config: Config,
  bridge: { connected(): boolean } | undefined,
): readonly ReadinessCheck[] {
  const { store, bus, compute, hasAccount, checkCredentials } = world
  return [
    { name: 'store', need: 'vital', check: () => store.ping() },
    ...(checkCredentials === undefined
      ? []
      : [{ name: 'credentials', need: 'vital' as const, check: checkCredentials }]),
    connected('bus', () => bus.connected()),
    ...(hasAccount ? [computeCheck(compute)] : []),
    ...busReadiness(world, config),
    ...(bridge === undefined ? [] : [connected('bridge', () => bridge.connected())]),
  ]
}

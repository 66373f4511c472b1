/**
 * One running process: its ports are open, its store is migrated, its roles run. It can also be
 * ended.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { NactTurns } from '../actors/kernel/nact-turns.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { Config } from '../schema/config.ts'
import { describeError, isRefusal } from '../schema/errors.ts'
import { nodeName } from '../schema/ids.ts'
import type { LinkHealth } from '../schema/messages/leadership.ts'
import type { ReplaceablePolicy } from '../gateway/policy/policy.ts'
import { bridgeLinks, openBridge } from './roles/bridge.ts'
import { startGateway } from './roles/gateway.ts'
import { startHealthBoard } from './roles/health.ts'
import { readinessOf } from './roles/readiness.ts'
import { startReporting } from './roles/reporting.ts'
import { serviceState } from './roles/service-state.ts'
import { openTelemetry, serveHealth } from './roles/telemetry.ts'
import { createNode, type ActingRole, type Node, type NodeHooks } from './roles/node.ts'
import { rulesOf } from './roles/rules.ts'
import type { Ambient, World } from './ports.ts'
import { measuredWorld } from './metrics/measured-ports.ts'
import type { Metrics } from './metrics/metrics.ts'
import { disposal, endInOrder, type Ending } from './shutdown.ts'
import type { ServiceState } from './watchdog/systemd.ts'

export interface RunningProcess {
  readonly node: Node
  /** The address of the REST API; undefined without the role `gateway`. */
  readonly address: string | undefined
  /** The access rules of the REST API, which SIGHUP may replace; undefined without the role `gateway`. */
  readonly policy: ReplaceablePolicy | undefined
  /** The address of health and metrics; undefined while they are not served. */
  readonly healthAddress: () => string | undefined
  readonly state: () => ServiceState
  readonly endings: readonly Ending[]
}

/** What a process is given beside its ports. */
export type ProcessAmbient = Ambient & { readonly log: Logger; readonly metrics: Metrics }

type Logger = LogPort & FastifyBaseLogger

/**
 * Starts every role of the configuration. The API answers even before the store is available;
 * actors start after the migration of the store.
 */
export async function startProcess(
  config: Config,
  given: World,
  ambient: ProcessAmbient,
  onGiveUp: (path: string, error: unknown) => void,
): Promise<RunningProcess> {
  const { clock, random, log, closing } = ambient
  const roles = config.node.roles
  const stopping = new AbortController()
  const telemetry = openTelemetry(config, ambient)
  const measured = measuredWorld(given, telemetry.measuring)
  const reporting = startReporting(config, measured.store, ambient)
  const world = { ...measured, store: reporting.store }
  const node = nodeOf(config, { ...world, clock, random, log }, { onGiveUp, ...telemetry })
  const starting = { log, signal: stopping.signal, onGiveUp, hasStarted: false }
  void startWhenReady(node, world, starting)
  const bridge = openBridge(config, { ...ambient, announcer: node.announcer })
  const linkOf = bridgeLinks(config, bridge, clock)
  const links = (): readonly LinkHealth[] => [...linkOf(), ...reporting.links()]
  const { politeness } = world
  const own = { node: config.node.name, cloud: config.bus.cloud, roles }
  const identity = { ...own, bridge, politeness, links }
  const board = startHealthBoard(node, identity, { bus: world.bus, clock })
  const seen = { ...world, clock, board }
  const readiness = [...readinessOf(seen, config, { node, bridge }), ...reporting.readiness]
  const health = serveHealth(config, { ...ambient, node, bus: world.bus, board, readiness })
  let gateway: Awaited<ReturnType<typeof startGateway>> | undefined
  const endings: Ending[] = [
    { name: 'leadership', end: () => handOver(node) },
    { name: 'gateway', end: async () => gateway?.app.close() },
    disposal('bridge', () => bridge),
    {
      name: 'actors',
      end: async () => {
        stopping.abort()
        await node.system.stop()
      },
    },
    disposal('event notifications', () => reporting),
    disposal('health port', () => health),
    disposal('traces', () => telemetry),
    disposal('health board', () => board),
    { name: 'world', end: async () => await closing.disposeAsync() },
  ]
  try {
    if (roles.includes('gateway')) {
      const { announcer, countParked } = node
      const parts = { ...world, ...ambient, board, readiness, announcer, countParked }
      gateway = await startGateway(parts, config)
    }
  } catch (error) {
    await endInOrder(endings, log)
    throw error
  }
  return {
    node,
    address: gateway?.address,
    policy: gateway?.policy,
    healthAddress: () => health.address(),
    state: () => serviceState({ node, bus: world.bus, roles, hasStarted: starting.hasStarted }),
    endings,
  }
}

const nodeOf = (
  config: Config,
  ports: World & Pick<Ambient, 'clock' | 'random' | 'log'>,
  hooks: NodeHooks,
): Node =>
  createNode(
    {
      node: nodeName(config.node.name),
      cloud: config.bus.cloud,
      rules: rulesOf(config),
      turns: new NactTurns(),
      ...ports,
    },
    config.node.roles.filter(isActing),
    hooks,
  )

const isActing = (role: string): role is ActingRole =>
  role === 'engine' || role === 'host-monitor' || role === 'instance-monitor'

async function startWhenReady(node: Node, world: World, starting: Starting): Promise<void> {
  const migrated = await migrate(world, starting)
  if (!migrated || starting.signal.aborted) return
  node.start()
  starting.hasStarted = true
}

interface Starting {
  readonly log: LogPort
  readonly signal: AbortSignal
  readonly onGiveUp: (path: string, error: unknown) => void
  /** Set when the actors are started. */
  hasStarted: boolean
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

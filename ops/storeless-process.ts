/** A process whose roles use no store, as on a compute host: an instance-monitor, a bridge, or both. It needs the bus, and neither an account of Compute nor a key. */
import { NactTurns } from '../actors/kernel/nact-turns.ts'
import type { Config } from '../schema/config.ts'
import { useOf } from '../schema/config/role-needs.ts'
import { nodeName } from '../schema/ids.ts'
import { measuredBusWorld } from './metrics/measured-ports.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Ambient, StorelessWorld } from './ports.ts'
import type { RunningProcess } from './process.ts'
import { bridgeLinks, openBridge } from './roles/bridge.ts'
import { startHealthBoard } from './roles/health.ts'
import { createStorelessNode } from './roles/instance-monitor.ts'
import { storelessReadiness } from './roles/readiness.ts'
import { rulesOf } from './roles/rules.ts'
import { serviceState } from './roles/service-state.ts'
import { openTelemetry, serveHealth } from './roles/telemetry.ts'
import { disposal } from './shutdown.ts'

/** True when no role of this configuration uses the database. */
export const isStoreless = ({ node }: Config): boolean =>
  useOf('account of the database', node.roles) === undefined

/** Starts it. */
export function startStorelessProcess(
  config: Config,
  given: StorelessWorld,
  ambient: Ambient & { readonly metrics: Metrics },
  onGiveUp: (path: string, error: unknown) => void,
): RunningProcess {
  const { clock, random, log, closing } = ambient
  const { name, roles } = config.node
  const { cloud } = config.bus
  const rules = rulesOf(config)
  const telemetry = openTelemetry(config, ambient)
  const world = measuredBusWorld(given, telemetry.measuring)
  const own = { node: nodeName(name), cloud, rules, clock, random, log, turns: new NactTurns() }
  const node = createStorelessNode({ ...own, ...world }, { onGiveUp, ...telemetry })
  const bridge = openBridge(config, { ...ambient, announcer: node.announcer })
  const links = bridgeLinks(config, bridge, clock)
  const identity = { node: name, cloud, roles, bridge, links, politeness: () => ({}) }
  const board = startHealthBoard(node, identity, { bus: world.bus, clock })
  const readiness = storelessReadiness(world.bus, config, { node, bridge })
  const health = serveHealth(config, { ...ambient, node, bus: world.bus, board, readiness })
  node.start()
  return {
    node,
    address: undefined,
    policy: undefined,
    healthAddress: () => health.address(),
    state: () => serviceState({ node, bus: world.bus, roles, hasStarted: true }),
    endings: [
      disposal('bridge', () => bridge),
      { name: 'actors', end: () => node.system.stop() },
      disposal('health port', () => health),
      disposal('traces', () => telemetry),
      disposal('health board', () => board),
      { name: 'world', end: async () => await closing.disposeAsync() },
    ],
  }
}

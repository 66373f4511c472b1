/** A process whose roles use no store, as on a compute host: an instance-monitor, a bridge, or both. It needs the bus, and neither an account of Compute nor a key. */
import { NactTurns } from '../actors/kernel/nact-turns.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { Config } from '../schema/config.ts'
import { useOf } from '../schema/config/role-needs.ts'
import { nodeName } from '../schema/ids.ts'
import type { Ambient, StorelessWorld } from './ports.ts'
import type { RunningProcess } from './process.ts'
import { bridgeLinks, openBridge } from './roles/bridge.ts'
import { startHealthBoard } from './roles/health.ts'
import { createStorelessNode } from './roles/instance-monitor.ts'
import { rulesOf } from './roles/rules.ts'

/** True when no role of this configuration uses the database. */
export const isStoreless = ({ node }: Config): boolean =>
  useOf('account of the database', node.roles) === undefined

/** Starts it. */
export function startStorelessProcess(
  config: Config,
  world: StorelessWorld,
  ambient: Ambient & { readonly log: LogPort },
  onGiveUp: (path: string, error: unknown) => void,
): RunningProcess {
  const { clock, random, log, closing } = ambient
  const { name, roles } = config.node
  const { cloud } = config.bus
  const rules = rulesOf(config)
  const own = { node: nodeName(name), cloud, rules, clock, random, log, turns: new NactTurns() }
  const node = createStorelessNode({ ...own, ...world }, { onGiveUp })
  const bridge = openBridge(config, { ...ambient, announcer: node.announcer })
  const links = bridgeLinks(config, bridge, clock)
  const identity = { node: name, cloud, roles, bridge, links, politeness: () => ({}) }
  const board = startHealthBoard(node, identity, { bus: world.bus, clock })
  node.start()
  return {
    node,
    address: undefined,
    policy: undefined,
    endings: [
      { name: 'bridge', end: async () => bridge?.[Symbol.asyncDispose]() },
      { name: 'actors', end: () => node.system.stop() },
      { name: 'health board', end: async () => await board[Symbol.asyncDispose]() },
      { name: 'world', end: async () => await closing.disposeAsync() },
    ],
  }
}

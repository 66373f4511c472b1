/** The process of a compute host: only the instance-monitor, which needs the bus and libvirt, but no store, account or key. */
import { NactTurns } from '../actors/kernel/nact-turns.ts'
import type { LogPort } from '../actors/ports/log.ts'
import type { Config } from '../schema/config.ts'
import { nodeName } from '../schema/ids.ts'
import type { Ambient, MonitorWorld } from './ports.ts'
import type { RunningProcess } from './process.ts'
import { startHealthBoard } from './roles/health.ts'
import { createLoneMonitor } from './roles/instance-monitor.ts'
import { rulesOf } from './roles/rules.ts'

/** True when a process of this configuration has no other role. */
export const isLoneMonitor = ({ node }: Config): boolean =>
  node.roles.every((role) => role === 'instance-monitor')

/** Starts it. */
export function startMonitorProcess(
  config: Config,
  world: MonitorWorld,
  ambient: Ambient & { readonly log: LogPort },
  onGiveUp: (path: string, error: unknown) => void,
): RunningProcess {
  const { clock, random, log, closing } = ambient
  const { name, roles } = config.node
  const { cloud } = config.bus
  const rules = rulesOf(config)
  const own = { node: nodeName(name), cloud, rules, clock, random, log, turns: new NactTurns() }
  const node = createLoneMonitor({ ...own, ...world }, { onGiveUp })
  const identity = {
    node: name,
    cloud,
    roles,
    bridge: undefined,
    links: () => [],
    politeness: () => ({}),
  }
  const board = startHealthBoard(node, identity, { bus: world.bus, clock })
  node.start()
  return {
    node,
    address: undefined,
    endings: [
      { name: 'actors', end: () => node.system.stop() },
      { name: 'health board', end: async () => await board[Symbol.asyncDispose]() },
      { name: 'world', end: async () => await closing.disposeAsync() },
    ],
  }
}

/**
 * All options of the configuration. Every option is declared once, with its names in the file, its
 * default and its limits, and the type follows from the declarations. Only `ops/load-config.ts`
 * reads the file; modules receive the values that they need, never the whole configuration.
 */
import { API, IDENTITY } from './config/api.ts'
import { BRIDGE, COMPUTE } from './config/compute.ts'
import { CONSOLE } from './config/console.ts'
import { EVENTS, QUEUES } from './config/events.ts'
import { FENCE, HOST_RECOVERY, NOTIFICATIONS, RETURN } from './config/engine.ts'
import { INSTANCE_RECOVERY, PROCESS_RECOVERY } from './config/instances.ts'
import { BUS, HOUSEKEEPING, LEASE, NODE, STORE } from './config/node.ts'
import type { Option, ValueOf } from './config/option.ts'
import { RABBIT } from './config/rabbit.ts'
import { SERVING, WEBHOOK } from './config/serving.ts'
import { DOMAINS, STORM_GUARD } from './config/storm-guard.ts'
import { HEALTH, TRACING } from './config/telemetry.ts'
import { GUEST, HOST_MONITOR, IPMI, SSH } from './config/watch.ts'

/** All options, grouped by part of the configuration. */
export const OPTIONS = {
  node: NODE,
  api: API,
  serving: SERVING,
  console: CONSOLE,
  webhook: WEBHOOK,
  identity: IDENTITY,
  compute: COMPUTE,
  store: STORE,
  housekeeping: HOUSEKEEPING,
  bus: BUS,
  lease: LEASE,
  notifications: NOTIFICATIONS,
  hostRecovery: HOST_RECOVERY,
  stormGuard: STORM_GUARD,
  domains: DOMAINS,
  fence: FENCE,
  return: RETURN,
  instanceRecovery: INSTANCE_RECOVERY,
  processRecovery: PROCESS_RECOVERY,
  hostMonitor: HOST_MONITOR,
  ipmi: IPMI,
  ssh: SSH,
  guest: GUEST,
  bridge: BRIDGE,
  events: EVENTS,
  queues: QUEUES,
  rabbit: RABBIT,
  health: HEALTH,
  tracing: TRACING,
} as const

type Declared = typeof OPTIONS

/**
 * Every value after it was read and checked. Durations are milliseconds, and their names end in
 * `Ms`.
 */
export type Config = {
  readonly [Part in keyof Declared]: {
    readonly [Name in keyof Declared[Part]]: ValueOf<Extract<Declared[Part][Name], Option>>
  }
}

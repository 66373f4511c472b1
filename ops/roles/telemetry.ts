/** What a process tells of itself: the metrics and traces of its decisions, and the port that serves health and metrics. */
import type { BusPort } from '../../actors/ports/bus.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { ReadinessCheck } from '../../gateway/plugins/health.ts'
import type { Config } from '../../schema/config.ts'
import { Detections } from '../metrics/detections.ts'
import { HostMetrics } from '../metrics/host-metrics.ts'
import type { Measuring } from '../metrics/measured-ports.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { RecoveryMetrics } from '../metrics/recovery-metrics.ts'
import { countReconnects, sampleProcess } from '../metrics/sampled.ts'
import { openTracing } from '../tracing/tracing.ts'
import type { HealthBoard } from './health.ts'
import { openHealthPort, type HealthPort } from './health-port.ts'
import type { Node } from './node.ts'
import type { Witness } from './witness.ts'

interface TelemetryWorld {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: Metrics
}

export interface Telemetry extends AsyncDisposable {
  /** For the ports of the process. */
  readonly measuring: Measuring
  /** For its actors. */
  readonly witnesses: readonly Witness[]
}

/** Opens what hears the decisions of a process. CONFIG_INVALID for a certificate that cannot be used. */
export function openTelemetry(config: Config, world: TelemetryWorld): Telemetry {
  const { clock, metrics } = world
  const detections = new Detections(clock, metrics)
  const detectionOf = (host: string) => detections.take(host)
  const tracing = openTracing(config, { ...world, detectionOf })
  return {
    measuring: { clock, metrics, detections },
    witnesses: [
      new RecoveryMetrics(clock, metrics),
      new HostMetrics(clock, metrics),
      ...(tracing === undefined ? [] : [tracing.witness]),
    ],
    [Symbol.asyncDispose]: async () => await tracing?.[Symbol.asyncDispose](),
  }
}

interface Served extends TelemetryWorld {
  readonly node: Node
  readonly bus: BusPort
  readonly board: HealthBoard
  readonly readiness: readonly ReadinessCheck[]
}

/** Begins to serve health and metrics. */
export function serveHealth(config: Config, served: Served): HealthPort {
  const { clock, log, metrics, node, bus, board, readiness } = served
  const processes = () => board.all()
  sampleProcess(metrics, { node, bus, roles: config.node.roles, processes })
  const reconnects = countReconnects(metrics, bus, clock)
  const port = openHealthPort(config.health, {
    clock,
    log,
    readiness,
    supervisors: processes,
    metrics: () => metrics.expose(),
  })
  return {
    address: () => port.address(),
    async [Symbol.asyncDispose]() {
      reconnects[Symbol.dispose]()
      await port[Symbol.asyncDispose]()
    },
  }
}

/** Sends spans to an OpenTelemetry collector. It never waits for the collector, and keeps a bounded number of spans for it. */
import { readFileSync } from 'node:fs'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  RandomIdGenerator,
  TracerProvider,
  type IdGenerator,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import type { LogPort } from '../../actors/ports/log.ts'
import type { Config } from '../../schema/config.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { RecoverySpans, type SpanWorld } from './recovery-spans.ts'
import { traceIdOf } from '../roles/trace-ids.ts'

/** Spans that wait for the collector. Further ones are lost and counted. */
const WAITING_MAX = 4096
const BATCH_MAX = 256
const BATCH_MS = 1000
const EXPORT_MS_MAX = 5000
/** How long the end of the process waits for the last spans. */
const LAST_MS_MAX = 1000

export interface Tracing extends AsyncDisposable {
  readonly witness: RecoverySpans
}

interface TracingWorld extends Pick<SpanWorld, 'detectionOf'> {
  readonly clock: ClockPort
  readonly log: LogPort
  readonly metrics: Metrics
}

/** Undefined when no collector is configured, or when this process leads no recoveries. */
export function openTracing(
  { tracing, node }: Pick<Config, 'tracing' | 'node'>,
  world: TracingWorld,
): Tracing | undefined {
  const { endpoint, caFile } = tracing
  if (endpoint === undefined || !node.roles.includes('engine')) return undefined
  const ids = new NotificationIds()
  const queue = boundedQueue(
    new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      timeoutMillis: EXPORT_MS_MAX,
      ...(caFile === undefined ? {} : { httpAgentOptions: { ca: readFileSync(caFile, 'utf8') } }),
    }),
    world,
  )
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'instance-ha',
      'service.instance.id': node.name,
    }),
    sampler: new AlwaysOnSampler(),
    idGenerator: ids,
    spanProcessors: [queue],
  })
  const tracer = provider.getTracer('instance-ha')
  const witness = new RecoverySpans({
    ...world,
    tracer,
    startRoot: (notification, startTime, attributes) =>
      ids.during(notification, () =>
        tracer.startSpan('recovery', { root: true, startTime, attributes }),
      ),
  })
  return {
    witness,
    async [Symbol.asyncDispose]() {
      const ended = new AbortController()
      await Promise.race([provider.shutdown(), sleep(world.clock, LAST_MS_MAX, ended.signal)])
      ended.abort()
    },
  }
}

/** Gives the root span of a recovery the trace id of its notification. */
class NotificationIds implements IdGenerator {
  readonly #random = new RandomIdGenerator()
  #traceId: string | undefined

  during<Value>(notification: string, start: () => Value): Value {
    this.#traceId = traceIdOf(notification)
    try {
      return start()
    } finally {
      this.#traceId = undefined
    }
  }

  generateTraceId(): string {
    return this.#traceId ?? this.#random.generateTraceId()
  }

  generateSpanId(): string {
    return this.#random.generateSpanId()
  }
}

/** Batches spans; counts what is sent and what is lost. An outage of the collector is one line of the log. */
function boundedQueue(exporter: SpanExporter, { log, metrics }: TracingWorld): SpanProcessor {
  let waiting = 0
  let isAway = false
  const count = (spans: number, result: 'sent' | 'lost'): void => {
    for (let left = spans; left > 0; left -= 1) metrics.count('instance_ha_spans_total', { result })
  }
  const counted: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        waiting -= spans.length
        const failed = result.error !== undefined
        count(spans.length, failed ? 'lost' : 'sent')
        if (failed && !isAway) {
          const error = result.error?.message.slice(0, 200)
          log.warn({ error }, 'the collector of traces does not take spans, so they are lost')
        }
        isAway = failed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
  const batches = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: WAITING_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: BATCH_MS,
    exportTimeoutMillis: EXPORT_MS_MAX + BATCH_MS,
  })
  return {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span) {
      if (waiting >= WAITING_MAX) {
        count(1, 'lost')
        return
      }
      waiting += 1
      batches.onEnd(span)
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  }
}

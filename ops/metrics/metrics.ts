/** The metrics of one process: a registry of its own, with every metric of the catalogue. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import {
  METRICS,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelsOf,
  type MetricDeclaration,
  type MetricName,
} from './catalogue.ts'

/** The labels of one series; a metric without labels takes none. */
type Labelled<Name extends MetricName> = [keyof LabelsOf<Name>] extends [never]
  ? readonly []
  : readonly [labels: LabelsOf<Name>]

/** One series of a gauge. */
export type Sample<Name extends GaugeName> = readonly [value: number, ...Labelled<Name>]

export class Metrics {
  readonly #registry = new Registry()
  readonly #counters = new Map<string, Counter>()
  readonly #gauges = new Map<string, Gauge>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #totals = new Map<string, number>()
  readonly #samplers: (() => void)[] = []

  constructor() {
    for (const [name, declaration] of Object.entries<MetricDeclaration>(METRICS)) {
      this.#declare(name, declaration)
    }
    collectDefaultMetrics({ register: this.#registry })
  }

  #declare(name: string, { type, labels, help, buckets }: MetricDeclaration): void {
    const options = { name, help, labelNames: [...labels], registers: [this.#registry] }
    switch (type) {
      case 'counter':
        this.#counters.set(name, new Counter(options))
        return
      case 'gauge':
        this.#gauges.set(name, new Gauge(options))
        return
      case 'histogram':
        this.#histograms.set(name, new Histogram({ ...options, buckets: [...(buckets ?? [])] }))
    }
  }

  count<Name extends CounterName>(name: Name, ...labelled: Labelled<Name>): void {
    this.#counters.get(name)?.inc(labelsOf(labelled))
  }

  /** Raises a counter to a total that is counted elsewhere. */
  total<Name extends CounterName>(name: Name, total: number, ...labelled: Labelled<Name>): void {
    const labels = labelsOf(labelled)
    const key = [name, ...Object.values(labels)].join(' ')
    const before = this.#totals.get(key) ?? 0
    if (total > before) this.#totals.set(key, total)
    this.#counters.get(name)?.inc(labels, Math.max(0, total - before))
  }

  /** All series of a gauge. A series that is not among them ends. */
  set<Name extends GaugeName>(name: Name, ...samples: readonly Sample<Name>[]): void {
    const gauge = this.#gauges.get(name)
    gauge?.reset()
    for (const [value, ...labelled] of samples) gauge?.set(labelsOf(labelled), value)
  }

  observe<Name extends HistogramName>(name: Name, ms: number, ...labelled: Labelled<Name>): void {
    this.#histograms.get(name)?.observe(labelsOf(labelled), Math.max(0, ms) / 1000)
  }

  /** Shows a series before its first event, so that Prometheus sees the first one as an increase. */
  zero<Name extends HistogramName>(name: Name, ...labelled: Labelled<Name>): void {
    this.#histograms.get(name)?.zero(labelsOf(labelled))
  }

  /** Called before each answer: what is read when it is asked for. */
  sample(sampler: () => void): void {
    this.#samplers.push(sampler)
  }

  /** All metrics, as Prometheus reads them. */
  async expose(): Promise<{ readonly type: string; readonly text: string }> {
    for (const sampler of this.#samplers) sampler()
    return { type: this.#registry.contentType, text: await this.#registry.metrics() }
  }
}

const labelsOf = ([labels]: readonly Readonly<Record<string, string>>[]): Readonly<
  Record<string, string>
> => labels ?? {}

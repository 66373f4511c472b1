/** The result of a run as one object, for people and programs. */
import { quantile } from '../bench/figure.ts'
import type { Failover, FailoverWatch } from './failovers.ts'
import type { Forger } from './forger.ts'
import type { Evidence, Finding } from './judge.ts'
import type { Nuisances } from './nuisances.ts'
import type { ChaosPlan } from './plan.ts'

const FINDINGS_MAX = 100

export interface Told {
  readonly plan: ChaosPlan
  readonly logs: string
  readonly evidence: Evidence
  readonly findings: readonly Finding[]
  readonly failovers: FailoverWatch
  readonly nuisances: Nuisances
  readonly forger: Forger
  /** How long the product took to end what it had begun, ms. */
  readonly settledMs: number
  /** The longest time in which the harness itself stood still, ms. */
  readonly loopDelayMsMax: number
  readonly serviceDeaths: number
}

/** Counts, figures and findings. */
export function summaryOf(told: Told): object {
  const { plan, evidence, findings, failovers, nuisances, forger } = told
  return {
    passed: findings.length === 0,
    seed: plan.seed,
    seconds: plan.durationMs / 1000,
    hosts: plan.hosts,
    instances: plan.instances,
    broken: plan.breakage ?? null,
    findings: findings.slice(0, FINDINGS_MAX),
    findingsInAll: findings.length,
    faults: {
      hosts: evidence.hostDeaths.length,
      guests: evidence.guestDeaths.length,
      services: told.serviceDeaths,
      acceptedReports: evidence.acceptances.length,
      forgedMessages: forger.sent,
      forgedFaultsStored: forger.stored,
    },
    ends: countBy(evidence.notifications.map(({ type, status }) => `${type} ${status}`)),
    evacuations: evidence.arrivals.length,
    powerOffs: countBy(evidence.powerOffs.map(({ machine }) => machine)),
    nuisances: Object.fromEntries(nuisances.counts),
    leaders: failovers.changes,
    failover: {
      SIGKILL: figuresOf(failovers.measured, 'SIGKILL'),
      SIGTERM: figuresOf(failovers.measured, 'SIGTERM'),
      missed: failovers.missed,
    },
    settledMs: Math.round(told.settledMs),
    loopDelayMsMax: told.loopDelayMsMax,
    logs: told.logs,
  }
}

const countBy = (words: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]),
  )

const figureOf = (values: readonly number[]): object => ({
  p50: Math.round(quantile(values, 0.5)),
  p99: Math.round(quantile(values, 0.99)),
})

/** Times in ms. `all` has each failover: when the harness stood still meanwhile, this machine was too busy to measure. */
function figuresOf(measured: readonly Failover[], how: Failover['how']): object {
  const found = measured.filter((each) => each.how === how)
  if (found.length === 0) return { count: 0 }
  const released = found.flatMap(({ toReleasedMs }) => toReleasedMs ?? [])
  return {
    count: found.length,
    ...(released.length === 0 ? {} : { releasedMs: figureOf(released) }),
    proclaimedMs: figureOf(found.map(({ toProclaimedMs }) => toProclaimedMs)),
    firstActMs: figureOf(found.map(({ toFirstActMs }) => toFirstActMs)),
    all: found.map((each) => [
      each.toReleasedMs === undefined ? null : Math.round(each.toReleasedMs),
      Math.round(each.toProclaimedMs),
      Math.round(each.toFirstActMs),
      { loopDelayMsMax: Math.round(each.loopDelayMsMax) },
    ]),
  }
}

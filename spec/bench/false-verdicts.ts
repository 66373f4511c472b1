/**
 * How often a host that lives all the time would be fenced, in 10,000 host-years with lost probes, bursts of loss, stalls, clock steps, and
 * observers that lie and die; and whether dead hosts are found meanwhile. The method is explained in `ops/docs/false-verdicts.md`.
 */
import { rulesOf } from '../../ops/roles/rules.ts'
import { die, isolate } from '../../ops/simulator/host-years/deaths.ts'
import { FAULT_CLASSES } from '../../ops/simulator/host-years/faults.ts'
import {
  HostYears,
  USUAL_SKIP,
  type HostYearsSettings,
} from '../../ops/simulator/host-years/host-years.ts'
import { upperBound, type HostYearsTally } from '../../ops/simulator/host-years/tally.ts'
import { configOf } from './config.ts'
import { quantile, type Figure } from './figure.ts'

const HOST_YEARS = 10_000
/** Heartbeats are simulated one by one, so that an episode costs three times as much. */
const HEARTBEAT_YEARS = 1000
/** With fewer defences verdicts are frequent. */
const CONTRAST_YEARS = 100
/** So many false verdicts a host-year there must be at least without our defences, or the simulator would be blind. */
const SEEN_A_YEAR = 1
const DEATHS = 300
/** All deaths are found by then, lost probes and BMCs that must not be asked yet included, s. */
const FOUND_S = 30
const ISOLATIONS = 200
const ISOLATION_SECONDS = [8, 10, 12, 14, 16, 20]

const config = configOf('', 'embedded')

/** Hosts with SSH, a BMC and Nova alone: a heartbeat could only speak for life. */
export const USUAL: HostYearsSettings = {
  seed: 1,
  hosts: 12,
  hostsOfLosses: 2,
  monitors: 3,
  loss: 0.01,
  heartbeats: false,
  faultRate: 1,
  ownLook: 'on',
  skip: USUAL_SKIP,
  rules: rulesOf(config),
  ipmiTimeoutMs: config.ipmi.timeoutMs,
}

export async function measureFalseVerdicts(): Promise<readonly Figure[]> {
  const without = await new HostYears(USUAL).run(HOST_YEARS)
  const withHeartbeats = await new HostYears({ ...USUAL, heartbeats: true }).run(HEARTBEAT_YEARS)
  return [
    ...figuresOf(without, 'SSH and BMC alone'),
    ...classFigures(without),
    ...figuresOf(withHeartbeats, 'with heartbeats'),
    ...(await contrasts(without)),
    ...(await deathFigures()),
    ...(await isolationFigures()),
  ]
}

const count = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' })

function figuresOf(tally: HostYearsTally, how: string): readonly Figure[] {
  const { hostYears, probes, misses, probesSimulated, episodes } = tally
  const verdicts = tally.total('verdicts')
  return [
    {
      what: `false verdicts, ${how}`,
      value: verdicts,
      unit: '',
      target: { kind: 'at-most', value: 0 },
      remark: `${Math.round(hostYears)} host-years: ${count.format(probes)} probes, ${count.format(misses)} lost, ${count.format(tally.total('suspicions'))} suspicions, ${count.format(tally.total('incidents'))} incidents; ${count.format(probesSimulated)} probes in ${count.format(episodes)} episodes were simulated`,
    },
    {
      what: `false verdicts a host-year, 95 % upper bound, ${how}`,
      value: upperBound(verdicts, hostYears),
      unit: '/year',
    },
  ]
}

const classFigures = (tally: HostYearsTally): readonly Figure[] =>
  FAULT_CLASSES.map((name) => {
    const { faults, suspicions, deadWords, incidents, verdicts, naiveDeaths } = tally.of(name)
    return {
      what: `false verdicts, ${name}`,
      value: verdicts,
      unit: '',
      target: { kind: 'at-most', value: 0 },
      remark: `${count.format(faults)} faults, ${count.format(suspicions)} suspicions, ${count.format(deadWords)} words of death, ${count.format(incidents)} incidents; one observer alone: ${count.format(naiveDeaths)} deaths`,
    }
  })

/** The simulator sees a false verdict where there is one. */
async function contrasts(usual: HostYearsTally): Promise<readonly Figure[]> {
  const one = { ...USUAL, monitors: 1 }
  const seen: Target = { kind: 'at-least', value: SEEN_A_YEAR }
  const deceived = await new HostYears({ ...one, ownLook: 'off' }).run(CONTRAST_YEARS)
  const looking = await new HostYears(one).run(CONTRAST_YEARS)
  return [
    {
      what: 'contrast: one observer, three silent answers are a death',
      value: usual.total('naiveDeaths') / usual.hostYears,
      unit: '/year',
      target: seen,
      remark: 'false verdicts a host-year, counted in the same host-years',
    },
    {
      what: 'contrast: the product with one monitor and no look of its own',
      value: deceived.total('verdicts') / deceived.hostYears,
      unit: '/year',
      target: seen,
      remark: `false verdicts a host-year, in ${CONTRAST_YEARS}`,
    },
    {
      what: 'contrast: the product with one monitor',
      value: looking.total('verdicts') / looking.hostYears,
      unit: '/year',
      remark: `false verdicts a host-year, in ${CONTRAST_YEARS}`,
    },
  ]
}

type Target = NonNullable<Figure['target']>

/** The detector is not merely blind. */
async function deathFigures(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const heartbeats of [false, true]) {
    for (const power of ['on', 'off'] as const) {
      const seconds: number[] = []
      for (let seed = 1; seed <= DEATHS; seed += 1) {
        const settings = { ...USUAL, heartbeats }
        const { fencedMs } = await die(settings, seed, { power, limitMs: FOUND_S * 1000 })
        if (fencedMs !== undefined) seconds.push(fencedMs / 1000)
      }
      const how = `${power === 'on' ? 'its kernel hangs' : 'without power'}${heartbeats ? ', with heartbeats' : ''}`
      figures.push({
        what: `dead hosts that are found, ${how}`,
        value: (100 * seconds.length) / DEATHS,
        unit: '%',
        target: { kind: 'at-least', value: 100 },
        remark: `of ${DEATHS} within ${FOUND_S} s of the death, at 1 % loss; p50 ${quantile(seconds, 0.5)} s, p99 ${quantile(seconds, 0.99)} s until the order or the certificate`,
      })
    }
  }
  return figures
}

/** From when on nobody can tell a host that is cut off from a dead one. */
async function isolationFigures(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const forS of ISOLATION_SECONDS) {
    let fenced = 0
    for (let seed = 1; seed <= ISOLATIONS; seed += 1) {
      const { fencedMs } = await isolate(USUAL, seed, forS * 1000)
      if (fencedMs !== undefined) fenced += 1
    }
    figures.push({
      what: `fenced when cut off from everybody for ${forS} s`,
      value: (100 * fenced) / ISOLATIONS,
      unit: '%',
      remark: 'SSH and Nova, of all monitors and the leader; only its BMC is reached, and reads on',
    })
  }
  return figures
}

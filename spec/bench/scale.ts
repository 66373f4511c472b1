/**
 * Whether a large cloud slows the event loop down: hosts die one after the other, and the delay of
 * the loop must not grow.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { rulesOf } from '../../ops/roles/rules.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { configOf } from './config.ts'
import { median, type Figure } from './figure.ts'

const SIZE = { segments: 5, hostsPerSegment: 20, instances: 5000 }
const WARM_UP_MS = 60_000
/** One host dies in each round. */
const ROUND_MS = 5 * 60_000
const ROUNDS = 8

/** All roles of a simulated cloud in this process, without pauses. */
export async function measureScale(): Promise<readonly Figure[]> {
  const rules = rulesOf(configOf('', 'embedded'))
  await using deployment = new Deployment({ seed: 1, size: SIZE, rules })
  await startAll(deployment)
  await deployment.pass(WARM_UP_MS)
  const delaysMs: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = deployment.segments[round % SIZE.segments]?.hosts[round]
    if (victim === undefined) throw new RangeError('there are not enough hosts')
    deployment.cloud.crashHost(victim.name)
    delaysMs.push(await delayDuring(() => deployment.pass(ROUND_MS)))
    const unfinished = await deployment.store.listUnfinished()
    if (unfinished.length > 0) throw new Error(`${victim.name} was not recovered in ${ROUND_MS} ms`)
  }
  const { violations } = deployment.checker
  if (violations.length > 0) throw new Error(`a promise was broken: ${violations.join('; ')}`)
  const [first, last] = [delaysMs.slice(0, ROUNDS / 2), delaysMs.slice(ROUNDS / 2)].map(median)
  return [
    {
      what: 'event-loop delay (p99), last four recoveries to first four',
      value: (last ?? NaN) / (first ?? NaN),
      unit: '×',
      target: { kind: 'at-most', value: 1.25 },
      remark: `100 hosts, 5000 instances; ${(first ?? NaN).toFixed(0)} ms, then ${(last ?? NaN).toFixed(0)} ms, with no pause between simulated seconds`,
    },
  ]
}

/** The 99th percentile in ms. */
async function delayDuring(work: () => Promise<void>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  await work()
  histogram.disable()
  return histogram.percentile(99) / 1e6
}

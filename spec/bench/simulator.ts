/** How fast simulated time passes in a cloud of usual size with all our processes. */
import { availableParallelism } from 'node:os'
import { rulesOf } from '../../ops/roles/rules.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { FULL_SIZE, startAll } from '../../ops/simulator/run-seed.ts'
import { runSeeds } from '../../ops/simulator/seed-pool.ts'
import { configOf } from './config.ts'
import { median, type Figure } from './figure.ts'

const CLOUD = '24 hosts, 150 instances'
/** Long enough for the compiler to optimise everything. */
const WARM_UP_MS = 10 * 60_000
const ROUND_MS = 10 * 60_000
const ROUNDS = 5
const SEEDS = 80

/** With `npm run simulate`, and with one deployment alone. */
export async function measureSimulator(): Promise<readonly Figure[]> {
  return [await measureSeeds(), await measureOneCloud()]
}

/** Each seed has its own cloud, with all kinds of faults. */
async function measureSeeds(): Promise<Figure> {
  const startedAtMs = performance.now()
  let simulatedMs = 0
  const seeds = Array.from({ length: SEEDS }, (_, index) => index + 1)
  for await (const summary of runSeeds(seeds)) {
    if (summary.broken) throw new Error(`seed ${summary.seed} breaks a promise`)
    simulatedMs += summary.simulatedMs
  }
  return {
    what: `simulated seconds a second, ${CLOUD}`,
    value: simulatedMs / (performance.now() - startedAtMs),
    unit: 's/s',
    target: { kind: 'at-least', value: 1000 },
    remark: `${SEEDS} seeds with all faults on ${availableParallelism()} cores, start included`,
  }
}

/** On one core. A host dies in each round. */
async function measureOneCloud(): Promise<Figure> {
  const rules = rulesOf(configOf('', 'embedded'))
  await using deployment = new Deployment({ seed: 1, size: FULL_SIZE, rules })
  await startAll(deployment)
  await deployment.pass(WARM_UP_MS)
  const speeds: number[] = []
  const cpuBefore = process.cpuUsage()
  for (let round = 1; round <= ROUNDS; round += 1) {
    const startedAtMs = performance.now()
    deployment.cloud.crashHost(`compute-0${round}`)
    await deployment.pass(ROUND_MS)
    speeds.push(ROUND_MS / (performance.now() - startedAtMs))
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const onOwnCpu = Math.round((ROUNDS * ROUND_MS * 1000) / (user + system))
  const { violations } = deployment.checker
  if (violations.length > 0) throw new Error(`a promise was broken: ${violations.join('; ')}`)
  return {
    what: `the same on one core`,
    value: median(speeds),
    unit: 's/s',
    remark: `median of ${ROUNDS} × ${ROUND_MS / 60_000} virtual minutes; ${onOwnCpu} s a second of CPU`,
  }
}

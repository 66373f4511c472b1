/** How fast simulated time passes, in a cloud of usual size with all our processes. */
import { rulesOf } from '../../ops/roles/rules.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { FULL_SIZE, startAll } from '../../ops/simulator/run-seed.ts'
import { configOf } from './config.ts'
import { median, type Figure } from './figure.ts'

const WARM_UP_MS = 30_000
const MEASURED_MS = 10 * 60_000
const ROUNDS = 3

/** Half an hour with one dead host in each round of ten minutes. */
export async function measureSimulator(): Promise<readonly Figure[]> {
  await using deployment = new Deployment({
    seed: 1,
    size: FULL_SIZE,
    rules: rulesOf(configOf('', 'embedded')),
  })
  await startAll(deployment)
  await deployment.pass(WARM_UP_MS)
  const speeds: number[] = []
  const cpuBefore = process.cpuUsage()
  for (let round = 1; round <= ROUNDS; round += 1) {
    const startedAtMs = performance.now()
    deployment.cloud.crashHost(`compute-0${round * 2}`)
    await deployment.pass(MEASURED_MS)
    speeds.push(MEASURED_MS / (performance.now() - startedAtMs))
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const onOwnCpu = Math.round((ROUNDS * MEASURED_MS * 1000) / (user + system))
  const { violations } = deployment.watchdog
  if (violations.length > 0) throw new Error(`a promise was broken: ${violations.join('; ')}`)
  return [
    {
      what: 'simulated seconds a second, 24 hosts, 150 instances',
      value: median(speeds),
      unit: 's/s',
      target: { kind: 'at-least', value: 1000 },
      remark: `median of ${ROUNDS} × ${MEASURED_MS / 60_000} virtual minutes, a host dies in each; ${onOwnCpu} s a second of CPU`,
    },
  ]
}

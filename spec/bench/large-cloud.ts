/** The simulator with 10,000 hosts: how fast its time passes, and how soon a death among them is acted on. */
import { rulesOf } from '../../ops/roles/rules.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { configOf } from './config.ts'
import type { Figure } from './figure.ts'

const SMALL = { segments: 10, hostsPerSegment: 100, instances: 1000, heartbeats: 'yes' } as const
const LARGE = { ...SMALL, segments: 100, instances: 10_000 } as const
/** Every host was probed, and every watcher has begun to listen. */
const SETTLE_MS = 10_000
const PEACE_MS = 10_000
const STEP_MS = 200
const LONGEST_MS = 60_000

interface Passed {
  /** Simulated seconds in a second. */
  readonly speed: number
  /** From the death of a host to the first accepted evacuation. */
  readonly evacuateMs: number
}

/** Ten times as many hosts may take ten times as long, and a death is found as soon. */
export async function measureLargeCloud(): Promise<readonly Figure[]> {
  const small = await pass(SMALL)
  const large = await pass(LARGE)
  return [
    {
      what: 'simulator: cost of a host, 10,000 hosts to 1,000',
      value: small.speed / large.speed / 10,
      unit: '×',
      target: { kind: 'at-most', value: 2 },
      remark: `${small.speed.toFixed(2)} s/s, then ${large.speed.toFixed(2)} s/s; two monitors of each host, heartbeats of all`,
    },
    {
      what: 'simulator: death of one of 10,000 hosts to first evacuate',
      value: large.evacuateMs / 1000,
      unit: 's',
      target: { kind: 'at-most', value: 9 },
      remark: `${(small.evacuateMs / 1000).toFixed(1)} s with 1,000 hosts; one death, simulated time`,
    },
  ]
}

async function pass(size: typeof SMALL | typeof LARGE): Promise<Passed> {
  await using deployment = new Deployment({
    seed: 1,
    size,
    rules: rulesOf(configOf('', 'embedded')),
  })
  const { clock, cloud, checker } = deployment
  await startAll(deployment)
  await deployment.pass(SETTLE_MS)
  const startedAtMs = performance.now()
  await deployment.pass(PEACE_MS)
  const speed = PEACE_MS / (performance.now() - startedAtMs)
  const victim = deployment.segments[3]?.hosts[1]
  if (victim === undefined) throw new RangeError('there is no such host')
  const diedAtMs = clock.monotonicMs()
  cloud.crashHost(victim.name)
  while ((cloud.counters.get('evacuation.accepted') ?? 0) === 0) {
    await deployment.pass(STEP_MS)
    if (clock.monotonicMs() - diedAtMs > LONGEST_MS) throw new Error('nothing happens')
  }
  const { violations } = checker
  if (violations.length > 0) throw new Error(`a promise was broken: ${violations.join('; ')}`)
  return { speed, evacuateMs: clock.monotonicMs() - diedAtMs }
}

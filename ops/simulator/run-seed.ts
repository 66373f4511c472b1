/** Runs one fault plan in a fresh deployment until it rests, and tells which promises were broken. */
import type { Rules } from '../roles/rules.ts'
import { perform } from './acts.ts'
import { Deployment, type DeploymentSize, type Sabotage } from './deployment.ts'
import { ENGINES, MONITORS, planFaults, type Fault, type TimedAct } from './fault-plan.ts'
import { checkAtRest, type Tally } from './final-checks.ts'

/** A cloud as a first customer has it. */
export const FULL_SIZE: DeploymentSize = { segments: 3, hostsPerSegment: 8, instances: 150 }
/** Small enough for many seeds a second, large enough for two segments and a storm. */
export const SMALL_SIZE: DeploymentSize = { segments: 2, hostsPerSegment: 5, instances: 30 }

export interface Run {
  readonly seed: number
  readonly size: DeploymentSize
  readonly rules: Rules
  readonly faults: readonly Fault[]
  readonly sabotage?: Sabotage | undefined
}

export interface RunReport {
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly simulatedMs: number
  readonly tally: Tally
}

/** The plan of a seed, run. */
export const runSeed = (run: Omit<Run, 'faults'>): Promise<RunReport> =>
  runFaults({ ...run, faults: planFaults(run.seed, run.size) })

const STEP_MS = 1000
/** A run rests when nothing was unfinished for so long. */
const QUIET_MS = 60_000
const LONGEST_MS = 90 * 60_000
const NOTHING: Tally = { recoveries: 0, moved: 0 }

/** Ends at the first broken promise, or at rest. */
export async function runFaults(run: Run): Promise<RunReport> {
  const { seed, size, rules, faults, sabotage } = run
  await using deployment = new Deployment({
    seed,
    size,
    rules,
    ...(sabotage === undefined ? {} : { sabotage }),
  })
  const rejections: string[] = []
  const onRejection = (error: unknown): void => void rejections.push(`unhandled: ${String(error)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await startAll(deployment)
    const early = await runToRest(deployment, timeline(faults), rejections)
    const rest = early.length > 0 ? undefined : await checkAtRest(deployment, hurtGuests(faults))
    return {
      violations: rest?.violations ?? early,
      trace: deployment.trace,
      simulatedMs: deployment.clock.monotonicMs(),
      tally: rest?.tally ?? NOTHING,
    }
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

/** Two engines, two observers of every host, and a monitor on every compute host. */
export async function startAll(deployment: Deployment): Promise<void> {
  await deployment.prepare()
  for (const engine of ENGINES) deployment.start(engine, ['engine'])
  for (const monitor of MONITORS) deployment.start(monitor, ['host-monitor'])
  deployment.start('guests', ['instance-monitor'])
}

const timeline = (faults: readonly Fault[]): readonly TimedAct[] =>
  faults.flatMap(({ acts }) => acts).toSorted((one, other) => one.atMs - other.atMs)

const hurtGuests = (faults: readonly Fault[]): ReadonlySet<string> =>
  new Set(timeline(faults).flatMap(({ act }) => ('instance' in act ? [act.instance] : [])))

/** What was broken on the way; the promises of the last moment are checked by others. */
async function runToRest(
  deployment: Deployment,
  acts: readonly TimedAct[],
  rejections: readonly string[],
): Promise<readonly string[]> {
  const { clock, cloud, watchdog, store } = deployment
  const waiting = [...acts]
  const lastActMs = waiting.at(-1)?.atMs ?? 0
  let busyAtMs = 0
  while (clock.monotonicMs() < LONGEST_MS) {
    const next = waiting[0]
    const leftMs = (next?.atMs ?? Infinity) - clock.monotonicMs()
    await deployment.pass(Math.min(STEP_MS, Math.max(0, leftMs)))
    watchdog.lookAround()
    const broken = [...cloud.violations, ...watchdog.violations, ...rejections]
    if (broken.length > 0) return broken
    if (next !== undefined && leftMs <= STEP_MS) {
      waiting.shift()
      await perform(deployment, next.act)
    }
    const now = clock.monotonicMs()
    if ((await store.listUnfinished()).length > 0 || now < lastActMs) busyAtMs = now
    if (now - busyAtMs >= QUIET_MS) return []
  }
  return []
}

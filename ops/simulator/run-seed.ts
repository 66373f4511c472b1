/**
 * Runs one fault plan in a new deployment until it is at rest, and reports which promises were
 * broken.
 */
import type { Rules } from '../roles/rules.ts'
import { perform } from './acts.ts'
import { Deployment, type Sabotage } from './deployment.ts'
import type { TimedAct } from './fault-generator.ts'
import { planFaults, type PlannedFault } from './fault-plan.ts'
import { ENGINES, MONITORS } from './process-names.ts'
import { checkAtRest, type Tally } from './final-checks.ts'
import { layoutOf, type Layout } from './layout.ts'
import { onlyWaits } from './room.ts'
import { rulesOfSeed } from './rules-of-seed.ts'

/** A cloud of a usual size. */
export const FULL_SIZE: Layout = { segments: 3, hostsPerSegment: 8, instances: 150 }
/** Small enough for several seeds per second, large enough for two segments and a storm. */
export const SMALL_SIZE: Layout = { segments: 2, hostsPerSegment: 6, instances: 30 }

export interface Run {
  readonly seed: number
  readonly size: Layout
  readonly rules: Rules
  readonly faults: readonly PlannedFault[]
  readonly sabotage?: Sabotage | undefined
}

export interface RunReport {
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  readonly simulatedMs: number
  readonly tally: Tally
}

/** Runs the plan of a seed in the cloud of that seed. */
export const runSeed = (run: Omit<Run, 'faults'>): Promise<RunReport> =>
  runFaults({ ...run, faults: planFaults(run.seed, run.size) })

const STEP_MS = 1000
/** A run is at rest when nothing was unfinished for this long. */
const LOOK_MS = 10_000
const QUIET_MS = 60_000
/** Within this time a report comes again that was refused as the duplicate of an ignored one. */
const PATIENCE_MS = 300_000
/**
 * An operator approves what the storm guard holds this long after the end of the plan, and again
 * after each such period.
 */
const APPROVAL_MS = 120_000
const LONGEST_MS = 90 * 60_000
const NOTHING: Tally = { recoveries: 0, moved: 0 }

/** Ends at the first broken promise, or when the run is at rest. */
export async function runFaults(run: Run): Promise<RunReport> {
  const { seed, size, rules, faults, sabotage } = run
  const layout = layoutOf(seed, size)
  await using deployment = new Deployment({
    seed,
    size: layout,
    rules: rulesOfSeed(seed, layout, rules),
    ...(sabotage === undefined ? {} : { sabotage }),
  })
  const rejections: string[] = []
  const onRejection = (error: unknown): void => void rejections.push(`unhandled: ${String(error)}`)
  process.on('unhandledRejection', onRejection)
  try {
    await startAll(deployment)
    const outcome = await runToRest(deployment, faults, rejections)
    const { trace, clock } = deployment
    return { ...outcome, trace, simulatedMs: clock.monotonicMs() }
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

const timeline = (faults: readonly PlannedFault[]): readonly TimedAct[] =>
  faults.flatMap(({ acts }) => acts).toSorted((one, other) => one.atMs - other.atMs)

const hurtGuests = (faults: readonly PlannedFault[]): ReadonlySet<string> =>
  new Set(
    timeline(faults).flatMap(({ act }) =>
      'instance' in act && !OWNERS.has(act.do) ? [act.instance] : [],
    ),
  )

/**
 * These acts do not damage guests: the checks at the end cover what owners do, and instances that
 * few hosts accept.
 */
const OWNERS: ReadonlySet<string> = new Set(['put-instance', 'owner-acts', 'filter'])

type Outcome = Pick<RunReport, 'violations' | 'tally'>

/**
 * Performs the plan, and goes on until the world is at rest. A broken promise ends the run at once.
 */
async function runToRest(
  deployment: Deployment,
  faults: readonly PlannedFault[],
  rejections: readonly string[],
): Promise<Outcome> {
  const { clock, cloud, checker } = deployment
  const waiting = [...timeline(faults)]
  const lastActMs = waiting.at(-1)?.atMs ?? 0
  let approvalAtMs = lastActMs + APPROVAL_MS
  const quiet = new Quiet(deployment, lastActMs)
  while (clock.monotonicMs() < LONGEST_MS) {
    await step(deployment, waiting)
    if (clock.monotonicMs() >= approvalAtMs) {
      approvalAtMs += APPROVAL_MS
      await perform(deployment, { do: 'approve-held' })
    }
    const violations = [...cloud.violations, ...checker.violations, ...rejections]
    if (violations.length > 0) return { violations, tally: NOTHING }
    const quietMs = await quiet.lastedMs()
    if (quietMs < QUIET_MS) continue
    const outcome = await checkAtRest(deployment, hurtGuests(faults))
    if (outcome.violations.length === 0 || quietMs >= PATIENCE_MS) return outcome
  }
  return checkAtRest(deployment, hurtGuests(faults))
}

/** Lets a second pass, or the time until the next act, and then performs that act. */
async function step(deployment: Deployment, waiting: TimedAct[]): Promise<void> {
  const [next] = waiting
  const leftMs = Math.max(0, (next?.atMs ?? Infinity) - deployment.clock.monotonicMs())
  await deployment.pass(Math.min(STEP_MS, leftMs))
  deployment.checker.lookAround()
  if (next === undefined || leftMs > STEP_MS) return
  waiting.shift()
  await perform(deployment, next.act)
}

/** Measures how long nothing has been unfinished since the last act. */
class Quiet {
  readonly #deployment: Deployment
  #sinceMs: number
  #lookedAtMs = 0

  constructor(deployment: Deployment, lastActMs: number) {
    this.#deployment = deployment
    this.#sinceMs = lastActMs
  }

  /** Zero between two checks. */
  async lastedMs(): Promise<number> {
    const { clock } = this.#deployment
    const now = clock.monotonicMs()
    if (now - this.#lookedAtMs < LOOK_MS) return 0
    this.#lookedAtMs = now
    if (!(await onlyWaits(this.#deployment))) this.#sinceMs = Math.max(this.#sinceMs, now)
    return now - this.#sinceMs
  }
}

/**
 * `simulate`: runs a whole deployment on a virtual clock for many seeds, and explains how to repeat
 * a run that broke a promise.
 */
import { loadConfig } from '../load-config.ts'
import { rulesOf, type Rules } from '../roles/rules.ts'
import { describeFault, planFaults } from '../simulator/fault-plan.ts'
import { FULL_SIZE, runFaults, type Run, type RunReport } from '../simulator/run-seed.ts'
import { runSeeds, type SeedSummary } from '../simulator/seed-pool.ts'
import { shrink } from '../simulator/shrink.ts'

const SEEDS_DEFAULT = 100
const PROGRESS_MS = 5000
const TRACE_LINES = 60

interface SimulateRequest {
  readonly seeds: number | undefined
  /** The first seed; without `seeds` the only one. */
  readonly seed: number | undefined
}

interface Asked {
  readonly first: number
  readonly count: number
}

/** Returns the exit status: 0 when every promise was kept. */
export async function simulate({ seeds, seed }: SimulateRequest): Promise<number> {
  const loaded = loadConfig(undefined)
  if (loaded.kind === 'invalid') return print('the embedded defaults contradict each other', 1)
  const rules = rulesOf(loaded.config)
  if (seed !== undefined && seeds === undefined) return one(seed, rules)
  return many({ first: seed ?? 1, count: seeds ?? SEEDS_DEFAULT }, rules)
}

const planned = (seed: number, rules: Rules): Run => ({
  seed,
  rules,
  size: FULL_SIZE,
  faults: planFaults(seed, FULL_SIZE),
})

async function one(seed: number, rules: Rules): Promise<number> {
  const run = planned(seed, rules)
  const report = await runFaults(run)
  print(report.trace.join('\n'))
  if (report.violations.length > 0) return explain(run, report)
  const seconds = Math.round(report.simulatedMs / 1000)
  return print(`seed ${seed}: every promise was kept over ${seconds} simulated seconds`)
}

async function many({ first, count }: Asked, rules: Rules): Promise<number> {
  const { segments, hostsPerSegment, instances } = FULL_SIZE
  print(`${count} seeds from ${first}, each a cloud of its own:`)
  print(`${segments * hostsPerSegment} hosts in ${segments} segments, ${instances} instances`)
  const sum = new Sum()
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  for await (const summary of runSeeds(seeds)) {
    sum.add(summary)
    if (summary.broken) print(`  seed ${summary.seed} broke a promise`)
    if (sum.progressIsDue()) print(`  ${sum.line(count)}`)
  }
  print(sum.summary())
  const [failing] = sum.failed
  if (failing === undefined) return 0
  const run = planned(failing, rules)
  return explain(run, await runFaults(run)) // the same seed gives the same run
}

/**
 * Prints the seed, the smallest list of faults that still breaks the promise, and the end of that
 * run.
 */
async function explain(run: Run, report: RunReport): Promise<number> {
  print(
    `\nseed ${run.seed} breaks a promise; searching for the smallest list of faults that breaks it …`,
  )
  const smallest = await shrink(run, report)
  print('\nViolations (the promises: ops/docs/promises.md)')
  for (const violation of smallest.report.violations.slice(0, 10)) print(`  ${violation}`)
  print('\nFaults')
  for (const fault of smallest.faults) print(`  ${describeFault(fault)}`)
  print(`\nThe last ${TRACE_LINES} lines`)
  for (const line of smallest.report.trace.slice(-TRACE_LINES)) print(`  ${line}`)
  return print(`\nAgain, with all lines: npm run simulate -- --seed ${run.seed}`, 1)
}

/** The totals of all runs. */
class Sum {
  readonly #startedAt = performance.now()
  #reportedAt = this.#startedAt
  #seeds = 0
  #simulatedMs = 0
  #recoveries = 0
  #moved = 0
  readonly failed: number[] = []
  readonly #faults = new Map<string, number>()

  add({ seed, simulatedMs, tally, broken }: SeedSummary): void {
    this.#seeds += 1
    this.#simulatedMs += simulatedMs
    this.#recoveries += tally.recoveries
    this.#moved += tally.moved
    for (const { kind } of planFaults(seed, FULL_SIZE))
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1)
    if (broken) this.failed.push(seed)
  }

  progressIsDue(): boolean {
    if (performance.now() - this.#reportedAt < PROGRESS_MS) return false
    this.#reportedAt = performance.now()
    return true
  }

  line(count: number): string {
    const hours = (this.#simulatedMs / 3_600_000).toFixed(1)
    const failed = this.failed.length
    return `${this.#seeds} of ${count} seeds, ${hours} simulated hours, ${this.#recoveries} recoveries, ${failed} failed`
  }

  summary(): string {
    const realMs = performance.now() - this.#startedAt
    const kinds = [...this.#faults].toSorted(([, one], [, other]) => other - one)
    return [
      '',
      `seeds              ${this.#seeds}`,
      `simulated          ${(this.#simulatedMs / 3_600_000).toFixed(1)} hours`,
      `took               ${(realMs / 1000).toFixed(1)} s, ${Math.round(this.#simulatedMs / realMs)} times as fast as real`,
      `faults injected    ${kinds.reduce((sum, [, times]) => sum + times, 0)}`,
      ...kinds.map(([kind, times]) => `  ${kind.padEnd(24)} ${times}`),
      `recoveries         ${this.#recoveries}`,
      `instances moved    ${this.#moved}`,
      `promises broken    ${this.failed.length === 0 ? 'none' : `in seeds ${this.failed.join(', ')}`}`,
    ].join('\n')
  }
}

function print(text: string, status = 0): number {
  process.stdout.write(`${text}\n`)
  return status
}

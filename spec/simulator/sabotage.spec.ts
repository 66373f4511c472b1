/**
 * The simulator can fail: each promise, broken on purpose, is reported within 200 seeds that have
 * its faults, and the same seed reports nothing otherwise.
 */
import test from 'ava'
import { planFaults } from '../../ops/simulator/fault-plan.ts'
import { runSeed, SMALL_SIZE, type RunReport } from '../../ops/simulator/run-seed.ts'
import { SABOTAGE_CASES } from './sabotage-cases.ts'
import { defaultRules } from './story.ts'

/**
 * Counts runs, not seed numbers: another fault in the plans would change which seeds have the
 * others.
 */
const RUNS_MAX = 200

// Each run uses a whole core, so they do not run at the same time.
for (const { title, sabotage, promise, needs, size = SMALL_SIZE } of SABOTAGE_CASES) {
  test.serial(`${title} is found within ${RUNS_MAX} seeds`, async (t) => {
    const rules = defaultRules()
    for (let seed = 1, runs = 0; runs < RUNS_MAX; seed += 1) {
      const kinds = planFaults(seed, size).map(({ kind }) => kind)
      if (!needs.some((kind) => kinds.includes(kind))) continue
      runs += 1
      const run = { seed, size, rules }
      const broken = await runSeed({ ...run, sabotage })
      if (!breaks(broken, promise)) continue
      t.log(`seed ${seed}: ${broken.violations[0]}`)
      const { violations } = await runSeed(run)
      t.deepEqual(violations, [], `seed ${seed} without sabotage`)
      return
    }
    t.fail(`no violation of ${promise} in ${RUNS_MAX} seeds`)
  })
}

const breaks = ({ violations }: RunReport, promise: string): boolean =>
  violations.some((violation) => violation.startsWith(`${promise} `))

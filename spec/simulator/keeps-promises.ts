/** Runs seeds one after the other and stops at the first that breaks a promise. */
import type { ExecutionContext } from 'ava'
import type { Layout } from '../../ops/simulator/layout.ts'
import { describeFault, planFaults } from '../../ops/simulator/fault-plan.ts'
import { runSeed } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

/** Asserts that no promise is broken, and that each run had at least one recovery. */
export async function keepsPromises(
  t: ExecutionContext,
  seeds: { readonly first: number; readonly count: number; readonly size: Layout },
): Promise<void> {
  const { first, count, size } = seeds
  const rules = defaultRules()
  let recoveries = 0
  let simulatedMs = 0
  for (let seed = first; seed < first + count; seed += 1) {
    const report = await runSeed({ seed, size, rules })
    recoveries += report.tally.recoveries
    simulatedMs += report.simulatedMs
    const plan = planFaults(seed, size).map(describeFault).join('\n')
    t.deepEqual(report.violations, [], `seed ${seed}:\n${plan}`)
  }
  t.log(`${Math.round(simulatedMs / 1000)} simulated seconds, ${recoveries} recoveries`)
  t.true(recoveries >= count, `only ${recoveries} recoveries in ${count} seeds`)
}

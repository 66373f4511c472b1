/** Two hundred seeded disasters in small clouds, and one in a cloud of customer's size: no promise is broken. */
import test from 'ava'
import { describeFault, planFaults } from '../../ops/simulator/fault-plan.ts'
import { FULL_SIZE, runSeed, SMALL_SIZE } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

const SEEDS = 200

test(`${SEEDS} seeds keep every promise`, async (t) => {
  t.timeout(300_000)
  const rules = defaultRules()
  let recoveries = 0
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { violations, tally } = await runSeed({ seed, size: SMALL_SIZE, rules })
    recoveries += tally.recoveries
    const plan = planFaults(seed, SMALL_SIZE).map(describeFault)
    t.deepEqual(violations, [], `seed ${seed}:\n${plan.join('\n')}`)
  }
  t.true(recoveries > SEEDS, `only ${recoveries} recoveries in ${SEEDS} seeds`)
})

test('a cloud of 24 hosts and 150 instances keeps every promise', async (t) => {
  const { violations, tally } = await runSeed({ seed: 1, size: FULL_SIZE, rules: defaultRules() })
  t.deepEqual(violations, [])
  t.true(tally.moved > 0)
})

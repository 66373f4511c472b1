/** Seeds on several threads: every seed runs once, and like on one thread. */
import test from 'ava'
import { runSeeds, type SeedSummary } from '../../ops/simulator/seed-pool.ts'
import { FULL_SIZE, runSeed } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

test('threads run every seed once, and each as it would run alone', async (t) => {
  t.timeout(240_000)
  const found: SeedSummary[] = []
  for await (const summary of runSeeds([3, 1, 2])) found.push(summary)
  t.deepEqual(
    found.map(({ seed }) => seed).toSorted((one, other) => one - other),
    [1, 2, 3],
  )
  const alone = await runSeed({ seed: 2, size: FULL_SIZE, rules: defaultRules() })
  const { simulatedMs, tally, violations } = alone
  t.deepEqual(
    found.find(({ seed }) => seed === 2),
    { seed: 2, broken: violations.length > 0, simulatedMs, tally },
  )
})

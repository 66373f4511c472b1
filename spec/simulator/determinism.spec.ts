/**
 * The same seed gives the same run, byte for byte. Otherwise a failure could not be investigated.
 */
import test from 'ava'
import { planFaults } from '../../ops/simulator/fault-plan.ts'
import { FULL_SIZE, runSeed, SMALL_SIZE } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

test('the same seed gives the same trace, byte for byte', async (t) => {
  const rules = defaultRules()
  for (const seed of [3, 11, 19]) {
    const run = { seed, size: SMALL_SIZE, rules }
    const first = await runSeed(run)
    const second = await runSeed(run)
    t.not(first.trace.length, 0)
    t.is(first.trace.join('\n'), second.trace.join('\n'), `seed ${seed}`)
  }
})

test('another seed gives another plan', (t) => {
  t.deepEqual(planFaults(1, FULL_SIZE), planFaults(1, FULL_SIZE))
  t.notDeepEqual(planFaults(1, FULL_SIZE), planFaults(2, FULL_SIZE))
})

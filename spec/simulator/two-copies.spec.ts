/**
 * A run of a seed ends at the first broken promise, and an evacuation of a running host breaks
 * promise I2 before the second copy starts. This run continues, so that the simulator also reports
 * the two copies.
 */
import test from 'ava'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { evacuateBeforeTheFence } from './sabotages.ts'
import { defaultRules } from './story.ts'

const CUT_MS = 30_000
const RECOVERY_MS = 120_000

test('an evacuation before the fence makes two copies, and promise I1 is reported as broken', async (t) => {
  const size = { segments: 1, hostsPerSegment: 4, instances: 8 }
  const sabotage = evacuateBeforeTheFence
  await using deployment = new Deployment({ seed: 1, size, rules: defaultRules(), sabotage })
  await startAll(deployment)
  await deployment.pass(CUT_MS)
  deployment.cloud.cutHost('compute-01')
  await deployment.pass(RECOVERY_MS)
  const { violations } = deployment.cloud
  t.regex(violations[0] ?? '', /^I2 /)
  const copies = violations.filter((violation) => violation.startsWith('I1 two copies of '))
  t.is(copies.length, 2, violations.join('\n'))
})

/** The Compute and Placement ports on the cloud that the OS_* variables name. */
import { computeConformance } from '../support/compute-conformance.ts'
import { placementConformance } from '../support/placement-conformance.ts'
import { openCloud } from './cloud.ts'
import { conformingOnCloud } from './on-cloud.ts'
import { realWorlds } from './real-world.ts'

const cloud = conformingOnCloud({ instances: 20, deaths: true })
const open = realWorlds()
computeConformance(cloud, open)
placementConformance(cloud, open)

cloud.serial('forty calls at once share one login', async (t) => {
  await using openstack = await openCloud()
  const calls = Array.from({ length: 40 }, () => openstack.compute.listServices())
  const answers = await Promise.all(calls)
  t.true(answers.every((services) => services.length > 0))
  t.is(openstack.loginCount(), 1)
  t.is(openstack.requestCount(), 41)
})

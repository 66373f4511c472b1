/**
 * The requests of a whole recovery to OpenStack, from the death of the host to the end of its
 * notification.
 */
import test from 'ava'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

const HOSTS = 8
const FOR_EVERY_RECOVERY = 30
const EVERYTHING = { limit: 1000, sort: [{ key: 'created_at', direction: 'asc' }] } as const
const LONGEST_S = 300

/** How many requests a call of the port makes, when it is not one. */
const REQUESTS: Readonly<Record<string, number>> = {
  'nova.read-rooms': 2,
  'nova.list-instances': 2,
}

/** By call, after every instance of the host has been moved. */
async function requestsFor(instances: number): Promise<ReadonlyMap<string, number>> {
  const size = { segments: 1, hostsPerSegment: HOSTS, instances: HOSTS * instances }
  await using deployment = new Deployment({ seed: 1, size, rules: defaultRules() })
  await startAll(deployment)
  await deployment.pass(30_000)
  const before = new Map(deployment.cloud.counters)
  deployment.cloud.crashHost('compute-01')
  for (let passedS = 0; passedS < LONGEST_S; passedS += 1) {
    await deployment.pass(1000)
    const [recovery] = await deployment.store.listNotifications({}, EVERYTHING)
    if (recovery?.status === 'finished') break
  }
  const moved = deployment.cloud.counters.get('evacuation.accepted')
  if (moved !== instances) throw new Error(`${moved} of ${instances} instances were moved`)
  const calls = [...deployment.cloud.counters].filter(([name]) => name.startsWith('nova.'))
  return new Map(
    calls.map(([name, count]) => [name, (count - (before.get(name) ?? 0)) * (REQUESTS[name] ?? 1)]),
  )
}

for (const instances of [10, 60]) {
  test(`the recovery of ${instances} instances sends no more requests than their evacuations and ${FOR_EVERY_RECOVERY}`, async (t) => {
    const requests = await requestsFor(instances)
    const sum = [...requests.values()].reduce((total, count) => total + count, 0)
    t.is(requests.get('nova.evacuate'), instances)
    t.true(sum <= instances + FOR_EVERY_RECOVERY, JSON.stringify([...requests]))
    t.log(sum, JSON.stringify([...requests]))
  })
}

/** The leader may die at any call of a recovery that takes spares: the next one finishes it, and nothing is done twice. */
import test from 'ava'
import { checkLedger } from '../../ops/simulator/ledger-checks.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

const OPTIONS = '[host_failure]\nadd_reserved_host_to_aggregate = true\n'
/** The host crashes at 30 s; its recovery begins to act nine seconds later and makes some fifty calls. */
const CRASH_MS = 30_000
const ACTS_MS = 9200
const CALLS_MAX = 60
const REST_MS = 120_000

async function dieAt(calls: number) {
  const layout = { segments: 1, hostsPerSegment: 4, instances: 6, sparesPerSegment: 2, capacity: 2 }
  const size = { ...layout, methods: ['reserved_host'] as const }
  await using deployment = new Deployment({ seed: 1, size, rules: defaultRules(OPTIONS) })
  await startAll(deployment)
  await deployment.pass(CRASH_MS)
  deployment.cloud.crashHost('compute-01')
  await deployment.pass(ACTS_MS)
  deployment.killAtCall(deployment.leader ?? 'nobody leads', calls, 2000)
  for (let passedMs = 0; passedMs < REST_MS; passedMs += 1000) {
    await deployment.pass(1000)
    deployment.watchdog.lookAround()
  }
  const { cloud, watchdog, store } = deployment
  const unfinished = await store.listUnfinished()
  return {
    moved: cloud.instances.filter(({ host }) => ['compute-03', 'compute-04'].includes(host ?? '')),
    evacuations: cloud.counters.get('evacuation.accepted'),
    broken: [...cloud.violations, ...watchdog.violations, ...(await checkLedger(deployment))],
    unfinished: unfinished.length,
    aggregate: cloud.aggregates.get('hosts-of-segment-1'),
  }
}

test('a leader that dies at any call leaves a recovery that the next one finishes', async (t) => {
  for (let calls = 1; calls <= CALLS_MAX; calls += 1) {
    const end = await dieAt(calls)
    const what = `dead at call ${calls}`
    t.deepEqual(end.broken, [], what)
    t.is(end.unfinished, 0, what)
    t.is(end.moved.length, 3, what)
    t.is(end.evacuations, 3, what)
    t.deepEqual(end.aggregate?.length, 4, what)
  }
})

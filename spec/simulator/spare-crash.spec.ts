/**
 * The leader may die at any call of a recovery that takes spares: the next leader finishes it, and
 * nothing is done twice.
 */
import test from 'ava'
import { checkLedger } from '../../ops/simulator/ledger-checks.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { defaultRules } from './story.ts'

const OPTIONS = '[host_failure]\nadd_reserved_host_to_aggregate = true\n'
const CRASH_MS = 30_000
/** The recovery is stored about ten seconds after the crash, ms. */
const REPORTED_MS_MAX = 30_000
/** The recovery requests its last evacuation after about fifty calls. */
const CALLS_MAX = 60
const REST_MS = 120_000
const RESTART_MS = 2000
const LOOK_MS = 1000

async function dieAt(calls: number) {
  const layout = { segments: 1, hostsPerSegment: 4, instances: 6, sparesPerSegment: 2, capacity: 2 }
  const size = { ...layout, methods: ['reserved_host'] as const }
  await using deployment = new Deployment({ seed: 1, size, rules: defaultRules(OPTIONS) })
  await startAll(deployment)
  await deployment.pass(CRASH_MS)
  deployment.cloud.crashHost('compute-01')
  const { cloud, clock, checker, store } = deployment
  const isReported = async (): Promise<boolean> => (await store.listUnfinished()).length > 0
  while (!(await isReported()) && clock.monotonicMs() < CRASH_MS + REPORTED_MS_MAX) {
    await deployment.pass(100)
  }
  const { leader } = deployment
  if (leader === undefined) throw new Error('nobody leads')
  const firstEpoch = await store.currentEpoch()
  deployment.killAtCall(leader, calls, RESTART_MS)
  const deaths = (): number =>
    deployment.trace.filter((line) => line.endsWith(` ${leader} died`)).length
  let leftUnfinished: number | undefined
  for (let passedMs = 0; passedMs < REST_MS; passedMs += LOOK_MS) {
    await deployment.pass(LOOK_MS)
    checker.lookAround()
    // It is checked before another leader takes over.
    if (deaths() > 0) leftUnfinished ??= (await store.listUnfinished()).length
  }
  const unfinished = await store.listUnfinished()
  return {
    deaths: deaths(),
    leftUnfinished,
    leadersAfter: (await store.currentEpoch()) - firstEpoch,
    moved: cloud.instances.filter(({ host }) => ['compute-03', 'compute-04'].includes(host ?? '')),
    evacuations: cloud.counters.get('evacuation.accepted'),
    broken: [...cloud.violations, ...checker.violations, ...(await checkLedger(deployment))],
    unfinished: unfinished.length,
    aggregate: cloud.aggregates.get('hosts-of-segment-1'),
  }
}

test('a leader that dies at any call leaves a recovery that the next one finishes', async (t) => {
  for (let calls = 1; calls <= CALLS_MAX; calls += 1) {
    const end = await dieAt(calls)
    const what = `dead at call ${calls}`
    t.is(end.deaths, 1, what)
    t.is(end.leftUnfinished, 1, what)
    t.is(end.leadersAfter, 1, what)
    t.deepEqual(end.broken, [], what)
    t.is(end.unfinished, 0, what)
    t.is(end.moved.length, 3, what)
    t.is(end.evacuations, 3, what)
    t.deepEqual(end.aggregate?.length, 4, what)
  }
})

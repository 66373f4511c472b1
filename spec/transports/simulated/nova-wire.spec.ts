/** The connection to the simulated Compute API: slow, busy, broken, lost. */
import test from 'ava'
import { CodedError } from '../../../schema/errors.ts'
import { buildWorld, defined } from './world.ts'

test('busy Nova names a time in Retry-After, and does nothing', async (t) => {
  const { cloud, compute, during, bury, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.setNova({ busyRate: 1, retryAfterSeconds: 7 })
  const error = await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), {
    instanceOf: CodedError,
    code: 'COMPUTE_BUSY',
  })
  t.is(error?.retryAfterSeconds, 7)
  t.is(now(instance).taskState, null)
})

test('Nova under load answers later, and refuses more, the more evacuations are under way', async (t) => {
  const { cloud, compute, clock, during, bury, one } = buildWorld()
  const [first, second] = cloud.instances.filter(({ host }) => host === one)
  await bury(one)
  cloud.setNova({ strainMs: 1000, evacuationsMax: 1, retryAfterSeconds: 7 })
  const answered = async (): Promise<number> => {
    const askedAtMs = clock.monotonicMs()
    await during(compute.listServices())
    return clock.monotonicMs() - askedAtMs
  }
  t.true((await answered()) < 200)
  await during(compute.evacuate(defined(first).id, undefined))
  t.true((await answered()) >= 2000)
  await t.throwsAsync(during(compute.evacuate(defined(second).id, undefined)), {
    code: 'COMPUTE_BUSY',
  })
})

test('outage and its end are noticed at once', async (t) => {
  const { cloud, compute, clock, during } = buildWorld()
  cloud.setNova({ outage: true })
  await t.throwsAsync(during(compute.listServices()), { code: 'COMPUTE_UNAVAILABLE' })
  t.true(clock.monotonicMs() < 1000)
  cloud.calmNova()
  t.is((await during(compute.listServices())).length, 4)
})

test('lost request and lost answer look the same, and only one took effect', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.setNova({ lostRequestRate: 1 })
  await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), {
    code: 'COMPUTE_OUTCOME_UNKNOWN',
  })
  await t.throwsAsync(during(compute.listServices()), { code: 'COMPUTE_UNAVAILABLE' })
  t.is(now(instance).taskState, null)
  cloud.setNova({ lostRequestRate: 0, lostAnswerRate: 1 })
  await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), {
    code: 'COMPUTE_OUTCOME_UNKNOWN',
  })
  await pass(15_000)
  t.not(now(instance).host, one)
})

test('after an answer 500, it is unknown whether the request took effect', async (t) => {
  const { cloud, compute, during, bury, now, one } = buildWorld()
  await bury(one)
  cloud.setNova({ brokenRate: 1 })
  const instances = cloud.instances.filter((row) => row.host === one).map((row) => ({ ...row }))
  while (!cloud.counters.has('evacuation.accepted')) {
    for (const { id } of instances) {
      await t.throwsAsync(during(compute.evacuate(id, undefined)), {
        code: 'COMPUTE_OUTCOME_UNKNOWN',
      })
    }
  }
  t.true(instances.some((instance) => now(instance).taskState !== null))
})

test('late request takes effect after its caller has given it up', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.setNova({ latencyMs: [11_000, 11_000] })
  await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), {
    code: 'COMPUTE_OUTCOME_UNKNOWN',
  })
  t.is(now(instance).taskState, null)
  await pass(2000)
  t.not(now(instance).taskState, null)
})

test('aborted read rejects with the reason, aborted evacuation with an unknown outcome', async (t) => {
  const { compute, during, bury, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  const abort = new AbortController()
  const answers = [
    compute.listServices(abort.signal),
    compute.evacuate(instance.id, undefined, abort.signal),
  ]
  const outcomes = Promise.allSettled(answers)
  abort.abort(new Error('no longer wanted'))
  const reasons = (await during(outcomes)).map((outcome) =>
    outcome.status === 'rejected' ? String(outcome.reason) : 'answered',
  )
  t.is(reasons[0], 'Error: no longer wanted')
  t.regex(reasons[1] ?? '', /did not answer evacuate/)
  await t.throwsAsync(compute.evacuate(instance.id, undefined, abort.signal), {
    message: 'no longer wanted',
  })
})

test('partitioned process gets no answers, and others do', async (t) => {
  const { cloud, compute, during } = buildWorld()
  cloud.isolateNode('engine-1')
  await t.throwsAsync(during(compute.listServices()), { code: 'COMPUTE_UNAVAILABLE' })
  t.is((await during(cloud.viewFor('engine-2').compute.listServices())).length, 4)
  cloud.reconnectNode('engine-1')
  t.is((await during(compute.listServices())).length, 4)
})

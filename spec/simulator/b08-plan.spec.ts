/**
 * Masakari's fault B8, no dry run: the plan for a host is what happens when it dies, and instances
 * that stay have a reason.
 */
import test from 'ava'
import { rehearsals } from '../../ops/roles/rehearsal.ts'
import { perform, type Act } from '../../ops/simulator/acts.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import type { Layout } from '../../ops/simulator/layout.ts'
import { startAll } from '../../ops/simulator/run-seed.ts'
import { hostName } from '../../schema/ids.ts'
import type { Rehearsal } from '../../schema/rehearsal.ts'
import { defaultRules } from './story.ts'

const DOOMED = hostName('compute-01')

async function inCloud(size: Layout, acts: readonly Act[] = []): Promise<Deployment> {
  const deployment = new Deployment({ seed: 1, size, rules: defaultRules() })
  await startAll(deployment)
  await deployment.pass(20_000)
  for (const act of acts) await perform(deployment, act)
  return deployment
}

async function planFor(deployment: Deployment): Promise<Rehearsal> {
  const { store, cloud, clock, rules } = deployment
  const host = await store.findHost(DOOMED)
  if (host === undefined) throw new Error('no such host')
  const plan = rehearsals({ ...cloud.viewFor('gateway'), store, clock }, rules)
  const planned = plan(host, AbortSignal.timeout(60_000))
  await deployment.pass(5000)
  return planned
}

const targets = ({ fates }: Rehearsal) => fates.map(({ name, target }) => [name, target] as const)

test('the plan for a host names the target of each of its instances, and each goes there', async (t) => {
  await using deployment = await inCloud({ segments: 2, hostsPerSegment: 3, instances: 18 })
  const asked = deployment.cloud.counters.get('evacuation.accepted')
  const plan = await planFor(deployment)
  t.like(plan, { decision: 'act', reason: null })
  t.deepEqual([...new Set(plan.fates.map(({ fate }) => fate))], ['move'])
  t.is(deployment.cloud.counters.get('evacuation.accepted'), asked, 'it only reads')
  deployment.cloud.crashHost(DOOMED)
  await deployment.pass(120_000)
  const places = new Map(deployment.cloud.instances.map(({ name, host }) => [name, host]))
  t.true(plan.fates.length > 1)
  t.deepEqual(
    targets(plan).map(([name]) => [name, places.get(name) ?? null]),
    targets(plan),
  )
})

test('no instance is planned to go to a host that is reported dead, even if Nova shows it as up', async (t) => {
  await using deployment = await inCloud({ segments: 1, hostsPerSegment: 3, instances: 9 }, [
    { do: 'report', host: 'compute-02', times: 1 },
  ])
  const { fates } = await planFor(deployment)
  t.true(fates.length > 0)
  t.deepEqual([...new Set(fates.map(({ target }) => target))], [hostName('compute-03')])
})

test('the plan names the instances that wait for room, and for how much', async (t) => {
  const size = { segments: 2, hostsPerSegment: 3, instances: 8, capacity: 2 }
  await using deployment = await inCloud(size, [{ do: 'keep-away', host: 'compute-03' }])
  const { fates } = await planFor(deployment)
  t.deepEqual(
    [...new Set(fates.map(({ fate, reason }) => `${fate}: ${reason}`))],
    ['wait: no host of the segment has room for 1 VCPU, 2048 MB, 10 GB'],
  )
})

test('the plan names the instances that are not moved, and why', async (t) => {
  const vmState = {
    do: 'put-instance',
    instance: 'vm-001',
    change: { vmState: 'building' },
  } as const
  await using deployment = await inCloud({ segments: 1, hostsPerSegment: 4, instances: 8 }, [
    vmState,
  ])
  const { fates } = await planFor(deployment)
  const left = fates.find(({ name }) => name === 'vm-001')
  t.like(left, { fate: 'leave', target: null })
  t.truthy(left?.reason)
  t.is(fates.at(-1), left, 'behind those that are moved')
})

test('the plan says when nothing would be done', async (t) => {
  const size = { segments: 1, hostsPerSegment: 4, instances: 8 }
  await using disabled = await inCloud(size, [{ do: 'disable-segment', segment: 'segment-1' }])
  t.like(await planFor(disabled), { decision: 'leave', reason: 'the segment is disabled' })
  await using full = await inCloud(size, [{ do: 'crash', host: 'compute-02' }])
  await full.pass(120_000)
  const plan = await planFor(full)
  t.is(plan.decision, 'hold')
  t.regex(plan.reason ?? '', /^storm guard: 1 of 4 hosts/)
})

/** Services, evacuations and their records in the simulated Compute service. */
import test from 'ava'
import { hostName, instanceId } from '../../../schema/ids.ts'
import { buildWorld, defined } from './world.ts'

/** Longer than any rebuild of a cloud without faults, ms. */
const REBUILT_MS = 15_000

test('service goes down a minute after its last heartbeat and comes up with the next one', async (t) => {
  const { cloud, compute, during, pass, one } = buildWorld()
  const isUp = async (): Promise<boolean> => defined(await during(compute.findService(one))).up
  await pass(30_000)
  cloud.killNovaCompute(one)
  await pass(49_000)
  t.true(await isUp())
  await pass(12_000)
  t.false(await isUp())
  cloud.startNovaCompute(one)
  t.true(await isUp())
})

test('hung machine and machine off the network send no heartbeats', async (t) => {
  const { cloud, compute, during, pass, one, two } = buildWorld()
  cloud.hangHost(one)
  cloud.cutHost(two)
  await pass(61_000)
  const services = await during(compute.listServices())
  t.deepEqual(
    services.map((service) => service.up),
    [false, false, true, true],
  )
})

test('isolated service is disabled, forced down, and down at once', async (t) => {
  const { cloud, compute, during, bury, one } = buildWorld()
  await bury(one)
  const service = defined(await during(compute.findService(one)))
  t.like(service, { up: false, disabled: true, forcedDown: true })
  t.deepEqual(cloud.violations, [])
  await t.throwsAsync(during(compute.isolate('nobody', '')), { code: 'COMPUTE_NOT_FOUND' })
  t.is(await during(compute.findService(hostName('nowhere'))), undefined)
})

test('evacuation moves the host only when the guest runs on the target', async (t) => {
  const { cloud, compute, clock, during, pass, bury, now, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  const sinceMs = clock.wallMs()
  await during(compute.evacuate(instance.id, two))
  t.like(now(instance), { host: one, taskState: 'rebuilding', vmState: 'active' })
  await pass(1500)
  const [underWay] = await during(compute.listEvacuations(one, sinceMs))
  t.like(underWay, { status: 'pre-migrating', source: one, dest: two, instance: instance.id })
  t.is(now(instance).host, one)
  await pass(REBUILT_MS)
  const [done] = await during(compute.listEvacuations(one, sinceMs))
  t.is(done?.status, 'done')
  t.like(now(instance), { host: two, taskState: null, vmState: 'active', powerState: 1 })
  t.deepEqual(cloud.copiesOf(instance.name), [two])
  t.deepEqual(cloud.violations, [])
})

test('stopped instance is moved stopped', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  cloud.killGuest(instance.name)
  await bury(one)
  await during(compute.evacuate(instance.id, undefined))
  await pass(REBUILT_MS)
  t.like(now(instance), { vmState: 'stopped', powerState: 4 })
  t.not(now(instance).host, one)
  t.deepEqual(cloud.copiesOf(instance.id), [])
})

test('evacuation is refused while the service is up, and the request breaks a promise', async (t) => {
  const { cloud, compute, during, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), { code: 'COMPUTE_REFUSED' })
  t.regex(
    cloud.violations.join('\n'),
    /^I2 evacuation of vm-\d+ while compute-01 may run at \d+ ms$/,
  )
})

test('evacuation of an unknown instance, to an unknown host and to its own host is refused', async (t) => {
  const { compute, during, bury, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  await bury(one)
  const stranger = instanceId('10000000-0000-4000-8000-000000000000')
  await t.throwsAsync(during(compute.evacuate(stranger, undefined)), { code: 'COMPUTE_NOT_FOUND' })
  const targets = [hostName('nowhere'), one]
  for (const target of targets) {
    await t.throwsAsync(during(compute.evacuate(id, target)), { code: 'COMPUTE_REFUSED' })
  }
})

test('without a valid host the record and the instance are in error, and a new attempt is accepted', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  cloud.disableHost(two)
  await bury(one)
  await during(compute.evacuate(instance.id, two))
  await pass(REBUILT_MS)
  t.like(now(instance), { host: one, vmState: 'error', taskState: null })
  const records = await during(compute.listEvacuations(one, 0))
  t.deepEqual(
    records.map(({ status, dest }) => [status, dest]),
    [['error', two]],
  )
  await during(compute.evacuate(instance.id, undefined))
  await pass(REBUILT_MS)
  t.like(now(instance), { vmState: 'active' })
  t.is((await during(compute.listEvacuations(one, 0)))[0]?.status, 'done')
})

test('last place of a host is given to one of two evacuations', async (t) => {
  const { compute, during, pass, bury, cloud, one, two } = buildWorld({ capacity: 4 })
  const leaving = cloud.instances.filter((row) => row.host === one).slice(0, 2)
  await bury(one)
  await during(Promise.all(leaving.map(({ id }) => compute.evacuate(id, two))))
  await pass(REBUILT_MS)
  const records = await during(compute.listEvacuations(one, 0))
  t.deepEqual(records.map(({ status }) => status).toSorted(compare), ['done', 'error'])
})

test('target that refuses an instance leaves its state as it was, and keeps its place free', async (t) => {
  const { compute, during, pass, bury, runningOn, cloud, now, one, two } = buildWorld({
    capacity: 4,
  })
  const instance = runningOn(one)
  await bury(one)
  cloud.setNova({ claimFailureRate: 1 })
  await during(compute.evacuate(instance.id, two))
  await pass(REBUILT_MS)
  t.is((await during(compute.listEvacuations(one, 0)))[0]?.status, 'failed')
  t.like(now(instance), { host: one, vmState: 'active', taskState: null })
  cloud.calmNova()
  await during(compute.evacuate(instance.id, two))
  await pass(REBUILT_MS)
  t.is(now(instance).host, two)
})

test('failed spawn puts the instance into error on its old host', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.setNova({ spawnFailureRate: 1 })
  await during(compute.evacuate(instance.id, undefined))
  await pass(REBUILT_MS)
  t.is((await during(compute.listEvacuations(one, 0)))[0]?.status, 'failed')
  t.like(now(instance), { host: one, vmState: 'error' })
})

test('target that dies during a rebuild leaves the record as it is, and a new attempt succeeds', async (t) => {
  const { cloud, compute, during, pass, bury, now, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  await during(compute.evacuate(instance.id, two))
  await pass(2000)
  cloud.crashHost(two)
  await pass(REBUILT_MS)
  t.is((await during(compute.listEvacuations(one, 0)))[0]?.status, 'pre-migrating')
  t.like(now(instance), { host: one, taskState: 'rebuild_spawning' })
  await t.throwsAsync(during(compute.evacuate(instance.id, hostName('compute-03'))))
  await during(compute.callBroken(instance.id))
  await during(compute.evacuate(instance.id, hostName('compute-03')))
  await pass(REBUILT_MS)
  t.is(now(instance).host, hostName('compute-03'))
  t.deepEqual(cloud.violations, [])
})

test('request waits for a target whose nova-compute is stopped, and a rebuild that was stopped never ends', async (t) => {
  const { cloud, compute, clock, during, pass, bury, now, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  const sinceMs = clock.wallMs()
  cloud.killNovaCompute(two)
  await during(compute.evacuate(instance.id, two))
  await pass(5000)
  const status = async (): Promise<string | undefined> =>
    (await during(compute.listEvacuations(one, sinceMs)))[0]?.status
  t.is(await status(), 'accepted')
  t.false(cloud.isRebuildingAt(two))
  cloud.startNovaCompute(two)
  await pass(1000)
  t.is(await status(), 'pre-migrating')
  t.true(cloud.isRebuildingAt(two))
  cloud.killNovaCompute(two)
  await pass(REBUILT_MS)
  cloud.startNovaCompute(two)
  await pass(REBUILT_MS)
  t.is(await status(), 'pre-migrating')
  t.like(now(instance), { host: one, taskState: 'rebuild_spawning' })
})

test('second evacuation in flight is accepted, counted, and ends in two copies', async (t) => {
  const { cloud, compute, during, pass, bury, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  const targets = [two, hostName('compute-03')]
  for (const target of targets) await during(compute.evacuate(instance.id, target))
  t.is(cloud.counters.get('evacuation.second'), 1)
  await pass(REBUILT_MS)
  t.deepEqual(cloud.copiesOf(instance.id), targets)
  t.regex(cloud.violations[0] ?? '', /^I3 two evacuations of vm-\d+ in flight at \d+ ms$/)
  t.regex(cloud.violations[1] ?? '', /^I1 two copies of vm-\d+ on compute-02 and compute-03 at/)
})

test('returning nova-compute closes its evacuations, and only then can the host return to service', async (t) => {
  const { cloud, compute, during, pass, bury, runningOn, one } = buildWorld()
  await bury(one)
  await during(compute.evacuate(runningOn(one).id, undefined))
  await pass(REBUILT_MS)
  t.false(cloud.admitHost(one))
  cloud.powerOnHost(one)
  await pass(60_000)
  t.is((await during(compute.listEvacuations(one, 0)))[0]?.status, 'completed')
  t.like(await during(compute.findService(one)), { up: false, forcedDown: true })
  t.true(cloud.admitHost(one))
  t.like(await during(compute.findService(one)), { up: true, disabled: false, forcedDown: false })
})

test('instances that were not moved are stopped when their host returns', async (t) => {
  const { cloud, pass, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  cloud.rebootHost(one)
  t.deepEqual(cloud.copiesOf(instance.id), [])
  await pass(60_000)
  t.like(now(instance), { host: one, vmState: 'stopped', powerState: 4 })
})

test('records are listed by source and time of creation, newest first', async (t) => {
  const { cloud, compute, clock, during, pass, bury, one } = buildWorld()
  const [first, second] = cloud.instances.filter((row) => row.host === one)
  await bury(one)
  await during(compute.evacuate(defined(first).id, undefined))
  await pass(REBUILT_MS)
  const sinceMs = clock.wallMs()
  await during(compute.evacuate(defined(second).id, undefined))
  const all = await during(compute.listEvacuations(one, 0))
  t.deepEqual(
    all.map(({ instance }) => instance),
    [defined(second).id, defined(first).id],
  )
  t.is((await during(compute.listEvacuations(one, sinceMs))).length, 1)
  t.deepEqual(await during(compute.listEvacuations(hostName('compute-03'), 0)), [])
})

test('dead guest is stopped by Nova, starts again, and a running one can only be rebooted', async (t) => {
  const { cloud, compute, during, pass, now, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await t.throwsAsync(during(compute.start(instance.id)), { code: 'COMPUTE_REFUSED' })
  cloud.killGuest(instance.name)
  t.like(now(instance), { vmState: 'stopped', powerState: 4 })
  await during(compute.start(instance.id))
  t.is(now(instance).taskState, 'powering-on')
  await pass(5000)
  t.like(now(instance), { vmState: 'active', taskState: null, powerState: 1 })
  t.deepEqual(cloud.copiesOf(instance.id), [one])
  await during(compute.hardReboot(instance.id))
  await pass(5000)
  t.like(now(instance), { vmState: 'active', taskState: null })
})

const compare = (a: string, b: string): number => (a < b ? -1 : 1)

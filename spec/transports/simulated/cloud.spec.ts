/** The simulated world as a whole: the truth about copies, and the same story for the same seed. */
import { readFile, readdir } from 'node:fs/promises'
import test from 'ava'
import { sleep } from '../../../actors/ports/clock.ts'
import { parseControlAttributes } from '../../../schema/control-attributes.ts'
import { buildCloud } from '../../../transports/simulated/build-cloud.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { Ledger, formatEntry } from '../../../transports/simulated/ledger.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { buildWorld, defined, type World } from './world.ts'

test('cloud has the planned size, and its hosts have settings', (t) => {
  const { cloud, segments } = buildCloud({
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    segments: 3,
    hostsPerSegment: 8,
    instances: 150,
  })
  const hosts = segments.flatMap((segment) => segment.hosts)
  t.deepEqual(
    segments.map(({ name, hosts }) => [name, hosts.length]),
    [
      ['segment-1', 8],
      ['segment-2', 8],
      ['segment-3', 8],
    ],
  )
  t.is(hosts[23]?.name as string, 'compute-24')
  for (const { name, controlAttributes } of hosts) {
    const { ipmi, ssh, problems } = parseControlAttributes(controlAttributes)
    t.deepEqual([ipmi?.address, ssh?.address, problems], [`bmc.${name}`, name, []])
  }
  t.is(cloud.instances.length, 150)
  t.is(cloud.instances[149]?.name, 'vm-150')
  const enabled = cloud.instances.filter(({ metadata }) => metadata['HA_Enabled'] === 'True')
  t.true(enabled.length > 75 && enabled.length < 150)
  for (const { host, vmState, name } of cloud.instances) {
    t.deepEqual(cloud.copiesOf(name), vmState === 'active' ? [defined(host ?? undefined)] : [])
  }
})

test('evacuation from a host that only lost its network makes two copies, and the ledger records it', async (t) => {
  const { cloud, compute, during, pass, runningOn, one, two } = buildWorld()
  const instance = runningOn(one)
  cloud.cutHost(one)
  await pass(61_000)
  await during(compute.evacuate(instance.id, two))
  await pass(15_000)
  t.deepEqual(cloud.copiesOf(instance.id), [one, two])
  t.regex(cloud.violations[0] ?? '', /^I2 evacuation of vm-\d+ while compute-01 may run at \d+ ms$/)
  t.regex(
    cloud.violations[1] ?? '',
    /^I1 two copies of vm-\d+ on compute-01 and compute-02 at \d+ ms$/,
  )
})

/** Hangs the first host, and moves one of its instances when Nova allows it. */
async function moveFromHungHost(world: World): Promise<void> {
  world.cloud.hangHost(world.one)
  await world.pass(61_000)
  await world.during(world.compute.evacuate(world.runningOn(world.one).id, world.two))
  await world.pass(15_000)
}

test('hung host may be evacuated with consent only, and its thaw makes the second copy', async (t) => {
  const without = buildWorld()
  await moveFromHungHost(without)
  t.regex(without.cloud.violations.join(), /^I2 evacuation of vm-\d+ while compute-01 may run/)
  const world = buildWorld()
  world.cloud.consent('segment-1')
  await moveFromHungHost(world)
  t.deepEqual(world.cloud.violations, [])
  world.cloud.thawHost(world.one)
  t.regex(world.cloud.violations.join(), /^I1 two copies of vm-\d+ on compute-01 and compute-02 at/)
})

test('host that lost its power stays dead, even when it boots during its recovery', async (t) => {
  const { cloud, compute, during, pass, bury, runningOn, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.powerOnHost(one)
  await pass(60_000)
  t.is(cloud.machine(one).novaCompute, 'up')
  await during(compute.evacuate(instance.id, undefined))
  await pass(15_000)
  t.deepEqual(cloud.violations, [])
})

test('forcing a living host down breaks a promise', async (t) => {
  const { cloud, compute, during, one } = buildWorld()
  const service = defined(await during(compute.findService(one)))
  await during(compute.isolate(service.id, 'a mistake'))
  t.regex(cloud.violations.join(), /^I2 compute-01 is forced down while it may run at \d+ ms$/)
})

test('operator returns a repaired host to service, and from then on it counts as living', async (t) => {
  const { cloud, compute, during, pass, bury, runningOn, now, one } = buildWorld()
  const instance = runningOn(one)
  await bury(one)
  cloud.powerOnHost(one)
  await pass(60_000)
  t.true(cloud.admitHost(one))
  t.is(now(instance).host, one)
  await t.throwsAsync(during(compute.evacuate(instance.id, undefined)), { code: 'COMPUTE_REFUSED' })
  t.is(cloud.violations.length, 1)
})

test('switch for an unknown host or instance throws', (t) => {
  const { cloud } = buildWorld()
  t.throws(() => cloud.crashHost('nowhere'), { instanceOf: RangeError })
  t.throws(() => cloud.killGuest('nobody'), { instanceOf: RangeError })
})

/** A fault of each kind, two observers, and a careless engine. */
async function tellStory(seed: number): Promise<string> {
  const world = buildWorld({ seed })
  const { cloud, clock, pass } = world
  const problems: string[] = []
  const watch = async (node: string): Promise<void> => {
    const { power, shell, compute } = cloud.viewFor(node)
    for (let round = 0; round < 40; round += 1) {
      await sleep(clock, 4000)
      for (const { host } of await compute.listServices().catch(() => [])) {
        const { outcome } = await shell.probe(world.ssh(host), 1000)
        const reading = await power.read(world.bmc(host)).catch(String)
        if (outcome !== 'alive')
          problems.push(`${clock.monotonicMs()} ${node} ${outcome} ${reading}`)
        if (reading !== 'off') continue
        for (const { id } of await compute.listInstances(host).catch(() => [])) {
          await compute
            .evacuate(id, undefined)
            .catch((error: unknown) => problems.push(String(error)))
        }
      }
    }
  }
  const watching = Promise.all([watch('monitor-1'), watch('monitor-2')])
  cloud.setNova({ busyRate: 0.05, lostAnswerRate: 0.02 })
  await pass(20_000)
  cloud.crashHost(world.one)
  await pass(90_000)
  cloud.setBmc(world.two, 'slow')
  cloud.hangHost('compute-03')
  await pass(30_000)
  cloud.powerOnHost(world.one)
  cloud.calmNova()
  await world.during(watching.catch((error: unknown) => problems.push(String(error))))
  return [...cloud.log.map(formatEntry), ...cloud.violations, ...problems].join('\n')
}

test('same seed gives the same story byte for byte, and another seed another one', async (t) => {
  const story = await tellStory(11)
  t.true(story.split('\n').length > 100)
  t.regex(story, /moved from compute-01/)
  t.is(await tellStory(11), story)
  t.not(await tellStory(12), story)
})

test('log keeps the newest entries and counts all', (t) => {
  const ledger = new Ledger(new VirtualClock())
  for (let entry = 1; entry <= 250_000; entry += 1) ledger.note('read', String(entry))
  t.true(ledger.log.length <= 200_000)
  t.is(ledger.log.at(-1)?.text, '250000')
  for (let entry = 0; entry < 1500; entry += 1) ledger.violate('I1 again')
  t.is(ledger.violations.length, 1000)
  t.is(ledger.counters.get('violation.I1'), 1500)
})

test('simulated world uses only its own clock, timers and random numbers', async (t) => {
  const folder = new URL('../../../transports/simulated/', import.meta.url)
  for (const file of await readdir(folder)) {
    const text = await readFile(new URL(file, folder), 'utf8')
    t.notRegex(
      text,
      /\bDate\b|Math\.random|\bset(Timeout|Immediate|Interval)\b|performance|'node:/,
      file,
    )
  }
})

test('an owner stops, starts, resizes and locks an instance, and the expected state follows', async (t) => {
  const { cloud, compute, during, pass, runningOn, one } = buildWorld()
  const { id, name } = runningOn(one)
  for (const [action, vmState, copies] of [
    ['stop', 'stopped', 0],
    ['start', 'active', 1],
    ['resize', 'resized', 1],
  ] as const) {
    cloud.ownerActs(name, action)
    await pass(2000)
    t.like(cloud.wishOf(name), { vmState, taskState: null })
    t.is(cloud.copiesOf(id).length, copies, action)
  }
  const isLocked = (): unknown => cloud.instances.find((row) => row.id === id)?.locked
  cloud.ownerActs(name, 'lock')
  t.like(cloud.wishOf(name), { locked: true })
  cloud.ownerActs(name, 'unlock')
  t.false(isLocked())
  // A lock of ours does not change the expected state, and the owner cannot remove it.
  await during(compute.lock(id, 'ours'))
  cloud.ownerActs(name, 'unlock')
  t.true(isLocked())
  t.like(cloud.wishOf(name), { locked: false })
})

test('an order of an owner on a dead host stays a task, and does not change the expected state yet', async (t) => {
  const { cloud, pass, runningOn, one, now } = buildWorld()
  const instance = runningOn(one)
  cloud.crashHost(one)
  cloud.ownerActs(instance.name, 'stop')
  await pass(10_000)
  t.like(now(instance), { vmState: 'active', taskState: 'powering-off' })
  t.like(cloud.wishOf(instance.name), { vmState: 'active', taskState: null })
})

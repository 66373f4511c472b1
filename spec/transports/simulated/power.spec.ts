/** Simulated BMCs pass the suite of the real ones. */
import test from 'ava'
import { powerConformance, type PowerMachine } from '../../support/power-conformance.ts'
import { parseControlAttributes, type BmcSettings } from '../../../schema/control-attributes.ts'
import type { HostName } from '../../../schema/ids.ts'
import { buildRunawayCloud, buildWorld, defined } from './world.ts'

test('accepted power-off takes its time, and is then read back as off', async (t) => {
  const { cloud, power, bmc, during, pass, one } = buildWorld()
  await during(power.off(bmc(one)))
  t.is(await during(power.read(bmc(one))), 'on')
  await pass(3000)
  t.is(await during(power.read(bmc(one))), 'off')
  t.is(cloud.machine(one).power, 'off')
})

test('silent, unplugged, unknown and cut-off BMCs are unreachable after six seconds', async (t) => {
  const { cloud, power, bmc, clock, during, one, two } = buildWorld()
  cloud.setBmc(one, 'silent')
  cloud.unplugHost(two)
  cloud.cutWire('engine-1', 'bmc:compute-03')
  const targets = [one, two, 'compute-03'].map((host) => bmc(host))
  for (const target of [...targets, { ...bmc(one), address: 'nowhere' }]) {
    const startedMs = clock.monotonicMs()
    await t.throwsAsync(during(power.read(target)), { code: 'POWER_UNREACHABLE' })
    t.is(clock.monotonicMs() - startedMs, 6000)
  }
  t.is(await during(cloud.viewFor('engine-2').power.read(bmc('compute-03'))), 'on')
})

test('lying BMC reads off while the machine runs on', async (t) => {
  const { cloud, power, bmc, during, pass, runningOn, one } = buildWorld()
  const { id } = runningOn(one)
  cloud.setBmc(one, 'lies')
  await during(power.off(bmc(one)))
  await pass(3000)
  t.is(await during(power.read(bmc(one))), 'off')
  t.deepEqual(cloud.copiesOf(id), [one])
})

test('refusing BMC fails the order, and one that ignores it reads on', async (t) => {
  const { cloud, power, bmc, during, pass, one, two } = buildWorld()
  cloud.setBmc(one, 'refuses')
  await t.throwsAsync(during(power.off(bmc(one))), { code: 'POWER_COMMAND_FAILED' })
  cloud.setBmc(two, 'ignores')
  await during(power.off(bmc(two)))
  await pass(3000)
  t.is(await during(power.read(bmc(one))), 'on')
  t.is(await during(power.read(bmc(two))), 'on')
})

test('slow BMC answers late or not at all, and carries out its orders', async (t) => {
  const { cloud, power, bmc, during, pass, one } = buildWorld()
  cloud.setBmc(one, 'slow')
  const reads = await during(
    Promise.allSettled(Array.from({ length: 40 }, () => power.read(bmc(one)))),
  )
  const outcomes = new Set(reads.map(({ status }) => status))
  t.deepEqual([...outcomes].toSorted(), ['fulfilled', 'rejected'])
  await during(Promise.allSettled([power.off(bmc(one))]))
  await pass(3000)
  t.is(cloud.machine(one).power, 'off')
})

test('changed password is misconfigured, never off', async (t) => {
  const { cloud, power, bmc, during, one } = buildWorld()
  cloud.changeBmcPassword(one, 'another')
  await t.throwsAsync(during(power.read(bmc(one))), { code: 'POWER_MISCONFIGURED' })
  await t.throwsAsync(during(power.off(bmc(one))), { code: 'POWER_MISCONFIGURED' })
})

const { cloud, nextHost } = buildRunawayCloud()
cloud.setPowerOffDelay([0, 0])

powerConformance(test, {
  open: () => ({
    sessions: cloud.viewFor('engine-1').power.sessions,
    read: (bmc, signal) => cloud.viewFor('engine-1').power.read(bmc, signal),
    off: (bmc, signal) => cloud.viewFor('engine-1').power.off(bmc, signal),
    async [Symbol.asyncDispose]() {},
  }),
  async startMachine() {
    const { name, controlAttributes } = nextHost()
    return machineOf(name, defined(parseControlAttributes(controlAttributes).ipmi))
  },
})

function machineOf(name: HostName, settings: BmcSettings): PowerMachine {
  const moods = { obey: 'well', refuse: 'refuses', lie: 'ignores' } as const
  return {
    settings,
    power: () => Promise.resolve(cloud.machine(name).power),
    async setPower(state) {
      if (state === 'on') cloud.powerOnHost(name)
      else cloud.crashHost(name)
    },
    async setTemper(temper) {
      cloud.setBmc(name, moods[temper])
    },
    fallSilent: (at) => cloud.setBmc(name, at === 'order' ? 'loses-order' : 'loses-answer'),
    mend: () => cloud.setBmc(name, 'well'),
    freeze: () => cloud.setBmc(name, 'silent'),
    thaw: () => cloud.setBmc(name, 'well'),
    async kill() {
      cloud.setBmc(name, 'silent')
    },
    async restart() {},
    async [Symbol.asyncDispose]() {},
  }
}

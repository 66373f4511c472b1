/** Simulated sshds pass the suite of the real ones. */
import test from 'ava'
import { SSHD_MOODS } from '../../../transports/simulated/machine.ts'
import { shellConformance } from '../../support/shell-conformance.ts'
import { parseControlAttributes } from '../../../schema/control-attributes.ts'
import { buildRunawayCloud, buildWorld, defined } from './world.ts'

test('host that is up is alive for every process', async (t) => {
  const { cloud, shell, ssh, during, one } = buildWorld()
  t.is((await during(shell.probe(ssh(one), 1000))).outcome, 'alive')
  t.is((await during(cloud.viewFor('monitor-2').shell.probe(ssh(one), 1000))).outcome, 'alive')
})

test('crashed, hung, booting and cut-off hosts are silent for exactly the timeout', async (t) => {
  const { cloud, shell, ssh, clock, during, one } = buildWorld()
  const isSilent = async (): Promise<void> => {
    const startedMs = clock.monotonicMs()
    t.is((await during(shell.probe(ssh(one), 1000))).outcome, 'silent')
    t.is(clock.monotonicMs() - startedMs, 1000)
  }
  cloud.hangHost(one)
  await isSilent()
  cloud.thawHost(one)
  cloud.cutHost(one)
  await isSilent()
  cloud.mendHost(one)
  cloud.cutWire('engine-1', `ssh:${one}`)
  await isSilent()
  cloud.mendWire('engine-1', `ssh:${one}`)
  t.is((await during(shell.probe(ssh(one), 1000))).outcome, 'alive')
  cloud.rebootHost(one)
  await isSilent()
})

test('cut wire of one observer affects only that one', async (t) => {
  const { cloud, shell, ssh, during, one } = buildWorld()
  cloud.cutWire('engine-1', `ssh:${one}`)
  t.is((await during(shell.probe(ssh(one), 1000))).outcome, 'silent')
  t.is((await during(cloud.viewFor('monitor-2').shell.probe(ssh(one), 1000))).outcome, 'alive')
})

test('each state of sshd has its outcome, and a slow one answers only with a long timeout', async (t) => {
  const { cloud, shell, ssh, during, one } = buildWorld()
  const outcomes: Record<string, string> = {}
  for (const mood of SSHD_MOODS) {
    cloud.setSshd(one, mood)
    outcomes[mood] = (await during(shell.probe(ssh(one), 500))).outcome
  }
  t.deepEqual(outcomes, { up: 'alive', down: 'refused', rejects: 'misconfigured', slow: 'silent' })
  cloud.setSshd(one, 'slow')
  t.is((await during(shell.probe(ssh(one), 30_000))).outcome, 'alive')
})

const { cloud, nextHost } = buildRunawayCloud()

test('crashed and cut-off hosts accept nothing, and a slow sshd is waited for longer', async (t) => {
  const { cloud, shell, ssh, clock, during, one, two } = buildWorld()
  const tookMs = async (host: typeof one): Promise<number> => {
    const beganAtMs = clock.monotonicMs()
    await during(shell.probe(ssh(host), 900, 500))
    return clock.monotonicMs() - beganAtMs
  }
  cloud.setSshd(two, 'slow')
  t.is(await tookMs(two), 900)
  cloud.crashHost(one)
  t.is(await tookMs(one), 500)
})

shellConformance(test, async () => ({
  shell: cloud.viewFor('monitor-1').shell,
  async startMachine(access) {
    const { name, controlAttributes } = nextHost()
    if (access === 'denied') cloud.setSshd(name, 'rejects')
    return {
      settings: defined(parseControlAttributes(controlAttributes).ssh),
      freeze: async () => cloud.hangHost(name),
      thaw: async () => cloud.thawHost(name),
      kill: async () => cloud.setSshd(name, 'down'),
      restart: async () => cloud.setSshd(name, 'up'),
      reinstall: async () => cloud.reinstallHost(name),
      async [Symbol.asyncDispose]() {},
    }
  },
  async [Symbol.asyncDispose]() {},
}))

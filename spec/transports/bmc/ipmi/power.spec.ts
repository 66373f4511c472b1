/** Power over real ipmitool sessions to BMC simulators that obey, lie, freeze and die. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { startBmc } from '../../../support/bmc.ts'
import { commandLinesWith } from '../../../support/child-processes.ts'
import { powerConformance, type PowerMachine } from '../../../support/power-conformance.ts'
import { openUdpRelay } from '../../../support/udp-relay.ts'
import { until } from '../../../support/until.ts'
import { openBmcPower } from '../../../../transports/bmc/power.ts'
import { VirtualClock } from '../../../../transports/simulated/clock.ts'
import { SystemClock } from '../../../../transports/system/clock.ts'

const systemClock = new SystemClock()

const openHasty = (): ReturnType<typeof openBmcPower> =>
  openBmcPower({ clock: systemClock, minimumSpacingMs: 0 })

powerConformance(test, { open: openHasty, startMachine: startWiredBmc })

/** Behind a wire that can fall silent; what the session sends next is the order. */
async function startWiredBmc(): Promise<PowerMachine> {
  const bmc = await startBmc()
  const wire = await openUdpRelay(bmc.settings.port)
  return {
    ...bmc,
    settings: { ...bmc.settings, port: wire.port },
    fallSilent(at) {
      const lost = at === 'order' ? 'there' : 'back'
      wire.treat(({ direction }) => (direction === lost ? 'drop' : 'pass'))
    },
    mend: () => wire.treat(() => 'pass'),
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]()
      await bmc[Symbol.asyncDispose]()
    },
  }
}

test('orders at the same time share one process and are sent one after the other', async (t) => {
  await using bmc = await startBmc()
  await using power = openBmcPower({ clock: systemClock, minimumSpacingMs: 300 })
  const orders = Promise.all([1, 2, 3].map(() => power.read(bmc.settings)))
  t.deepEqual(await orders, ['on', 'on', 'on'])
  t.is((await ipmitools(bmc.settings.port)).length, 1)
  const times = (await bmc.calls()).map((call) => call.atMs)
  t.is(times.length, 3)
  for (const [index, atMs] of times.entries()) {
    t.true(index === 0 || atMs - (times[index - 1] ?? 0) >= 290, times.join(' '))
  }
})

test('power-off goes ahead of waiting reads and neither it nor its verification waits for long', async (t) => {
  await using bmc = await startBmc()
  await using power = openBmcPower({ clock: systemClock, minimumSpacingMs: 3_600_000 })
  t.is(await power.read(bmc.settings), 'on')
  const startedMs = systemClock.monotonicMs()
  const waiting = power.read(bmc.settings)
  await power.off(bmc.settings)
  t.is(await waiting, 'off')
  t.true(systemClock.monotonicMs() - startedMs < 3000)
  t.deepEqual(
    (await bmc.calls()).map((call) => call.what).filter((what) => what.startsWith('set')),
    ['set power 0'],
  )
})

test('waiting orders are bounded, and removed when they are aborted', async (t) => {
  await using bmc = await startBmc()
  await using power = openBmcPower({ clock: systemClock, minimumSpacingMs: 3_600_000 })
  await power.read(bmc.settings)
  const abort = new AbortController()
  const waiting = Array.from({ length: 8 }, () => power.read(bmc.settings, abort.signal))
  await t.throwsAsync(power.read(bmc.settings), { code: 'POWER_COMMAND_FAILED' })
  abort.abort(new Error('enough'))
  for (const answer of waiting) await t.throwsAsync(answer, { message: 'enough' })
  const late = power.read(bmc.settings)
  await power[Symbol.asyncDispose]()
  await t.throwsAsync(late, { code: 'POWER_UNAVAILABLE' })
  t.is((await bmc.calls()).length, 1)
})

test('refused password is not tried again for a while by reads', async (t) => {
  await using bmc = await startBmc()
  await using power = openHasty()
  const stranger = { ...bmc.settings, username: 'stranger' }
  const first = await t.throwsAsync(power.read(stranger), { code: 'POWER_MISCONFIGURED' })
  const second = await t.throwsAsync(power.read(stranger), { code: 'POWER_MISCONFIGURED' })
  t.is(first, second)
})

test('password is in no command line, and children end with the port', async (t) => {
  await using bmc = await startBmc()
  const power = openHasty()
  await power.read(bmc.settings)
  t.is((await ipmitools(bmc.settings.port)).length, 1)
  t.deepEqual(await commandLinesWith(bmc.settings.password.reveal()), [])
  await power[Symbol.asyncDispose]()
  t.deepEqual(await ipmitools(bmc.settings.port), [])
})

test('port closes at once while a session is being opened to a silent BMC', async (t) => {
  await using bmc = await startBmc()
  bmc.freeze()
  const power = openHasty()
  const answer = power.read(bmc.settings)
  const startedMs = systemClock.monotonicMs()
  await power[Symbol.asyncDispose]()
  await t.throwsAsync(answer, { code: 'POWER_UNAVAILABLE' })
  t.true(systemClock.monotonicMs() - startedMs < 2000)
  t.deepEqual(await ipmitools(bmc.settings.port), [])
})

test('slow BMC is waited for', async (t) => {
  await using bmc = await startBmc()
  await using power = openHasty()
  await bmc.setTemper('slow')
  await power.off(bmc.settings)
  t.is(await power.read(bmc.settings), 'off')
})

test('silent BMC holds an order no longer than the deadline of a command', async (t) => {
  await using bmc = await startBmc()
  bmc.freeze()
  const commandTimeoutMs = 500 // well below the six seconds of ipmitool itself
  await using power = openBmcPower({ clock: systemClock, minimumSpacingMs: 0, commandTimeoutMs })
  const startedMs = systemClock.monotonicMs()
  const error = await t.throwsAsync(power.read(bmc.settings), { code: 'POWER_UNREACHABLE' })
  t.is(error?.message, 'no answer in time')
  t.true(systemClock.monotonicMs() - startedMs < 4000)
  await until('no process', async () => (await ipmitools(bmc.settings.port)).length === 0)
})

test('idle session is closed after a minute, and opened again when it is needed', async (t) => {
  await using bmc = await startBmc()
  const clock = new VirtualClock()
  await using power = openBmcPower({ clock, minimumSpacingMs: 0 })
  await power.read(bmc.settings)
  await clock.pass(59_000, () => setImmediate())
  t.is((await ipmitools(bmc.settings.port)).length, 1)
  await clock.pass(1000, () => setImmediate())
  await until('no session', async () => (await ipmitools(bmc.settings.port)).length === 0)
  t.is(await power.read(bmc.settings), 'on')
})

test('power-off opens a new session when the old one may have died of idleness', async (t) => {
  await using bmc = await startBmc()
  const clock = new VirtualClock()
  await using power = openBmcPower({ clock, minimumSpacingMs: 0 })
  await power.read(bmc.settings)
  await bmc.restart()
  await clock.pass(26_000, () => setImmediate())
  await power.off(bmc.settings)
  t.is(await bmc.power(), 'off')
})

test('power-off in a session that has just died fails, and its repetition works', async (t) => {
  await using bmc = await startBmc()
  await using power = openHasty()
  await power.read(bmc.settings)
  await bmc.restart()
  await t.throwsAsync(power.off(bmc.settings), { code: 'POWER_UNREACHABLE' })
  await power.off(bmc.settings)
  t.is(await bmc.power(), 'off')
})

const ipmitools = (port: number): Promise<readonly string[]> =>
  commandLinesWith(`ipmitool -v -I lanplus -C 3 -H 127.0.0.1 -p ${port} `)

/** Redfish services that deviate from the standard as vendors are known to do (decision 0042). */
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import test from 'ava'
import type { PowerPort } from '../../../../actors/ports/power.ts'
import { Secret } from '../../../../schema/control-attributes.ts'
import { openBmcPower } from '../../../../transports/bmc/power.ts'
import { VirtualClock } from '../../../../transports/simulated/clock.ts'
import { SystemClock } from '../../../../transports/system/clock.ts'
import {
  startRedfishBmc,
  type RedfishBmc,
  type RedfishHabits,
} from '../../../support/redfish-bmc.ts'
import { until } from '../../../support/until.ts'

const clock = new SystemClock()

interface Stage extends AsyncDisposable {
  readonly bmc: RedfishBmc
  readonly power: PowerPort & AsyncDisposable
}

async function stage(habits: RedfishHabits = {}, spacingMs = 0): Promise<Stage> {
  const bmc = await startRedfishBmc(habits)
  const power = openBmcPower({ clock, minimumSpacingMs: spacingMs, commandTimeoutMs: 3000 })
  return {
    bmc,
    power,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]()
      await bmc[Symbol.asyncDispose]()
    },
  }
}

const logins = (bmc: RedfishBmc): number =>
  bmc.requests().filter(({ method, path }) => method === 'POST' && /Sessions\/?$/.test(path)).length

const resets = (bmc: RedfishBmc): number =>
  bmc.requests().filter(({ path }) => path.endsWith('ComputerSystem.Reset')).length

test('one session and one connection serve all orders, and both end with the port', async (t) => {
  await using scene = await stage()
  const { bmc, power } = scene
  for (let read = 0; read < 5; read += 1) t.is(await power.read(bmc.settings), 'on')
  await power.off(bmc.settings)
  t.is(await power.read(bmc.settings), 'off')
  t.is(logins(bmc), 1)
  t.is(bmc.wire.connections(), 1)
  t.is(bmc.sessions().length, 1)
  await power[Symbol.asyncDispose]()
  t.deepEqual(bmc.sessions(), [])
  t.deepEqual([...new Set(bmc.requests().map(({ login }) => login))], ['none', 'token'])
})

test('orders are sent one after the other, with the pause between them', async (t) => {
  await using scene = await stage({}, 300)
  const { bmc, power } = scene
  const reads = [1, 2, 3].map(() => power.read(bmc.settings))
  t.deepEqual(await Promise.all(reads), ['on', 'on', 'on'])
  const times = bmc
    .requests()
    .filter(({ path }) => path.endsWith('/Systems/1'))
    .map(({ atMs }) => atMs)
  t.is(times.length, 3)
  for (const [index, atMs] of times.entries()) {
    t.true(index === 0 || atMs - (times[index - 1] ?? 0) >= 290, times.join(' '))
  }
})

test('session that has expired is replaced by one new one, for reads and for power-off', async (t) => {
  for (const cutsRefusals of [false, true]) {
    await using scene = await stage({ cutsRefusals }) // iDRAC 8 cuts its 401 off
    const { bmc, power } = scene
    t.is(await power.read(bmc.settings), 'on')
    bmc.expire()
    t.is(await power.read(bmc.settings), 'on')
    bmc.expire()
    await power.off(bmc.settings)
    t.is(bmc.power(), 'off')
    t.is(logins(bmc), 3)
  }
})

test('service without sessions gets user and password with each request, and no other service does', async (t) => {
  await using scene = await stage({ sessions: 'none' }) // iDRAC 8 answers 405
  const { bmc, power } = scene
  await power.off(bmc.settings)
  t.is(await power.read(bmc.settings), 'off')
  t.true(bmc.requests().some(({ login }) => login === 'basic'))
  const wrong = { ...bmc.settings, password: new Secret('wrong') }
  await t.throwsAsync(power.read(wrong), { code: 'POWER_MISCONFIGURED' })
})

test('service that hides its root gets a login at the path of the standard', async (t) => {
  await using scene = await stage({ sessions: 'hidden' })
  t.is(await scene.power.read(scene.bmc.settings), 'on')
  t.is(logins(scene.bmc), 1)
})

test('redirection to a slash is followed, and one to another place is not', async (t) => {
  await using near = await stage({ redirects: 'to a slash' }) // older Supermicro BMCs
  t.is(await near.power.read(near.bmc.settings), 'on')
  t.is(near.bmc.sessions().length, 1)
  await using far = await stage({ redirects: 'elsewhere' })
  await t.throwsAsync(far.power.read(far.bmc.settings), {
    code: 'POWER_COMMAND_FAILED',
    message: /redirects to another address/,
  })
})

test('session is ended at the path that the service gives', async (t) => {
  for (const locations of ['path', 'url', 'body'] as const) {
    await using scene = await stage({ locations })
    t.is(await scene.power.read(scene.bmc.settings), 'on')
    await scene.power[Symbol.asyncDispose]()
    t.deepEqual(scene.bmc.sessions(), [], locations)
  }
})

test('service whose sessions are all in use gets user and password with each request until one is free', async (t) => {
  await using scene = await stage({ sessionsMax: 1 }) // iDRAC: RAC0218
  const { bmc, power } = scene
  await using other = openBmcPower({ clock, minimumSpacingMs: 0, commandTimeoutMs: 3000 })
  t.is(await other.read(bmc.settings), 'on')
  t.is(await power.read(bmc.settings), 'on')
  t.is(await power.read(bmc.settings), 'on')
  t.is(logins(bmc), 2, 'a session is not asked for with each order')
  await power.off(bmc.settings)
  t.is(bmc.power(), 'off')
  t.is(bmc.sessions().length, 1)
  t.is(await other.read(bmc.settings), 'off', 'the session of the other client is left alone')
})

test('session is asked for again after a while, and used when there is one', async (t) => {
  const virtual = new VirtualClock()
  await using bmc = await startRedfishBmc({ sessionsMax: 1 })
  await using holder = openBmcPower({ clock, minimumSpacingMs: 0, commandTimeoutMs: 3000 })
  await using power = openBmcPower({ clock: virtual, minimumSpacingMs: 0 })
  t.is(await holder.read(bmc.settings), 'on')
  for (let second = 0; second < 60; second += 20) {
    t.is(await power.read(bmc.settings), 'on')
    if (second === 0) bmc.expire()
    t.is(bmc.requests().at(-1)?.login, 'basic')
    await virtual.pass(20_000, () => setImmediate())
  }
  t.is(await power.read(bmc.settings), 'on')
  t.is(bmc.requests().at(-1)?.login, 'token')
})

test('service without a free session that refuses the password with a request is tried again, and is not misconfigured', async (t) => {
  await using scene = await stage({ sessionsMax: 0, basic: 'refused' })
  const { bmc, power } = scene
  const password = bmc.settings.password.reveal()
  for (const answer of [power.read(bmc.settings), power.off(bmc.settings)]) {
    const error = await t.throwsAsync(answer, {
      code: 'POWER_UNREACHABLE',
      message: /no free session .*RAC0218/,
    })
    const shown = inspect(error, { depth: 9, showHidden: true })
    t.false(shown.includes(password) || shown.includes('Basic '))
  }
  t.is(bmc.requests().filter(({ login }) => login === 'basic').length, 1, 'accounts are locked')
})

test('session that nobody uses ends, and its place is free', async (t) => {
  const ofBmc = new VirtualClock()
  const idle = { sessionIdleMs: 30_000, nowMs: () => ofBmc.monotonicMs() }
  await using bmc = await startRedfishBmc({ sessionsMax: 1, ...idle })
  await using killed = openBmcPower({ clock, minimumSpacingMs: 0, commandTimeoutMs: 3000 })
  t.is(await killed.read(bmc.settings), 'on')
  await ofBmc.pass(30_001, () => setImmediate())
  await using next = openBmcPower({ clock, minimumSpacingMs: 0, commandTimeoutMs: 3000 })
  t.is(await next.read(bmc.settings), 'on')
  t.is(bmc.requests().at(-1)?.login, 'token')
})

test('BMC that starts is busy, and is asked again', async (t) => {
  await using scene = await stage()
  const { bmc, power } = scene
  bmc.setTemper('starting')
  const answers = [power.off(bmc.settings), power.read(bmc.settings)]
  for (const answer of answers) {
    await t.throwsAsync(answer, { code: 'POWER_COMMAND_FAILED', message: /busy or starting/ })
  }
  bmc.setTemper('obey')
  await power.off(bmc.settings)
  t.is(bmc.power(), 'off')
})

test('machine that is off already counts as powered off, though the service refuses the order', async (t) => {
  for (const whenOff of [400, 409] as const) {
    await using scene = await stage({ whenOff }) // iLO answers 400, iDRAC 9 409
    scene.bmc.setPower('off')
    await scene.power.off(scene.bmc.settings)
    t.is(await scene.power.read(scene.bmc.settings), 'off')
  }
})

test('every status that accepts an order counts, and the ETag is sent to services that need it', async (t) => {
  for (const acceptedWith of [200, 202, 204] as const) {
    for (const needsEtag of [false, true]) {
      await using scene = await stage({ acceptedWith, needsEtag })
      await scene.power.off(scene.bmc.settings)
      t.is(scene.bmc.power(), 'off', `${acceptedWith} ${needsEtag}`)
    }
  }
})

test('only off is off, in every spelling', async (t) => {
  const spellings = [
    ['On', 'on'],
    ['ON', 'on'],
    ['PoweringOff', 'on'],
    ['PoweringOn', 'on'],
    ['Paused', 'on'],
    ['Off', 'off'],
    ['OFF ', 'off'],
  ] as const
  for (const [spelled, power] of spellings) {
    await using scene = await stage({ spells: () => spelled })
    t.is(await scene.power.read(scene.bmc.settings), power, spelled)
  }
  for (const spelled of ['', 'Unknown', 0, false, ['Off'], { Off: true }]) {
    await using scene = await stage({ spells: () => spelled })
    await t.throwsAsync(scene.power.read(scene.bmc.settings), {
      code: 'POWER_COMMAND_FAILED',
      message: /does not tell the power state/,
    })
  }
})

test('machine that offers no ForceOff gets no order, and is powered off if it is off already', async (t) => {
  await using scene = await stage({ offers: () => ['On', 'GracefulShutdown'] })
  const { bmc, power } = scene
  await t.throwsAsync(power.off(bmc.settings), {
    code: 'POWER_COMMAND_FAILED',
    message: /offers no ForceOff, but On, GracefulShutdown/,
  })
  bmc.setPower('off')
  await power.off(bmc.settings)
  t.is(resets(bmc), 0)
})

test('order is sent when the service does not list what it offers', async (t) => {
  await using scene = await stage({ offers: () => undefined })
  await scene.power.off(scene.bmc.settings)
  t.is(scene.bmc.power(), 'off')
})

test('the offered orders are read again when the machine is on', async (t) => {
  await using scene = await stage({ offers: (power) => (power === 'off' ? ['On'] : ['ForceOff']) })
  const { bmc, power } = scene
  bmc.setPower('off')
  t.is(await power.read(bmc.settings), 'off')
  bmc.setPower('on')
  await power.off(bmc.settings)
  t.is(bmc.power(), 'off')
})

test('names in other cases are understood', async (t) => {
  await using scene = await stage({ case: 'lower' })
  await scene.power.off(scene.bmc.settings)
  t.is(await scene.power.read(scene.bmc.settings), 'off')
})

test('answer without an end is cut off at a limit', async (t) => {
  await using scene = await stage()
  scene.bmc.setTemper('endless')
  await t.throwsAsync(scene.power.read(scene.bmc.settings), {
    code: 'POWER_COMMAND_FAILED',
    message: /exceeds 1048576 bytes/,
  })
})

test('pause between tries of a wrong password grows, so that the account is not locked', async (t) => {
  await using bmc = await startRedfishBmc()
  const virtual = new VirtualClock()
  await using power = openBmcPower({ clock: virtual, minimumSpacingMs: 0 })
  const settings = { ...bmc.settings, password: new Secret('wrong') }
  for (let minute = 0; minute < 30; minute += 1) {
    for (let poll = 0; poll < 3; poll += 1) {
      await t.throwsAsync(power.read(settings), { code: 'POWER_MISCONFIGURED' })
      await virtual.pass(20_000, () => setImmediate())
    }
  }
  t.true(logins(bmc) <= 10, `${logins(bmc)} logins in half an hour`)
  t.is(await power.read(bmc.settings), 'on')
})

test('certificate other than the pinned one gets neither user nor password', async (t) => {
  await using scene = await stage()
  const { bmc, power } = scene
  const other = {
    ...bmc.settings,
    fingerprints: [Array.from({ length: 32 }, () => 'AA').join(':')],
  }
  const attempts = [power.read(other), power.off(other)]
  for (const attempt of attempts) {
    await t.throwsAsync(attempt, {
      code: 'POWER_MISCONFIGURED',
      message:
        /shows a certificate with the fingerprint [0-9A-F:]{95}; redfish\.fingerprint expects AA:/,
    })
  }
  t.deepEqual(bmc.requests(), [])
  t.is(await power.read(bmc.settings), 'on')
})

test('certificate without a pin counts only when a trusted authority signs it', async (t) => {
  await using bmc = await startRedfishBmc()
  const settings = { ...bmc.settings, fingerprints: [] }
  await using strict = openBmcPower({ clock, minimumSpacingMs: 0 })
  await t.throwsAsync(strict.read(settings), {
    code: 'POWER_MISCONFIGURED',
    message: /certificate of the BMC is not trusted/,
  })
  t.deepEqual(bmc.requests(), [])
  await using trusting = openBmcPower({ clock, minimumSpacingMs: 0, ca: bmc.ca })
  t.is(await trusting.read(settings), 'on')
})

test('certificate of a trusted authority for another name is not trusted', async (t) => {
  await using bmc = await startRedfishBmc()
  const { url } = bmc.settings
  const settings = { ...bmc.settings, fingerprints: [], url: url.replace('127.0.0.1', 'localhost') }
  await using power = openBmcPower({ clock, minimumSpacingMs: 0, ca: bmc.ca })
  await t.throwsAsync(power.read(settings), { code: 'POWER_MISCONFIGURED', message: /ALTNAME/ })
  t.deepEqual(bmc.requests(), [])
})

test('idle session is ended after a minute, and opened again when it is needed', async (t) => {
  await using bmc = await startRedfishBmc()
  const virtual = new VirtualClock()
  await using power = openBmcPower({ clock: virtual, minimumSpacingMs: 0 })
  await power.read(bmc.settings)
  await virtual.pass(59_000, () => setImmediate())
  t.is(bmc.sessions().length, 1)
  await virtual.pass(1000, () => setImmediate())
  await until('no session', async () => bmc.sessions().length === 0)
  t.is(await power.read(bmc.settings), 'on')
})

test('power-off uses a new connection when the kept one was idle for long', async (t) => {
  await using bmc = await startRedfishBmc()
  const virtual = new VirtualClock()
  await using power = openBmcPower({ clock: virtual, minimumSpacingMs: 0 })
  await power.read(bmc.settings)
  await virtual.pass(26_000, () => setImmediate())
  await power.off(bmc.settings)
  t.is(bmc.wire.connections(), 2)
  t.is(logins(bmc), 1)
})

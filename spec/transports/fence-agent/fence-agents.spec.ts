/**
 * Fence agents and commands as real child processes: a ClusterLabs agent on a real BMC, and faulty
 * scripts.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import type { FenceProgram } from '../../../actors/ports/fence-agent.ts'
import { Secret } from '../../../schema/control-attributes.ts'
import { openFenceAgents } from '../../../transports/fence-agent/fence-agents.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { startBmc } from '../../support/bmc.ts'
import { fenceProgram, fenceScripts } from '../../support/fence-scripts.ts'
import { startRedfishBmc } from '../../support/redfish-bmc.ts'
import { program } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const PASSWORD = 's3cret-of-the-outlet'

test('fence_ipmilan powers a machine off, and reads the state of its BMC back', async (t) => {
  const agent = program('fence_ipmilan', 'fence-agents')
  await using bmc = await startBmc()
  const { settings } = bmc
  const directory = agent.slice(0, agent.lastIndexOf('/'))
  const directories = { agent: directory, command: directory }
  await using port = openFenceAgents({ clock: new SystemClock(), directories })
  const options = {
    ip: settings.address,
    ipport: String(settings.port),
    username: settings.username,
    password: settings.password.reveal(),
    lanplus: '1',
    cipher: String(settings.cipherSuite),
  }
  const ipmilan = fenceProgram('fence_ipmilan', {
    kind: 'agent',
    options: new Map(Object.entries(options).map(([key, value]) => [key, new Secret(value)])),
  })
  t.is(await port.read(ipmilan), 'on')
  await port.off(ipmilan)
  t.is(await port.read(ipmilan), 'off')
  t.is(await bmc.power(), 'off')
  const wrong = new Map([...ipmilan.options, ['password', new Secret('guessed-it')]])
  const error = await t.throwsAsync(port.read({ ...ipmilan, options: wrong }), {
    code: 'POWER_COMMAND_FAILED',
  })
  t.false(error.message.includes('guessed-it'))
  const verbose = new Map([...wrong, ['verbose', new Secret('1')]])
  const wordy = await t.throwsAsync(port.off({ ...ipmilan, options: verbose }), {
    code: 'POWER_COMMAND_FAILED',
  })
  t.false(wordy.message.includes('guessed-it'), wordy.message)
})

test('fence_redfish finds in our simulator of a BMC what it finds in a real one', async (t) => {
  const agent = program('fence_redfish', 'fence-agents')
  await using bmc = await startRedfishBmc()
  const { hostname, port: ipport, pathname } = new URL(bmc.settings.url)
  const directory = agent.slice(0, agent.lastIndexOf('/'))
  const directories = { agent: directory, command: directory }
  await using port = openFenceAgents({ clock: new SystemClock(), directories })
  const options = {
    ip: hostname,
    ipport,
    username: bmc.settings.username,
    password: bmc.settings.password.reveal(),
    systems_uri: pathname,
    ssl_insecure: '1',
  }
  const redfish = fenceProgram('fence_redfish', {
    kind: 'agent',
    options: new Map(Object.entries(options).map(([key, value]) => [key, new Secret(value)])),
  })
  t.is(await port.read(redfish), 'on')
  await port.off(redfish)
  t.is(await port.read(redfish), 'off')
  t.is(bmc.power(), 'off')
})

const dummy = (options: Readonly<Record<string, string>>): FenceProgram =>
  fenceProgram('fence_dummy', {
    kind: 'agent',
    options: new Map(Object.entries(options).map(([key, value]) => [key, new Secret(value)])),
  })

test("the output of ClusterLabs' fence_dummy is read, and a wrong use of it proves nothing", async (t) => {
  const agent = program('fence_dummy', 'fence-agents')
  await using world = await fenceScripts({})
  const directory = agent.slice(0, agent.lastIndexOf('/'))
  const directories = { agent: directory, command: directory }
  await using port = openFenceAgents({ clock: new SystemClock(), directories })
  await writeFile(join(world.path, 'status'), 'on')
  const right = dummy({ status_file: join(world.path, 'status'), unknown_option: '1' })
  t.is(await port.read(right), 'on')
  await port.off(right)
  t.is(await port.read(right), 'off')
  await port.off(right)
  const wrong = dummy({ type: 'fail', power_wait: 'x', delay: 'x' })
  await t.throwsAsync(port.read(wrong), { code: 'POWER_COMMAND_FAILED' })
})

test('a program gets everything on its standard input, and nothing in its arguments', async (t) => {
  await using world = await fenceScripts({
    told: 'cat > input; echo "$0 $*" > arguments; env > environment; echo Status: OFF; exit 2',
  })
  const options = new Map([['password', new Secret(PASSWORD)]])
  t.is(await world.port.read(fenceProgram('told', { options })), 'off')
  const said = (name: string): Promise<string> => readFile(join(world.path, name), 'utf8')
  t.is(await said('input'), `action=status\nnodename=compute-1\npassword=${PASSWORD}\n`)
  t.is(await said('arguments'), `${join(world.path, 'told')} \n`)
  t.false((await said('environment')).includes(PASSWORD))
})

test('output and exit status together prove the state, in the spellings of ClusterLabs', async (t) => {
  await using world = await fenceScripts({
    on: 'echo "Status: ON"; exit 0',
    off: 'echo "Status: OFF"; exit 2',
    small: 'echo "status: off"; exit 2',
    wordy: 'echo "Getting status of IPMI:10.0.0.9..."; printf "Chassis power = Off\r\n"; exit 2',
    warns: 'echo "WARNING:root:Parse error: Ignoring unknown option" >&2; echo Status: OFF; exit 2',
  })
  const answers = { on: 'on', off: 'off', small: 'off', wordy: 'off', warns: 'off' } as const
  for (const [name, power] of Object.entries(answers)) {
    t.is(await world.port.read(fenceProgram(name)), power, name)
  }
})

test('the error of a failed order has the last line, without its secrets', async (t) => {
  await using world = await fenceScripts({ fails: 'cat >&2; exit 1' })
  const options = new Map([['password', new Secret(PASSWORD)]])
  await t.throwsAsync(world.port.off(fenceProgram('fails', { options })), {
    code: 'POWER_COMMAND_FAILED',
    message: 'fails off: it ended with 1; it said: action=off | nodename=compute-1 | password=***',
  })
})

test('the output of a program is shown without its option values in any encoding', async (t) => {
  await using world = await fenceScripts({
    url: 'read a; read n; read p; echo "GET /?p=s3cret%2Dof%2dthe-outlet"; exit 1',
    basic: `printf "Authorization: Basic "; printf "admin:${PASSWORD}" | base64; exit 1`,
    traced: 'set -x; : "$(cat)"; exit 1',
  })
  const options = new Map([['password', new Secret(PASSWORD)]])
  for (const name of ['url', 'basic', 'traced']) {
    const error = await t.throwsAsync(world.port.read(fenceProgram(name, { options })))
    t.regex(error.message, /it said: .*\*\*\*/, name)
    t.notRegex(error.message, /s3cret|outlet|czNjcmV0/, name)
  }
})

test('options of more than one line are refused before anything is started', async (t) => {
  await using world = await fenceScripts({ told: 'cat >> input; echo Status: OFF; exit 2' })
  const attacks = [
    ['password', 'x\naction=on\nplug=7'],
    ['password', 'x\raction=on'],
    ['password', 'x\0'],
    ['action', 'on'],
    ['option', 'on'],
    ['plug=7\naction', 'on'],
    ['nodename', 'compute-2'],
    ['password_script', '/bin/true'],
  ] as const
  for (const [name, value] of attacks) {
    const program = fenceProgram('told', { options: new Map([[name, new Secret(value)]]) })
    const refused = { code: 'POWER_MISCONFIGURED' }
    const error = await t.throwsAsync(world.port.read(program), refused, name)
    t.notRegex(error.message, /compute-2|\n/)
    await t.throwsAsync(world.port.off(program), refused, name)
  }
  await t.throwsAsync(readFile(join(world.path, 'input')), { code: 'ENOENT' })
})

/** Waits until the program has started a child; returns whether that child has ended. */
async function childOf(path: string): Promise<() => Promise<boolean>> {
  let pid = ''
  await until('the child is started', async () => {
    pid = (await readFile(join(path, 'pid'), 'utf8').catch(() => '')).trim()
    return pid !== ''
  })
  return async () => {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z ')
    return state.includes(') Z ')
  }
}

const STUBBORN = { stubborn: 'trap "" TERM; sleep 600 & echo $! > pid; wait' }

test('a program that exceeds its time limit is ended with all its children', async (t) => {
  await using world = await fenceScripts(STUBBORN)
  const reading = t.throwsAsync(world.port.read(fenceProgram('stubborn', { timeoutMs: 1500 })), {
    code: 'POWER_UNREACHABLE',
  })
  const isGone = await childOf(world.path)
  await reading
  await until('the child is gone', isGone)
})

test('a signal ends a program, and so does disposal', async (t) => {
  await using world = await fenceScripts(STUBBORN)
  const abort = new AbortController()
  const first = t.throwsAsync(world.port.read(fenceProgram('stubborn'), abort.signal))
  const isGone = await childOf(world.path)
  abort.abort(new Error('enough'))
  await first
  await until('the child is gone', isGone)
  const second = t.throwsAsync(world.port.off(fenceProgram('stubborn')), {
    code: 'POWER_UNAVAILABLE',
  })
  await world.port[Symbol.asyncDispose]()
  await second
})

test('a missing program, or one whose name is no plain name, is never run', async (t) => {
  await using world = await fenceScripts({})
  for (const name of ['missing', '../../bin/true', '/bin/true', '']) {
    await t.throwsAsync(world.port.off(fenceProgram(name)), { code: 'POWER_UNAVAILABLE' }, name)
  }
})

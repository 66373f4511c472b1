/** What systemd is told, on a real socket, by systemd's own program. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import {
  notifySystemd,
  takeSystemdEnvironment,
  type ServiceState,
} from '../../../ops/watchdog/systemd.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { engineConfig } from '../../support/config-text.ts'
import { recordingLog, silentLog } from '../../support/logs.ts'
import { program, startServer, temporaryDirectory } from '../../support/process.ts'
import { until } from '../../support/until.ts'

/** The socket of a service manager, and what it has heard: one line for each message. */
async function openManager() {
  const stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('notify'))
  const socket = join(directory.path, 'notify')
  const receiver = stack.use(
    await startServer({
      command: program('python3', 'python3'),
      args: ['spec/support/notify-socket.py', socket],
      ready: /listening/,
    }),
  )
  return {
    socket,
    directory: directory.path,
    heard: (): readonly string[] =>
      receiver
        .output()
        .trim()
        .split('\n')
        // With a barrier, systemd-notify waits until its message is read.
        .filter((line) => line !== 'listening' && line !== 'BARRIER=1' && line !== ''),
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  }
}

const WORKS: ServiceState = { isReady: true, isAlive: true, sentence: 'engine: stands by' }

test.serial(
  'systemd is told when it is ready, how it is, that it lives and that it stops',
  async (t) => {
    await using manager = await openManager()
    let state: ServiceState = { ...WORKS, isReady: false, sentence: 'waits for the store' }
    const clock = new SystemClock()
    const notifying = notifySystemd(
      { socket: manager.socket, watchdogMs: 400 },
      { clock, log: silentLog, state: () => state },
    )
    await until('the first word', () => manager.heard().length > 0)
    t.is(manager.heard()[0], 'STATUS=waits for the store | WATCHDOG=1')
    state = WORKS
    await until('ready', () => manager.heard().some((line) => line.includes('READY=1')))
    await until(
      'more signs of life',
      () => manager.heard().filter((line) => line === 'WATCHDOG=1').length > 2,
    )
    const ready = manager.heard().filter((line) => line.includes('READY=1'))
    t.deepEqual(ready, ['READY=1 | STATUS=engine: stands by | WATCHDOG=1'])
    state = { ...WORKS, isAlive: false, sentence: 'engine: given up\nSTOPPING=1' }
    await until('the trouble', () => manager.heard().some((line) => line.includes('given up')))
    t.is(
      manager.heard().at(-1),
      'STATUS=engine: given up STOPPING=1',
      'one line, and no sign of life',
    )
    await notifying[Symbol.asyncDispose]()
    await until('the end', () => manager.heard().at(-1)?.startsWith('STOPPING=1') === true)
    const afterTrouble = manager
      .heard()
      .slice(manager.heard().findIndex((line) => line.includes('given up')))
    t.false(afterTrouble.some((line) => line.includes('WATCHDOG=1')))
  },
)

test.serial('an engine tells systemd that it leads, and that it stops', async (t) => {
  await using manager = await openManager()
  const file = join(manager.directory, 'engine.conf')
  const text = `${engineConfig(manager.directory)}[health]\nenabled = false\n`
  await writeFile(file, text, { mode: 0o600 })
  await using engine = await startServer({
    command: process.execPath,
    args: ['ops/cli.ts', 'run', '--config', file],
    env: { NOTIFY_SOCKET: manager.socket, WATCHDOG_USEC: '2000000' },
    ready: /instance-ha runs/,
  })
  await until('it is ready', () => manager.heard().some((line) => line.startsWith('READY=1')))
  await until('it leads', () =>
    manager.heard().some((line) => line.includes('STATUS=engine: leads with epoch 1')),
  )
  await until('it lives', () => manager.heard().includes('WATCHDOG=1'))
  engine.signal('SIGTERM')
  await engine.ended
  t.true(manager.heard().some((line) => line.startsWith('STOPPING=1')))
})

test('the variables are taken out of the environment, so that no child speaks for the process', (t) => {
  const environment = {
    NOTIFY_SOCKET: '/run/n',
    WATCHDOG_USEC: '30000000',
    WATCHDOG_PID: '7',
    PATH: '/bin',
  }
  t.deepEqual(takeSystemdEnvironment(environment, 7), { socket: '/run/n', watchdogMs: 30_000 })
  t.deepEqual(environment, { PATH: '/bin' } as never)
})

for (const [what, environment, expected] of [
  ['no service manager', {}, undefined],
  ['no watchdog', { NOTIFY_SOCKET: '/n' }, { socket: '/n', watchdogMs: undefined }],
  [
    'the watchdog of another process',
    { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: '5', WATCHDOG_PID: '1' },
    { socket: '/n', watchdogMs: undefined },
  ],
  [
    'nonsense',
    { NOTIFY_SOCKET: '/n', WATCHDOG_USEC: 'soon' },
    { socket: '/n', watchdogMs: undefined },
  ],
] as const) {
  test(`the environment names ${what}`, (t) => {
    t.deepEqual(takeSystemdEnvironment({ ...environment }, 7), expected)
  })
}

test.serial(
  'a socket that nobody serves is one line of the log, however often it is tried',
  async (t) => {
    const log = recordingLog()
    await using directory = await temporaryDirectory('notify')
    const socket = join(directory.path, 'nobody')
    const notifying = notifySystemd(
      { socket, watchdogMs: 100 },
      { clock: new SystemClock(), log, state: () => WORKS },
    )
    await until('it has failed', () => log.lines.length > 0)
    await notifying[Symbol.asyncDispose]()
    t.is(log.lines.length, 1)
    t.regex(log.lines[0] ?? '', /^warn systemd cannot be told/)
  },
)

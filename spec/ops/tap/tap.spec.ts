/** The command tap on a real NATS server, as an operator runs it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { LeadershipTerm } from '../../../actors/leadership/leadership-term.ts'
import { announcerOn } from '../../../ops/roles/announcer.ts'
import { connectNats } from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { engineConfig } from '../../support/config-text.ts'
import { silentLog } from '../../support/logs.ts'
import { startNats, type NatsFeatures } from '../../support/nats.ts'
import { temporaryDirectory } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const PATIENCE_MS = 60_000
const NOTIFICATION = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736'

/** A server, a process that speaks on it, and the command. */
async function site(features: Partial<NatsFeatures> = {}) {
  await using stack = new AsyncDisposableStack()
  const nats = stack.use(await startNats(features))
  const directory = stack.use(await temporaryDirectory('tap'))
  const config = join(directory.path, 'ha.conf')
  const { password } = features
  const account = password === undefined ? '' : `\nuser = ha\npassword = ${password}`
  const text = engineConfig(directory.path).replace(
    'servers = memory',
    `servers = ${nats.url}${account}`,
  )
  await writeFile(config, text, { mode: 0o600 })
  const around = { clock: new SystemClock(), random: new SystemRandom() }
  const credentials = password === undefined ? {} : { user: 'ha', password: new Secret(password) }
  const options = {
    servers: [nats.url],
    cloud: 'default',
    leaseTtlMs: 6000,
    log: silentLog,
    node: 'monitor-1',
    keepsStreams: true,
  }
  const { bus } = stack.use(connectNats({ ...options, credentials, ...around }))
  const term = new LeadershipTerm(around.clock)
  const from = { cloud: 'default', node: 'monitor-1', incarnation: 'i' }
  const announcer = announcerOn(bus, from, { ...around, term })
  const children: ChildProcess[] = []
  stack.defer(() => {
    for (const child of children) child.kill('SIGKILL')
  })
  const tap = (...args: readonly string[]) => {
    const child = spawn(process.execPath, ['ops/cli.ts', 'tap', '--config', config, ...args])
    const heard = { out: '', err: '' }
    child.stdout.on('data', (chunk) => void (heard.out += String(chunk)))
    child.stderr.on('data', (chunk) => void (heard.err += String(chunk)))
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
    children.push(child)
    return { heard, ended, child }
  }
  const parts = stack.move()
  return { bus, announcer, tap, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

const observed = (hostName: string) => ({
  host: 'h',
  hostName,
  segment: 's',
  observer: 'monitor-1',
  state: 'dead' as const,
  sequence: 1,
  evidence: ['no answer'],
})
const failed = (instance: string) => ({
  instance,
  hostName: 'compute-1',
  observer: 'o',
  event: 'LIFECYCLE',
  domainEvent: 'STOPPED_FAILED',
  evidence: [],
})
const stepped = {
  notification: NOTIFICATION,
  host: 'compute-1',
  step: 'fenced',
  reason: 'off',
} as const

test.serial('messages are printed as they come, and what they say is harmless', async (t) => {
  await using world = await site()
  const { heard, child, ended } = world.tap()
  await until(
    'the tap listens',
    () => {
      world.announcer.announce('host.observed', {
        ...observed('compute\u202e-1'),
        evidence: ['\u009b2J'],
      })
      return heard.out.includes('is dead')
    },
    PATIENCE_MS,
  )
  world.bus.publish('ha.default.operator.x', new TextEncoder().encode('\u001b[2J'))
  world.announcer.announce('recovery.stepped', { ...stepped, evidence: [] })
  await until('the next message comes', () => heard.out.includes('fenced: off'), PATIENCE_MS)
  t.regex(heard.out, /compute\\u\{202e\}-1 is dead: \\u\{9b\}2J/)
  t.regex(heard.out, /ha\.default\.operator\.x: not readable/)
  t.notRegex(heard.out, /[^\P{C}\n]/u)
  child.kill('SIGINT')
  t.is(await ended, 0)
})

test.serial('with --since the stream comes first, in its order, and nothing twice', async (t) => {
  await using world = await site()
  const ids = Array.from({ length: 50 }, (_each, index) => `i-${index}`)
  await until('the bus takes faults', async () => {
    await world.announcer.submit('guest.failed', failed('first'), 'first')
    return true
  })
  for (const id of ids.slice(0, 30)) await world.announcer.submit('guest.failed', failed(id), id)
  const { heard } = world.tap('--since', '10m', '--json', '--kind', 'guest.failed')
  for (const id of ids.slice(30)) await world.announcer.submit('guest.failed', failed(id), id)
  const seen = (): string[] =>
    heard.out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).body.instance)
  await until('all came', () => seen().includes('i-49'), PATIENCE_MS)
  await world.announcer.submit('guest.failed', failed('last'), 'last')
  await until('live messages follow', () => seen().includes('last'), PATIENCE_MS)
  t.deepEqual(seen(), ['first', ...ids, 'last'])
})

test.serial('only what is asked for is printed', async (t) => {
  await using world = await site()
  const { heard } = world.tap('recovery.>', '--notification', NOTIFICATION, '--host', 'compute-1')
  await until(
    'the tap listens',
    () => {
      const other = 'ffffffff-77b3-4da6-a3ce-929d0e0e4736'
      world.announcer.announce('host.observed', observed('compute-1'))
      world.announcer.announce('recovery.stepped', {
        ...stepped,
        notification: other,
        evidence: [],
      })
      world.announcer.announce('recovery.stepped', { ...stepped, host: 'compute-2', evidence: [] })
      world.announcer.announce('recovery.stepped', { ...stepped, evidence: [] })
      return heard.out !== ''
    },
    PATIENCE_MS,
  )
  for (const line of heard.out.trim().split('\n')) {
    t.regex(line, /recovery 4bf92f35\S+ of compute-1: fenced/)
  }
})

test.serial(
  'an account that may only subscribe sees live messages, and is told what is denied',
  async (t) => {
    const denied = { publish: ['$JS.>'] }
    await using world = await site({ password: 'secret', denied })
    const { heard } = world.tap('--since', '1h')
    await until('it says so', () => heard.err.includes('cannot be read'), PATIENCE_MS)
    const denial = 'does not allow this account to publish $JS'
    await until('it says why', () => heard.err.includes(denial), PATIENCE_MS)
    await until(
      'live messages come',
      () => {
        world.announcer.announce('host.observed', observed('compute-1'))
        return heard.out.includes('compute-1 is dead')
      },
      PATIENCE_MS,
    )
    t.false(heard.err.includes('secret'))
  },
)

test.serial('an account that may not subscribe is told so', async (t) => {
  await using world = await site({ password: 'secret', denied: { subscribe: ['ha.>'] } })
  const { heard } = world.tap()
  await until('it says so', () => heard.err.includes('ha.default.>'), PATIENCE_MS)
  t.regex(heard.err, /does not allow this account to subscribe to ha\.default\.>/)
})

test.serial('a reader that goes away ends it quietly', async (t) => {
  await using world = await site()
  const { heard, child, ended } = world.tap()
  const say = (): boolean => {
    world.announcer.announce('host.observed', observed('compute-1'))
    return heard.out !== ''
  }
  await until('the tap listens', say, PATIENCE_MS)
  child.stdout.destroy()
  await until('it has ended', () => say() && child.exitCode !== null, PATIENCE_MS)
  t.is(await ended, 0)
  t.is(heard.err, '')
})

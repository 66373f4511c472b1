/**
 * A process that cannot do its work shows it in `/health/ready`: what, why, and since when. On a
 * real NATS server.
 */
import test from 'ava'
import { Metrics } from '../../ops/metrics/metrics.ts'
import { connect, type NatsConnection } from 'nats'
import { openEmbeddedWorld } from '../../ops/ports.ts'
import { startProcess } from '../../ops/process.ts'
import { endInOrder } from '../../ops/shutdown.ts'
import { registerSegments } from '../../ops/simulator/register-segments.ts'
import { createLogger } from '../../transports/log/logger.ts'
import { leaseSubject } from '../../transports/nats/streams.ts'
import { buildCloud } from '../../transports/simulated/build-cloud.ts'
import { SeededRandom } from '../../transports/simulated/random.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { configOf } from '../bench/config.ts'
import { startNats, type Denied } from '../support/nats.ts'
import { until } from '../support/until.ts'

const PATIENCE_MS = 90_000
const PASSWORD = 'right'

interface Ready {
  readonly status: number
  readonly ready: boolean
  readonly checks: readonly {
    readonly name: string
    readonly ok: boolean
    readonly reason: string | null
  }[]
}

/** One process with these roles, on a simulated cloud and a real bus. */
async function openProcess(url: string, name: string, roles: string) {
  const text = `
[DEFAULT]
host = ${name}
[api]
listen_port = 0
[roles]
enabled = ${roles}
[bus]
servers = ${url}
user = ha
password = ${PASSWORD}
`
  const config = configOf(text, 'embedded')
  const clock = new SystemClock()
  const log = createLogger('error')
  const ambient = {
    clock,
    random: new SystemRandom(),
    log,
    closing: new AsyncDisposableStack(),
    metrics: new Metrics(),
  }
  const size = { segments: 1, hostsPerSegment: 2, instances: 0 }
  const cloud = buildCloud({ clock, random: new SeededRandom(1), ...size })
  const world = openEmbeddedWorld(config, ambient, cloud)
  await world.store.migrate()
  await registerSegments(world.store, cloud.segments)
  const running = await startProcess(config, world, ambient, (path, error) => {
    throw new Error(`${path} gave up`, { cause: error })
  })
  return {
    leads: () => running.node.leading(),
    async ready(): Promise<Ready> {
      const answer = await fetch(`${running.address}/health/ready`)
      const body: unknown = await answer.json()
      return { status: answer.status, ...(body as Pick<Ready, 'checks' | 'ready'>) }
    },
    [Symbol.asyncDispose]: async () => void (await endInOrder(running.endings, log)),
  }
}

const reasonOf = ({ checks }: Ready, name: string): string =>
  checks.find((check) => check.name === name)?.reason ?? ''

const ROLES = 'gateway, engine, host-monitor'

/** Another client of the bus writes the lease whenever it is free, and keeps it. */
function holdLease(connection: NatsConnection, value: string): Disposable {
  const write = (): void => connection.publish(leaseSubject('default'), Buffer.from(value))
  const timer = setInterval(write, 50)
  write()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

for (const [what, value, says] of [
  [
    'garbage with line breaks',
    '<b>\u001B[31m\n{"x": 1}\r\nready: true',
    /the lease holds a value that no engine has written: "<b>\[31m\{"x": 1\}ready: true"$/,
  ],
  ['a megabyte', 'y'.repeat(900_000), /no engine has written: "y{64}"$/],
  [
    'the mark of an engine that is not there',
    'controller-9 0f0e0d0c-0000-4000-8000-000000000001',
    /the lease is held by controller-9, which does not lead$/,
  ],
] as const) {
  test(`while ${what} is written into the lease, every node says that no engine leads, and since when`, async (t) => {
    t.timeout(4 * PATIENCE_MS)
    await using server = await startNats({ password: PASSWORD })
    await using process = await openProcess(server.url, 'controller-1', ROLES)
    await using other = await openProcess(server.url, 'gateway-1', 'gateway')
    await until('it leads', process.leads, PATIENCE_MS)
    await until('it is ready', async () => (await process.ready()).status === 200, PATIENCE_MS)
    const rival = await connect({ servers: server.url, user: 'ha', pass: PASSWORD })
    const ledUntil = Date.now()
    {
      using _held = holdLease(rival, value)
      await until(
        'it is not ready',
        async () => /no engine has led/.test(reasonOf(await process.ready(), 'leader')),
        PATIENCE_MS,
        500,
      )
      const ready = await process.ready()
      t.is(ready.status, 503)
      const reason = reasonOf(ready, 'leader')
      t.regex(reason, says)
      const [, since = ''] = /no engine has led since (\S+):/.exec(reason) ?? []
      t.true(Math.abs(Date.parse(since) - ledUntil) < 10_000, `${since} is not ${ledUntil}`)
      await until(
        'the gateway says it too',
        async () => says.test(reasonOf(await other.ready(), 'leader')),
        PATIENCE_MS,
        500,
      )
      t.like(
        await other.ready(),
        { status: 200, ready: false },
        'the API takes faults all the same',
      )
    }
    await rival.close()
    await until('it leads again', process.leads, PATIENCE_MS)
    await until('it is ready again', async () => (await process.ready()).status === 200)
  })
}

const DENIED: readonly (readonly [check: string, denied: Denied, says: RegExp])[] = [
  ['engine', { publish: ['$KV.HA_default_LEASE.>'] }, /cannot take the lease and lead since \d{4}/],
  [
    'engine',
    { subscribe: ['ha.default.observation.>'] },
    /cannot receive observations of hosts since \d{4}/,
  ],
  [
    'host-monitor',
    { publish: ['ha.default.observation.>'] },
    /cannot publish observations of hosts since \d{4}/,
  ],
]
for (const [check, denied, says] of DENIED) {
  test(`a process whose account may not ${JSON.stringify(denied)} is not ready`, async (t) => {
    t.timeout(2 * PATIENCE_MS)
    await using server = await startNats({ password: PASSWORD, denied })
    await using process = await openProcess(server.url, 'controller-1', ROLES)
    await until(
      'it says so',
      async () => says.test(reasonOf(await process.ready(), check)),
      PATIENCE_MS,
      500,
    )
    t.is((await process.ready()).status, 503)
  })
}

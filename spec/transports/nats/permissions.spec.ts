/**
 * A NATS account with too few permissions: the role reports what it cannot do, and is not ready.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { Secret } from '../../../schema/control-attributes.ts'
import { busChecks } from '../../../ops/roles/needs.ts'
import type { ROLES } from '../../../schema/config/node.ts'
import { describeError } from '../../../schema/errors.ts'
import { subjectsOf } from '../../../schema/messages/codec.ts'
import { connectNats, type NatsTransport } from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { silentLog } from '../../support/logs.ts'
import { startNats, type Denied } from '../../support/nats.ts'
import { until } from '../../support/until.ts'

type Role = (typeof ROLES)[number]

const CLOUD = 'west'
const PASSWORD = 'right'
const PATIENCE_MS = 60_000
const bytes = new TextEncoder().encode('x')

/** Does repeatedly what the roles do on the bus, as long as it is open. */
function atWork(url: string): NatsTransport {
  const clock = new SystemClock()
  const node = connectNats({
    servers: [url],
    cloud: CLOUD,
    credentials: { user: 'ha', password: new Secret(PASSWORD) },
    leaseTtlMs: 2000,
    node: 'node-1',
    keepsStreams: true,
    clock,
    random: new SystemRandom(),
    log: silentLog,
  })
  const { bus, lease } = node
  for (const type of ['host.observed', 'operator.commanded', 'role.health'] as const) {
    bus.subscribe(subjectsOf(CLOUD, type), () => undefined)
  }
  bus.consumeFaults('engine', (fault) => fault.ack())
  const ending = new AbortController()
  const work = async (): Promise<void> => {
    for (let round = 0; !ending.signal.aborted; round += 1) {
      bus.publish(`ha.${CLOUD}.observation.host.node-1.s1.compute-1`, bytes)
      bus.publish(`ha.${CLOUD}.operator.commanded.node-1`, bytes)
      bus.publish(`ha.${CLOUD}.compute.node-1.instance.create.end`, bytes)
      bus.publish(`ha.${CLOUD}.health.node-1.engine`, bytes)
      const faults = ['guest', 'host', 'instance', 'notification'].map((what) =>
        bus.publishFault(`ha.${CLOUD}.fault.${what}.node-1.x`, bytes, `${what}-${round}`),
      )
      await Promise.allSettled(faults)
      await lease.create('engine-1').catch(describeError)
      await sleep(50)
    }
  }
  const working = work()
  return {
    bus,
    lease,
    async [Symbol.asyncDispose]() {
      ending.abort()
      await node[Symbol.asyncDispose]()
      await working
    },
  }
}

/** The hindrances of a role; empty when it is ready. */
async function hindrancesOf({ bus }: NatsTransport, role: Role): Promise<string> {
  const [check] = busChecks(bus, CLOUD, [role])
  return (await check?.check().then(() => '', describeError)) ?? ''
}

const CASES: readonly (readonly [role: Role, denied: Denied, says: RegExp])[] = [
  [
    'engine',
    { publish: ['$KV.HA_west_LEASE.>'] },
    /cannot take the lease and lead since \d{4}-.*publish \$KV\.HA_west_LEASE\.leader/,
  ],
  [
    'engine',
    { subscribe: ['ha.west.observation.host.>'] },
    /cannot receive observations of hosts since .*subscribe to ha\.west\.observation\.host\.>/,
  ],
  [
    'engine',
    { subscribe: ['ha.west.operator.commanded.>'] },
    /cannot receive operators' commands since/,
  ],
  [
    'engine',
    { publish: ['$JS.API.>'] },
    /cannot ask JetStream since .*no permission to publish \$JS\.API\.STREAM/,
  ],
  ['engine', { publish: ['$JS.API.CONSUMER.>'] }, /cannot ask JetStream since .*CONSUMER/],
  ['engine', { subscribe: ['_INBOX.>'] }, /cannot receive answers of JetStream since/],
  ['engine', { publish: ['$JS.ACK.>'] }, /cannot acknowledge faults since/],
  [
    'host-monitor',
    { publish: ['ha.west.observation.>'] },
    /cannot publish observations of hosts since .*publish ha\.west\.observation\.host\.node-1\.s1\.compute-1/,
  ],
  ['instance-monitor', { publish: ['ha.west.fault.>'] }, /cannot report faults of guests since/],
  ['gateway', { publish: ['ha.west.fault.>'] }, /cannot hand notifications over since/],
  [
    'bridge',
    { publish: ['ha.west.fault.host.>'] },
    /cannot report hosts that Compute calls failed since .*publish ha\.west\.fault\.host\.node-1\.x/,
  ],
  ['gateway', { publish: ['ha.west.operator.>'] }, /cannot pass on operators' commands since/],
  ['bridge', { publish: ['ha.west.compute.>'] }, /cannot pass on events of Compute since/],
]

for (const [role, denied, says] of CASES) {
  const what = `the ${role} whose account may not ${JSON.stringify(denied)}`
  test(`${what} is not ready and reports why, until it is allowed`, async (t) => {
    t.timeout(4 * PATIENCE_MS)
    await using server = await startNats({ password: PASSWORD, denied })
    await using node = atWork(server.url)
    await until(
      'it says what it cannot do',
      async () => says.test(await hindrancesOf(node, role)),
      PATIENCE_MS,
    )
    t.regex(await hindrancesOf(node, role), /^NOT_READY: /)
    await server.stop()
    await server.restart({ password: PASSWORD })
    await until('it is ready', async () => (await hindrancesOf(node, role)) === '', PATIENCE_MS)
  })
}

test('an account that may only report guests is ready as an instance-monitor', async (t) => {
  t.timeout(2 * PATIENCE_MS)
  const denied = { publish: ['ha.west.fault.host.>', 'ha.west.fault.notification.>', '$JS.>'] }
  await using server = await startNats({ password: PASSWORD, denied })
  await using node = atWork(server.url)
  await until(
    'the bridge is not ready',
    async () => (await hindrancesOf(node, 'bridge')) !== '',
    PATIENCE_MS,
  )
  t.is(await hindrancesOf(node, 'instance-monitor'), '')
})

test('an account with all permissions is ready in every role, and a denial that no role needs is only a remark', async (t) => {
  await using server = await startNats({
    password: PASSWORD,
    denied: { publish: ['ha.west.health.>'] },
  })
  await using node = atWork(server.url)
  const remarks = async (): Promise<string> => {
    const check = busChecks(node.bus, CLOUD, ['engine']).at(-1)
    t.is(check?.need, 'dispensable')
    return (await check?.check().then(() => '', describeError)) ?? ''
  }
  await until('it is remarked', async () => /ha\.west\.health/.test(await remarks()), PATIENCE_MS)
  await until(
    'streams and consumer are there',
    async () => (await hindrancesOf(node, 'engine')) === '',
  )
  for (const role of ['engine', 'host-monitor', 'instance-monitor', 'gateway', 'bridge'] as const) {
    t.is(await hindrancesOf(node, role), '')
  }
})

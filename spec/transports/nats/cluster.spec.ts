/**
 * A NATS cluster with too few servers works as well as possible, and reports that three are needed.
 */
import test from 'ava'
import { busChecks } from '../../../ops/roles/needs.ts'
import { describeError } from '../../../schema/errors.ts'
import { connectNats } from '../../../transports/nats/connect.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { silentLog } from '../../support/logs.ts'
import { startNats } from '../../support/nats.ts'
import { freePort } from '../../support/process.ts'
import { until } from '../../support/until.ts'

const PATIENCE_MS = 90_000

/** So many connected servers, and one connection to the first. */
async function openCluster(size: number) {
  const stack = new AsyncDisposableStack()
  const ports = await Promise.all(Array.from({ length: size }, () => freePort()))
  const servers = await Promise.all(
    ports.map((port) => startNats({ cluster: { name: 'west', port, routes: ports } })),
  )
  for (const server of servers) stack.use(server)
  const node = stack.use(
    connectNats({
      servers: servers.map(({ url }) => url),
      cloud: 'west',
      leaseTtlMs: 6000,
      node: 'node-1',
      keepsStreams: true,
      clock: new SystemClock(),
      random: new SystemRandom(),
      log: silentLog,
    }),
  )
  stack.use(node.bus.consumeFaults('engine', (fault) => fault.ack()))
  const checks = busChecks(node.bus, 'west', ['engine'])
  const say = async (index: number): Promise<string> =>
    (await checks
      .at(index)
      ?.check()
      .then(() => '', describeError)) ?? ''
  return {
    node,
    /** The hindrances of the engine. */
    hindrance: () => say(0),
    remark: () => say(-1),
    leads: async () => (await node.lease.create('engine-1').catch(() => undefined)) !== undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

test('a cluster of two works, with a remark', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  await using cluster = await openCluster(2)
  await until('an engine can lead', cluster.leads, PATIENCE_MS)
  await until('it is remarked', async () => (await cluster.remark()) !== '', PATIENCE_MS)
  t.regex(await cluster.remark(), /two servers .*; three are needed, since \d{4}/)
  await until('the engine is ready', async () => (await cluster.hindrance()) === '', PATIENCE_MS)
})

test('a cluster of three causes no remark', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  await using cluster = await openCluster(3)
  await until('an engine can lead', cluster.leads, PATIENCE_MS)
  await until('the engine is ready', async () => (await cluster.hindrance()) === '', PATIENCE_MS)
  await until(
    'nothing is remarked',
    async () => (await cluster.remark()) === '',
    2 * PATIENCE_MS,
    500,
  )
  t.is(await cluster.remark(), '')
})

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
import { startNatsCluster, whereClustersRun } from '../../support/nats-cluster.ts'
import { until } from '../../support/until.ts'

const PATIENCE_MS = 90_000

const clusterTest = whereClustersRun(test)

/** So many connected servers, and one connection to all of them. */
async function openCluster(size: number) {
  const stack = new AsyncDisposableStack()
  const cluster = stack.use(await startNatsCluster({ size }))
  const node = stack.use(
    connectNats({
      servers: cluster.urls,
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
    cluster,
    node,
    /** The hindrances of the engine. */
    hindrance: () => say(0),
    remark: () => say(-1),
    leads: async () => (await node.lease.create('engine-1').catch(() => undefined)) !== undefined,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

clusterTest('a cluster of two works, with a remark', async (t) => {
  t.timeout(4 * PATIENCE_MS)
  await using cluster = await openCluster(2)
  await until('an engine can lead', cluster.leads, PATIENCE_MS)
  await until('it is remarked', async () => (await cluster.remark()) !== '', PATIENCE_MS)
  t.regex(await cluster.remark(), /two servers .*; three are needed, since \d{4}/)
  await until('the engine is ready', async () => (await cluster.hindrance()) === '', PATIENCE_MS)
})

clusterTest('a cluster of three causes no remark', async (t) => {
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

clusterTest(
  'a cluster of three goes on when any one of its servers is killed or frozen',
  async (t) => {
    t.timeout(6 * PATIENCE_MS)
    await using opened = await openCluster(3)
    const { cluster, node } = opened
    await until('an engine can lead', opened.leads, PATIENCE_MS)
    const isTaken = async (fault: string): Promise<boolean> => {
      const body = new TextEncoder().encode('x')
      return await node.bus.publishFault(`ha.west.fault.guest.${fault}`, body, fault).then(
        () => true,
        () => false,
      )
    }
    const isComplete = async (): Promise<boolean> => (await opened.remark()) === ''
    const complete = (): Promise<void> =>
      until('every stream has three copies', isComplete, 2 * PATIENCE_MS, 500)
    // A stream with one copy would be on the server that is killed.
    await complete()
    for (const [index, server] of cluster.servers.entries()) {
      await server.kill()
      const [missed, frozen] = [`without-${index}`, `frozen-${index}`]
      await until(`a fault is taken ${missed}`, () => isTaken(missed), PATIENCE_MS)
      await cluster.restart(index)
      await complete()
      await server.pause()
      await until(`a fault is taken ${frozen}`, () => isTaken(frozen), PATIENCE_MS)
      await server.resume()
    }
    t.true(await isTaken('at-the-end'))
  },
)

/** The store on a Galera cluster whose two nodes both take writes, and what is different there. */
import test from 'ava'
import type { StorePort } from '../../../actors/ports/store.ts'
import { isCoded } from '../../../schema/errors.ts'
import { instanceId, nodeName, type Epoch } from '../../../schema/ids.ts'
import { checkDatabase } from '../../../ops/doctor/check-database.ts'
import { openMysqlStore } from '../../../transports/sql/mysql.ts'
import { SystemClock } from '../../../transports/system/clock.ts'
import { SystemRandom } from '../../../transports/system/random.ts'
import { LEAST_CONFIG, readText } from '../../support/config-text.ts'
import { startGalera, type Galera, type GaleraNode } from '../../support/galera.ts'
import { silentLog } from '../../support/logs.ts'
import { ACCOUNT } from '../../support/mariadb.ts'
import { storeConformance } from '../../support/store-conformance.ts'
import {
  hostFields,
  hostStopped,
  incident,
  segmentFields,
  SetClock,
  wholePage,
  type Incident,
  type StoreDatabase,
} from '../../support/store-world.ts'
import { plannedRow } from '../../support/planned.ts'
import { openTcpRelay, type TcpRelay } from '../../support/tcp-relay.ts'
import { until } from '../../support/until.ts'

const stack = new AsyncDisposableStack()
let cluster: Galera | undefined
/** Gives each new connection to the other node than the one before, as a load balancer does. */
let balancer: TcpRelay | undefined

test.before(async () => {
  cluster = stack.use(await startGalera())
  const [first, second] = cluster.nodes
  balancer = stack.use(await openTcpRelay(first.port, second.port))
})
test.after.always(() => stack.disposeAsync())

function galera(): Galera {
  if (cluster === undefined) throw new Error('no cluster')
  return cluster
}

async function openDatabase(): Promise<StoreDatabase> {
  const database = await galera().createDatabase()
  const [first] = galera().nodes
  return {
    open: (ports) => openMysqlStore({ ...ACCOUNT, port: balancer?.port ?? 0, database }, ports),
    execute: async (sql) => {
      await first.run(sql, database)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

storeConformance(test.serial, openDatabase)

/** What the doctor says of the database behind a node, by check. */
async function verdictsOf(
  { port }: GaleraNode,
  database: string,
): Promise<ReadonlyMap<string, string>> {
  const account = `${ACCOUNT.user}:${encodeURIComponent(ACCOUNT.password.reveal())}`
  const { config } = readText(
    `${LEAST_CONFIG}[database]\nconnection = mysql://${account}@127.0.0.1:${port}/${database}\n`,
  )
  await using closing = new AsyncDisposableStack()
  const clock = new SystemClock()
  const ambient = { clock, random: new SystemRandom(), log: silentLog, closing }
  const { findings } = await checkDatabase(config, ambient)
  return new Map(findings.map(({ check, verdict, detail }) => [check, `${verdict}: ${detail}`]))
}

/** One store through each node, on one database. */
async function openBoth() {
  await using stores = new AsyncDisposableStack()
  const database = await galera().createDatabase()
  const clock = new SetClock()
  const open = ({ port }: GaleraNode): StorePort =>
    stores.use(
      openMysqlStore({ ...ACCOUNT, port, database }, { clock, random: new SystemRandom() }),
    )
  const [first, second] = galera().nodes
  const [here, there] = [open(first), open(second)]
  await here.migrate()
  await there.migrate()
  const parts = stores.move()
  return { database, clock, here, there, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** Power off, as an intent. */
const intentOf = ({ notification, host }: Incident, detail = 'dead') => ({
  notification: notification.uuid,
  step: 'power-off',
  subject: host.name,
  detail,
})

const settled = <Result>(results: readonly PromiseSettledResult<Result>[]): readonly Result[] =>
  results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))

test.serial('what was written through one node is read through the other one', async (t) => {
  await using both = await openBoth()
  const { here, there } = both
  await galera().delaySecondNode()
  const { segment, host, notification, epoch } = await incident({ store: here, clock: both.clock })
  t.is(await there.currentEpoch(), epoch)
  t.deepEqual(await there.getSegment(segment.uuid), segment)
  await galera().delaySecondNode()
  await here.saveCertificate({
    notification: notification.uuid,
    host: host.uuid,
    epoch,
    issuedAt: 1,
    ground: 'already-off',
    evidence: ['its power is off'],
  })
  const snapshot = await there.readSnapshot(segment.uuid, notification.uuid, 0)
  t.like(snapshot.certificate, { epoch, ground: 'already-off' })
})

test.serial(
  'the next leader on another node reads all that the one before has written',
  async (t) => {
    await using both = await openBoth()
    const { here, there } = both
    const of = await incident({ store: here, clock: both.clock })
    const planned = [plannedRow(instanceId('0f0e0d0c-0000-4000-8000-000000000001'), 'vm-1')]
    await galera().delaySecondNode()
    const [move] = await here.planMoves(of.epoch, of.notification.uuid, of.host.name, planned)
    if (move === undefined) throw new Error('no move was planned')
    const ordered = {
      move: move.uuid,
      from: ['pending'],
      to: 'ongoing',
      destHost: null,
      message: null,
    } as const
    t.true(await here.updateMove(of.epoch, ordered))
    const next = await there.claimEpoch(nodeName('engine-2'))
    t.is(Number(next), of.epoch + 1)
    const [known] = await there.planMoves(next, of.notification.uuid, of.host.name, planned)
    t.like(known, { uuid: move.uuid, status: 'ongoing' })
    t.false(await there.updateMove(next, ordered), 'it does not order the same evacuation')
    await t.throwsAsync(here.recordIntent(of.epoch, intentOf(of)), { code: 'STALE_EPOCH' })
  },
)

test.serial('a stop that one node has confirmed is obeyed through the other one', async (t) => {
  await using both = await openBoth()
  const { here, there } = both
  const of = await incident({ store: here, clock: both.clock })
  t.is((await there.recordIntent(of.epoch, intentOf(of))).kind, 'granted')
  await galera().delaySecondNode()
  await here.giveSiteCommand({ kind: 'stop', operator: 'alice', reason: 'a flood' })
  t.is((await there.recordIntent(of.epoch, intentOf(of))).kind, 'refused')
})

test.serial(
  'a report through one node meets the maintenance that the other one has confirmed',
  async (t) => {
    await using both = await openBoth()
    const { here, there, clock } = both
    const segment = await here.createSegment(segmentFields('zone-a'))
    const host = await here.createHost(segment.uuid, hostFields('compute-1'))
    await there.listSegments({}, wholePage)
    await galera().delaySecondNode()
    await here.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    const report = hostStopped('compute-1', clock.wall)
    t.is((await there.acceptNotification(report)).kind, 'on-maintenance')
  },
)

test.serial(
  'ids grow in the order in which commands were given through different nodes',
  async (t) => {
    await using both = await openBoth()
    const { here, there } = both
    for (let round = 0; round < 4; round += 1) {
      await here.giveSiteCommand({ kind: 'stop', operator: 'alice', reason: `stop ${round}` })
      await there.giveSiteCommand({ kind: 'release', operator: 'bob', reason: `release ${round}` })
    }
    const kinds = (await here.listSiteCommands()).map(({ kind }) => kind)
    t.deepEqual(kinds, Array.from({ length: 4 }, () => ['stop', 'release'] as const).flat())
  },
)

test.serial(
  'of two leaders on two nodes, only the writes of the latest one are recorded, each once',
  async (t) => {
    await using both = await openBoth()
    const { here, there, database } = both
    const of = await incident({ store: here, clock: both.clock })
    const write = (store: StorePort, epoch: Epoch, from: string, count: number) =>
      Promise.allSettled(
        Array.from({ length: count }, async (_, index) => {
          const entry = intentOf(of, `${from} ${index}`)
          await store.recordIntent(epoch, entry)
          return entry.detail
        }),
      )
    // The same leader, of which two connections reach two nodes, and conflict with each other.
    const both1 = await Promise.all([
      write(here, of.epoch, 'here', 40),
      write(there, of.epoch, 'there', 40),
    ])
    const old = write(here, of.epoch, 'old', 200)
    const next = await there.claimEpoch(nodeName('engine-2'))
    const claimed = await write(there, next, 'new', 40)
    const late = await write(here, of.epoch, 'late', 5)
    const results = [...both1.flat(), ...(await old), ...claimed, ...late]
    const rows = await galera().nodes[0].run(
      `SELECT detail, epoch FROM journal WHERE kind = 'intent' ORDER BY id`,
      database,
    )
    const recorded = rows.map((row) => ('detail' in row ? String(row.detail) : ''))
    t.deepEqual(recorded.toSorted(), settled(results).toSorted())
    t.is(settled(claimed).length, 40)
    t.is(settled(late).length, 0)
    const refusals = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    )
    t.true(refusals.every((error) => isCoded(error, 'STALE_EPOCH', 'STORE_CONFLICT')))
  },
)

test.serial('a fault that is reported through both nodes at once is accepted once', async (t) => {
  await using both = await openBoth()
  const { here, there, clock } = both
  const segment = await here.createSegment(segmentFields('zone-a'))
  const names = Array.from({ length: 40 }, (_, index) => `compute-${index}`)
  for (const name of names) await here.createHost(segment.uuid, hostFields(name))
  const report = (store: StorePort) =>
    Promise.all(names.map((name) => store.acceptNotification(hostStopped(name, clock.wall))))
  const answers = (await Promise.all([report(here), report(there)])).flat()
  const ofKind = (kind: string): number => answers.filter((answer) => answer.kind === kind).length
  t.deepEqual([ofKind('accepted'), ofKind('duplicate')], [40, 40])
  t.is((await there.listNotifications({}, wholePage)).length, 40)
})

test.serial('two processes that migrate through two nodes do it once', async (t) => {
  const database = await galera().createDatabase()
  const ports = { clock: new SetClock(), random: new SystemRandom() }
  await using stores = new AsyncDisposableStack()
  const open = ({ port }: GaleraNode): StorePort =>
    stores.use(openMysqlStore({ ...ACCOUNT, port, database }, ports))
  const both = galera().nodes.map(open)
  await Promise.all(both.map((store) => store.migrate()))
  for (const store of both) await store.ping()
  // Galera replicates no deletion of rows in a table without a key.
  const keyless = `SELECT table_name FROM information_schema.tables AS tables
    WHERE table_schema = '${database}' AND NOT EXISTS (
      SELECT 1 FROM information_schema.statistics AS keys_of
      WHERE keys_of.table_schema = tables.table_schema
        AND keys_of.table_name = tables.table_name AND index_name = 'PRIMARY')`
  t.deepEqual(await galera().nodes[1].run(keyless), [])
})

test.serial(
  'a node without a majority answers nothing, not even a read, and works again with it',
  async (t) => {
    await using both = await openBoth()
    const { here, there } = both
    const of = await incident({ store: here, clock: both.clock })
    await galera().freezeSecondNode()
    try {
      await t.throwsAsync(here.recordIntent(of.epoch, intentOf(of)), { code: 'STORE_UNAVAILABLE' })
      await t.throwsAsync(here.currentEpoch(), { code: 'STORE_UNAVAILABLE' })
      await t.throwsAsync(here.readSnapshot(of.segment.uuid, of.notification.uuid, 0), {
        code: 'STORE_UNAVAILABLE',
      })
      const verdicts = await verdictsOf(galera().nodes[0], both.database)
      t.regex(verdicts.get('connection') ?? '', /^broken: this Galera node has no majority/)
    } finally {
      await galera().thawSecondNode()
    }
    await until('both nodes serve', async () => {
      const answers = await Promise.allSettled([here.ping(), there.ping()])
      return answers.every(({ status }) => status === 'fulfilled')
    })
    t.is((await there.recordIntent(of.epoch, intentOf(of, 'healed'))).kind, 'granted')
  },
)

test.serial('the doctor names what a Galera cluster lacks', async (t) => {
  const [first] = galera().nodes
  const database = await galera().createDatabase()
  t.regex(
    (await verdictsOf(first, database)).get('Galera') ?? '',
    /^warning: nodes in the cluster: 2/,
  )
  await first.run('SET GLOBAL wsrep_dirty_reads = ON')
  const careless = (await verdictsOf(first, database)).get('Galera') ?? ''
  await first.run('SET GLOBAL wsrep_dirty_reads = OFF')
  t.regex(careless, /^broken: the node also answers reads without a majority/)
  await first.run('SET GLOBAL wsrep_desync = ON')
  const behind = (await verdictsOf(first, database)).get('Galera') ?? ''
  await first.run('SET GLOBAL wsrep_desync = OFF')
  t.regex(behind, /^warning: the node is Donor\/Desynced/)
})

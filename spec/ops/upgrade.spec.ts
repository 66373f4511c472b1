/**
 * Two versions of this program side by side on NATS and MariaDB: this one, and a next one with one
 * more migration, more fields and one more type of message. A recovery that begins under one
 * finishes under the other.
 */
import test from 'ava'
import { connect, type NatsConnection } from 'nats'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { ENVELOPE_VERSION } from '../../schema/messages/envelope.ts'
import { decode } from '../../schema/messages/codec.ts'
import type { ServerProcess } from '../support/process.ts'
import { openProductWorld, type Loss, type ProductWorld } from '../support/product-world.ts'
import { finishesOnce, loseInTheMiddle } from '../support/losses.ts'
import { until } from '../support/until.ts'

const NEXT = ['--import', './spec/support/next-version.ts']

const staging = new AsyncDisposableStack()
let world: ProductWorld
let tap: NatsConnection
let old: ServerProcess
let next: ServerProcess
/** The node that proclaimed itself last. */
let leader = ''

test.before(async () => {
  world = staging.use(await openProductWorld({ login: 'password' }))
  tap = await connect({ servers: world.nats.url, user: 'ha', pass: world.natsPassword })
  staging.defer(async () => await tap.close())
  tap.subscribe('ha.default.leadership.>', {
    callback: (_error, { subject, data }) => {
      const received = decode({ subject, body: data })
      if (received.type === 'leader.proclaimed') leader = received.body.holder
    },
  })
  await tap.flush()
  old = await world.start('old', 'engine')
  await world.start('gateway-old', 'gateway')
  await until('the old one leads', () => leader === 'old')
  await world.register()
  next = await world.start('next', 'engine', '', NEXT)
  world.http.cloud.setNova({ rebuildMs: [1500, 3000] })
})
test.after.always(async () => await staging.disposeAsync())

const inTheMiddle = (host: string): Promise<Loss> => loseInTheMiddle(world, host)

const leading = async () => (await world.supervisors()).find((each) => each.leading)

async function applied(): Promise<readonly string[]> {
  const { host, port, user, password } = world.mariadb
  const options = { host, port, user, password: password.reveal(), database: 'specs_1' }
  const connection = await createConnection(options)
  const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM kysely_migration')
  await connection.end()
  return rows.map((row) => String(row['name']))
}

test.serial('the old leader goes on while the next version has expanded the schema', async (t) => {
  t.timeout(120_000)
  await until('the migration was run', async () => (await applied()).includes('9000-colours'))
  t.is(leader, 'old')
  await finishesOnce(t, world, await inTheMiddle('compute-01'))
  t.is(leader, 'old')
})

test.serial(
  'a recovery that begins under the old version finishes under the next one',
  async (t) => {
    t.timeout(120_000)
    const loss = await inTheMiddle('compute-02')
    const askedAtMs = performance.now()
    old.signal('SIGTERM')
    await until('the next one leads', () => leader === 'next')
    t.log(`the next one leads after ${Math.round(performance.now() - askedAtMs)} ms`)
    await old.ended
    t.is(old.exitStatus(), 0)
    t.regex(
      old.output(),
      /"tookMs":\d+,"msg":"drained: this process holds no lease and does nothing more"/,
    )
    await finishesOnce(t, world, loss)
  },
)

test.serial(
  'a recovery that begins under the next version finishes under the old one',
  async (t) => {
    t.timeout(120_000)
    old = await world.start('old-again', 'engine')
    await until('it is heard', async () =>
      (await world.supervisors()).some(({ node }) => node === 'old-again'),
    )
    const loss = await inTheMiddle('compute-03')
    next.signal('SIGKILL')
    await until('the old one leads', () => leader === 'old-again', 60_000)
    await finishesOnce(t, world, loss)
  },
)

test.serial('messages of the next version are counted apart, and are not parked', async (t) => {
  t.timeout(120_000)
  next = await world.start('next-again', 'engine', '', NEXT)
  const shown = async () => (await world.supervisors()).find(({ node }) => node === 'old-again')
  await until('they are counted', async () => ((await shown())?.newer ?? 0) > 2, 60_000)
  t.is((await shown())?.parked, 0)
  t.true((await world.supervisors()).some(({ node }) => node === 'next-again'))
})

test.serial(
  'a fault of a later version waits for a process that knows it, and stops nothing',
  async (t) => {
    t.timeout(120_000)
    const envelope = {
      version: ENVELOPE_VERSION + 1,
      type: 'guest.failed',
      id: 'later-1',
      sender: 'later',
      incarnation: 'i',
      epoch: null,
      sentAt: Date.now(),
      trace: null,
      body: 'of a form that nobody knows yet',
    }
    const bytes = new TextEncoder().encode(JSON.stringify(envelope))
    const parked: string[] = []
    tap.subscribe('ha.default.parked.>', {
      callback: (_error, { subject }) => void parked.push(subject),
    })
    const before = (await leading())?.newer ?? 0
    await tap.jetstream().publish('ha.default.fault.guest.later', bytes, { msgID: 'later-1' })
    await until('it is counted', async () => ((await leading())?.newer ?? 0) > before, 60_000)
    await finishesOnce(t, world, await inTheMiddle('compute-04'))
    t.deepEqual(parked, [])
  },
)

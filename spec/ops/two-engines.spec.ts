/** Two engines: one leads, and when it fails, the other finishes the work and repeats nothing. */
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { connect } from 'nats'
import type { ServerProcess } from '../support/process.ts'
import { openProductWorld, type Loss, type ProductWorld } from '../support/product-world.ts'
import { decode } from '../../schema/messages/codec.ts'
import { finishesOnce, loseInTheMiddle } from '../support/losses.ts'
import { until } from '../support/until.ts'

interface Proclamation {
  readonly holder: string
  readonly epoch: number
  readonly atMs: number
}

interface Stage {
  readonly world: ProductWorld
  /** By node; the latest process of each. */
  readonly engines: Map<string, ServerProcess>
  /** All leaders so far, in order. */
  readonly proclaimed: readonly Proclamation[]
}

const staging = new AsyncDisposableStack()
let stage: Stage

test.before(async () => {
  const world = staging.use(await openProductWorld())
  const proclaimed: Proclamation[] = []
  const tap = await connect({ servers: world.nats.url, user: 'ha', pass: world.natsPassword })
  staging.defer(async () => await tap.close())
  tap.subscribe('ha.default.leadership.>', {
    callback: (_error, { subject, data }) => {
      const received = decode({ subject, body: data })
      if (received.type !== 'leader.proclaimed') return
      proclaimed.push({ ...received.body, atMs: performance.now() })
    },
  })
  await tap.flush()
  const [one, two] = await Promise.all([
    world.start('engine-1', 'engine'),
    world.start('engine-2', 'engine'),
    world.start('gateway-1', 'gateway'),
  ])
  await world.register()
  const engines = new Map([
    ['engine-1', one],
    ['engine-2', two],
  ])
  stage = { world, engines, proclaimed }
  // Slow enough that a leader can be lost during a recovery.
  world.http.cloud.setNova({ rebuildMs: [1500, 3000] })
})
test.after.always(async () => await staging.disposeAsync())

/** The present leader, as it has proclaimed itself. */
async function leader(): Promise<{ readonly node: string; readonly engine: ServerProcess }> {
  await until('somebody leads', () => stage.proclaimed.length > 0)
  const node = stage.proclaimed.at(-1)?.holder ?? ''
  const engine = stage.engines.get(node)
  if (engine === undefined) throw new Error(`${node} is not one of ours`)
  return { node, engine }
}

/** Milliseconds until another node has proclaimed itself. */
async function succession(node: string, sinceMs: number): Promise<number> {
  await until(`another one than ${node} leads`, () => stage.proclaimed.at(-1)?.holder !== node)
  return (stage.proclaimed.at(-1)?.atMs ?? 0) - sinceMs
}

const inTheMiddle = (host: string): Promise<Loss> => loseInTheMiddle(stage.world, host)

/** Looks at the health view again and again, and keeps every answer with more than one leader. */
function watchViews(world: ProductWorld): { end(): Promise<readonly (readonly string[])[]> } {
  const wrong: (readonly string[])[] = []
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      const leaders = (await world.supervisors()).filter(({ leading }) => leading)
      if (leaders.length > 1) wrong.push(leaders.map(({ node }) => node))
      await sleep(100)
    }
  })()
  return {
    end: async () => {
      over.abort()
      await watching
      return wrong
    },
  }
}

test.serial('the supervisors of all processes are shown, and one engine leads', async (t) => {
  const { world } = stage
  const nodes = ['engine-1', 'engine-2', 'gateway-1']
  await until('all processes were heard', async () => {
    const heard = await world.supervisors()
    return heard.length === nodes.length && heard.some(({ leading }) => leading)
  })
  const shown = await world.supervisors()
  t.deepEqual(shown.map(({ node }) => node).toSorted(), nodes)
  for (const { roles, bmcPoliteness, sshPoliteness } of shown) {
    t.like(bmcPoliteness, { sessionsOpenMax: 128, shortestPauseMsMin: 0 }) // as this product is configured
    if (roles.includes('engine')) t.like(sshPoliteness, { connectionsOpenMax: 1000 })
    else t.is(sshPoliteness, undefined, 'a gateway asks no host')
  }
  const { node } = await leader()
  t.deepEqual(
    shown.filter(({ leading }) => leading).map((each) => each.node),
    [node],
  )
  const paths = shown.find((each) => each.node === node)?.actors.map(({ path }) => path) ?? []
  for (const part of [/lease-holder\/engine$/, /leader\/1$/, /dedup-window/, /intake/]) {
    t.true(
      paths.some((path) => part.test(path)),
      `${String(part)} is not in ${paths.join()}`,
    )
  }
})

test.serial('when the leader is killed, the other engine leads within ten seconds', async (t) => {
  t.timeout(120_000)
  const { world, engines } = stage
  const { node, engine } = await leader()
  const loss = await inTheMiddle('compute-01')
  engine.signal('SIGKILL')
  const killedAtMs = performance.now()
  const views = watchViews(world)
  const tookMs = await succession(node, killedAtMs)
  t.log(`the other leads after ${Math.round(tookMs)} ms`)
  t.true(tookMs < 10_000)
  await until('the killed one is shown as gone', async () =>
    (await world.supervisors()).some((each) => each.node === node && each.silentSince !== null),
  )
  const goneMs = performance.now() - killedAtMs
  t.log(`it is shown as gone after ${Math.round(goneMs)} ms`)
  t.true(goneMs < 10_000)
  t.deepEqual(await views.end(), [], 'two leaders were shown at once')
  await finishesOnce(t, stage.world, loss)
  engines.set(node, await world.start(node, 'engine'))
})

test.serial(
  'a leader that stood still steps down when it continues, and does nothing',
  async (t) => {
    t.timeout(120_000)
    const { world } = stage
    const { node, engine } = await leader()
    const loss = await inTheMiddle('compute-02')
    engine.signal('SIGSTOP')
    const tookMs = await succession(node, performance.now())
    t.log(`the other leads after ${Math.round(tookMs)} ms`)
    engine.signal('SIGCONT')
    await finishesOnce(t, stage.world, loss)
    await until('the one that stood still is heard again, as a follower', async () => {
      const heard = await world.supervisors()
      const leading = heard.filter((each) => each.leading).map((each) => each.node)
      return heard.some((each) => each.node === node) && leading.length === 1 && leading[0] !== node
    })
    t.regex(engine.output(), /"warn".+"epoch":\d+.+"reason":.+this engine does not lead any more/)
  },
)

test.serial('a leader that is asked to end hands over within two seconds', async (t) => {
  t.timeout(120_000)
  const { node, engine } = await leader()
  const loss = await inTheMiddle('compute-03')
  const askedAtMs = performance.now()
  engine.signal('SIGTERM')
  const tookMs = await succession(node, askedAtMs)
  await engine.ended
  const endedMs = performance.now() - askedAtMs
  t.log(`the other leads after ${Math.round(tookMs)} ms; ended after ${Math.round(endedMs)} ms`)
  t.true(tookMs < 2000)
  t.is(engine.exitStatus(), 0, engine.output())
  t.true(endedMs < 10_000)
  t.regex(engine.output(), /"info".+this engine has given leadership up/)
  await finishesOnce(t, stage.world, loss)
  const [ours = '', other = ''] = [...stage.engines.values()].map((each) => each.output())
  for (const told of [
    'this engine leads',
    'the recovery acts',
    'the fence begins',
    'the host is certainly dead, and the certificate is stored',
    'a move begins',
    'a move has succeeded',
    'the recovery has finished',
  ]) {
    t.true(`${ours}${other}`.includes(told), `nobody says: ${told}`)
  }
})

test.serial('a standby that is asked to end warns of nothing', async (t) => {
  const { world } = stage
  const standby = await world.start('engine-3', 'engine')
  await until('it is heard', async () =>
    (await world.supervisors()).some(({ node }) => node === 'engine-3'),
  )
  standby.signal('SIGTERM')
  await standby.ended
  t.is(standby.exitStatus(), 0)
  t.notRegex(standby.output(), /"level":"(warn|error)"/)
})

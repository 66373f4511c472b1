/**
 * Stolen accounts on a server with the permissions of `bus-permissions`: what each of them may still say is the table of
 * `ops/docs/security.md`, and nothing of it fences a healthy host or hides a dead one.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { connect, nkeys } from 'nats'
import { Forger, FORGERIES, type Victims } from '../support/forger.ts'
import { openProductWorld, type ProductWorld } from '../support/product-world.ts'
import type { ServerProcess } from '../support/process.ts'
import { until } from '../support/until.ts'

/** Names of stolen accounts by the columns of the table. The roles are theirs. */
const THIEVES = {
  'compute host': ['compute-16', 'instance-monitor'],
  'host-monitor': ['monitor-2', 'host-monitor'],
  gateway: ['gateway-2', 'gateway'],
  bridge: ['bridge-2', 'bridge'],
} as const

const staging = new AsyncDisposableStack()
let world: ProductWorld
let victims: Victims
let engine: ServerProcess
let observer: ServerProcess
const forgers = new Map<string, Forger>()

test.before(async () => {
  world = staging.use(await openProductWorld())
  engine = await world.start('engine-1', 'engine')
  observer = await world.start('monitor-1', 'host-monitor')
  await world.start('gateway-1', 'gateway')
  // It registers in the store. Then its account is stolen, and it is gone.
  const monitor = await world.start('monitor-2', 'host-monitor')
  await world.register()
  await until('somebody leads', async () =>
    (await world.supervisors()).some(({ leading }) => leading),
  )
  await until('the monitor is registered', () => monitor.output().includes('connected to NATS'))
  await sleep(3000)
  await monitor[Symbol.asyncDispose]()
  for (const [kind, [node, roles]] of Object.entries(THIEVES)) {
    const seed = await world.account(node, roles)
    forgers.set(kind, staging.use(await Forger.open(world.nats.url, node, seed)))
  }
  const [segment] = world.http.segments
  const host = segment?.hosts[0]
  const [instance] = world.http.cloud.instances.filter((each) => each.host === host?.name)
  if (host === undefined || instance === undefined) throw new Error('there is no host')
  const registered = await world.rest.hostNamed(host.name)
  victims = {
    host: { id: registered.uuid, name: host.name, segment: registered.segment },
    instance: instance.id,
    monitor: 'monitor-1',
    engine: 'engine-1',
  }
})
test.after.always(async () => await staging.disposeAsync())

/** The table of the page: forgery by forgery, who may still say it. */
async function tableOfPage(): Promise<Readonly<Record<string, readonly string[]>>> {
  const page = await readFile('ops/docs/security.md', 'utf8')
  const [, chapter = ''] = page.split(/^## What a stolen account can still say$/m)
  const [table = ''] = chapter.split(/^## /m)
  const rows = table.split('\n').filter((line) => line.startsWith('| '))
  const cells = rows.map((row) => row.slice(2, -2).split(' | '))
  const [head = [], , ...body] = cells
  return Object.fromEntries(
    body.map(([what = '', ...marks]) => [
      what,
      head.slice(1).filter((_, index) => marks[index]?.startsWith('yes')),
    ]),
  )
}

test.serial('without an account nobody gets in', async (t) => {
  await t.throwsAsync(connect({ servers: world.nats.url, reconnect: false }), {
    message: /Authorization/i,
  })
  const stranger = new TextDecoder().decode(nkeys.createUser().getSeed())
  await t.throwsAsync(Forger.open(world.nats.url, 'engine-1', stranger), {
    message: /Authorization/i,
  })
})

test.serial('each stolen account may say what the page says, and nothing else', async (t) => {
  const found: Record<string, string[]> = {}
  for (const [what, forge] of Object.entries(FORGERIES)) {
    found[what] = []
    for (const [kind, [node]] of Object.entries(THIEVES)) {
      if (await forgers.get(kind)?.tries(forge(node, victims))) found[what].push(kind)
    }
  }
  const { outsider: _, ...rest } = { outsider: [], ...(await tableOfPage()) }
  t.deepEqual(found, rest)
})

test.serial('whatever they say, no host is fenced, no instance is moved or rebooted', async (t) => {
  t.timeout(120_000)
  for (let round = 0; round < 20; round += 1) {
    await sayEverything()
    await sleep(500)
  }
  await sleep(10_000)
  t.is(await world.bmc.power(), 'on', engine.output())
  t.deepEqual(world.http.cloud.violations, [])
  const acts = world.http.cloud.log.filter(({ text }) => /evacuate|reboot|stop|force/.test(text))
  t.deepEqual(acts, [])
})

test.serial(
  'while they go on, a dead host is recovered, and nobody but engines leads',
  async (t) => {
    t.timeout(180_000)
    const ending = new AbortController()
    const forging = (async () => {
      while (!ending.signal.aborted) {
        await sayEverything()
        await sleep(250)
      }
    })()
    try {
      // All hosts of this world have one BMC. To a monitor they would all be dead.
      await observer[Symbol.asyncDispose]()
      await sleep(16_000) // its last words are over
      await world.bmc.setPower('off')
      const loss = await world.loseHost('compute-02')
      const isMoved = async (): Promise<boolean> =>
        (await loss.evacuations()).every((count) => count > 0)
      await until('its instances are moved', isMoved, 120_000)
      t.true((await loss.evacuations()).every((count) => count === 1))
      t.deepEqual(world.http.cloud.violations, [])
      const shown = await world.supervisors()
      t.deepEqual(
        shown.filter(({ leading }) => leading).map(({ node, epoch }) => ({ node, epoch })),
        [{ node: 'engine-1', epoch: 1 }],
      )
    } finally {
      ending.abort()
      await forging
    }
  },
)

/** All that the accounts may say, and all that they may not. */
async function sayEverything(): Promise<void> {
  for (const [kind, [node]] of Object.entries(THIEVES)) {
    for (const forge of Object.values(FORGERIES)) {
      await forgers.get(kind)?.tries(forge(node, victims))
    }
  }
}

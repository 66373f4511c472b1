/** The process of a compute host, with a real libvirt and a real bus: it needs nothing else, and loses no fault. */
import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { connect } from 'nats'
import { decode } from '../../schema/messages/codec.ts'
import type { Received } from '../../schema/messages/catalogue.ts'
import type { ListedGuest } from '../../schema/messages/observation.ts'
import { startLibvirtd, type Libvirtd } from '../support/libvirtd.ts'
import { connectNats } from '../../transports/nats/connect.ts'
import { SystemClock } from '../../transports/system/clock.ts'
import { SystemRandom } from '../../transports/system/random.ts'
import { silentLog } from '../support/logs.ts'
import { startNats } from '../support/nats.ts'
import { freePort, temporaryDirectory } from '../support/process.ts'
import { startProduct } from '../support/product.ts'
import { until } from '../support/until.ts'

const HOST = 'compute-1'

let libvirt: Libvirtd

test.before(async () => {
  libvirt = await startLibvirtd()
})
test.after.always(async () => await libvirt[Symbol.asyncDispose]())

const configuration = (bus: string, directory: string): string => `[DEFAULT]
host = ${HOST}
[bus]
servers = ${bus}
[roles]
enabled = instance-monitor
[libvirt]
connection_uri = qemu:///system?socket=${libvirt.socket}
[guest]
heartbeat_interval = 3
heartbeat_timeout = 3
heartbeat_samples = 3
[ssh]
state_directory = ${directory}
`

/** The streams, which belong to an engine, until it is disposed of. */
async function streamsOn(url: string): Promise<AsyncDisposable> {
  const around = { clock: new SystemClock(), random: new SystemRandom(), log: silentLog }
  const settings = { servers: [url], cloud: 'default', leaseTtlMs: 6000 }
  const engine = connectNats({ ...settings, ...around, node: 'engine-1', keepsStreams: true })
  const isThere = (): Promise<boolean> =>
    engine.lease.look().then(
      () => true,
      () => false,
    )
  await until('the streams are there', isThere, 60_000)
  return engine
}

/** What is said on the bus. */
async function tap(url: string): Promise<AsyncDisposable & { readonly heard: Received[] }> {
  const engine = await streamsOn(url)
  const connection = await connect({ servers: url })
  const heard: Received[] = []
  connection.subscribe('ha.default.>', {
    callback: (_error, { subject, data }) => void heard.push(decode({ subject, body: data })),
  })
  await connection.flush()
  return {
    heard,
    async [Symbol.asyncDispose]() {
      await connection.close()
      await engine[Symbol.asyncDispose]()
    },
  }
}

const faultsIn = (heard: readonly Received[]): readonly string[] =>
  heard.flatMap((each) =>
    each.type === 'guest.failed' && each.body.hostName === HOST
      ? [`${each.body.instance} ${each.body.event} ${each.body.domainEvent}`]
      : [],
  )

test.serial(
  'it reports a guest whose emulator dies and one that hangs, and says each second that the host lives',
  async (t) => {
    await using directory = await temporaryDirectory('monitor')
    await using nats = await startNats()
    await using bus = await tap(nats.url)
    const [dies, hangs] = await Promise.all([libvirt.startGuest(), libvirt.startGuest()])
    await Promise.all([dies.booted(), hangs.booted()])
    await using monitor = await startProduct(
      directory.path,
      HOST,
      configuration(nats.url, join(directory.path, 'state')),
    )
    await until('a heartbeat says that libvirt answers', () =>
      bus.heard.some((each) => each.type === 'host.heartbeat' && each.body.libvirt === 'answers'),
    )
    await dies.signal('SIGKILL')
    const died = `${dies.instance} LIFECYCLE STOPPED_FAILED`
    await until('the death is reported', () => faultsIn(bus.heard).includes(died))
    await new Promise((resolve) => setTimeout(resolve, 2000)) // the other one answers a heartbeat
    await hangs.signal('SIGSTOP')
    const hung = `${hangs.instance} QEMU_GUEST_AGENT_ERROR STOPPED_FAILED`
    await until('the hang is reported', () => faultsIn(bus.heard).includes(hung), 180_000)
    t.is(faultsIn(bus.heard).filter((each) => each === died).length, 1)
    const beats = bus.heard.flatMap((each) => (each.type === 'host.heartbeat' ? [each] : []))
    const numbers = beats.map(({ sequence }) => sequence)
    t.deepEqual(
      numbers,
      [...new Set(numbers)].toSorted((one, other) => one - other),
    )
    t.is(beats[0]?.body.hostName, HOST)
    t.true(beats.every(({ body: { boot } }) => boot !== undefined))
    t.true(monitor.exitStatus() === null)
  },
)

test.serial(
  'a fault that nobody could take is reported by the next process, after a kill',
  async (t) => {
    await using directory = await temporaryDirectory('monitor')
    const state = join(directory.path, 'state')
    const guest = await libvirt.startGuest()
    await guest.booted()
    const nobody = `nats://127.0.0.1:${await freePort()}`
    const file = join(state, 'guest-faults.jsonl')
    {
      await using monitor = await startProduct(directory.path, HOST, configuration(nobody, state))
      await until('libvirt answers', () => monitor.output().includes('libvirt answers'))
      await guest.signal('SIGKILL')
      await until(
        'the fault is on disk',
        async () => existsSync(file) && (await readFile(file, 'utf8')).includes(guest.instance),
      )
      monitor.signal('SIGKILL')
      await monitor.ended
    }
    await using nats = await startNats()
    await using bus = await tap(nats.url)
    await using _next = await startProduct(directory.path, HOST, configuration(nats.url, state))
    const died = `${guest.instance} LIFECYCLE STOPPED_FAILED`
    await until('the fault is reported', () => faultsIn(bus.heard).includes(died), 180_000)
    await until('it is forgotten', async () => (await readFile(file, 'utf8')) === '')
    t.is(faultsIn(bus.heard).filter((each) => each === died).length, 1)
  },
)

test.serial(
  'a guest that dies while no instance monitor runs is reported by the next one',
  async (t) => {
    await using directory = await temporaryDirectory('monitor')
    await using nats = await startNats()
    await using bus = await tap(nats.url)
    const state = join(directory.path, 'state')
    const [dies, stops] = await Promise.all([libvirt.startGuest(), libvirt.startGuest()])
    await Promise.all([dies.booted(), stops.booted()])
    const text = configuration(nats.url, state)
    const file = join(state, 'guests-that-ran.json')
    {
      await using monitor = await startProduct(directory.path, HOST, text)
      const isKept = async (): Promise<boolean> =>
        existsSync(file) &&
        [dies, stops].every(({ instance }) => readFileSync(file, 'utf8').includes(instance))
      await until('both guests are on disk', isKept)
      monitor.signal('SIGKILL')
      await monitor.ended
    }
    await Promise.all([dies.signal('SIGKILL'), stops.virsh('destroy')])
    const isOff = async (): Promise<boolean> =>
      (await Promise.all([dies.virsh('domstate'), stops.virsh('domstate')])).every((text) =>
        text.includes('shut off'),
      )
    await until('libvirt knows that both are off', isOff, 60_000)
    await using _next = await startProduct(directory.path, HOST, text)
    const died = `${dies.instance} LIFECYCLE STOPPED_FAILED`
    await until('the death is reported', () => faultsIn(bus.heard).includes(died), 60_000)
    t.deepEqual(faultsIn(bus.heard), [died], 'a stop that somebody may have wanted is not reported')
  },
)

const isListed = ({ type }: Received): boolean => type === 'guests.running'

/** What was told of a guest, list by list. */
const toldOf = (heard: readonly Received[], instance: string): readonly ListedGuest[] =>
  heard.flatMap((each) =>
    each.type === 'guests.running' && each.body.hostName === HOST
      ? each.body.guests.filter((guest) => guest.instance === instance)
      : [],
  )

test.serial('it tells that a guest runs, and then that its agent answers', async (t) => {
  await using directory = await temporaryDirectory('monitor')
  await using nats = await startNats()
  await using bus = await tap(nats.url)
  const text = configuration(nats.url, join(directory.path, 'state'))
  await using _monitor = await startProduct(directory.path, HOST, text)
  await until('the first list is told', () => bus.heard.some(isListed))
  const guest = await libvirt.startGuest()
  const mute = await libvirt.startGuest({ agent: 'no-channel' })
  const answers = (): boolean =>
    toldOf(bus.heard, guest.instance).some(({ agent }) => agent === 'answers')
  await until('its agent answers', answers, 180_000)
  const told = toldOf(bus.heard, guest.instance)
  // On a quick machine the guest has booted before the first list with it.
  const booting = told.slice(
    0,
    told.findIndex(({ agent }) => agent === 'answers'),
  )
  t.true(
    booting.every(({ agent, answersForMs }) => agent === 'silent' && answersForMs === undefined),
  )
  const last = told.at(-1)
  t.true((last?.runsForMs ?? 0) > (last?.answersForMs ?? Infinity))
  await until('the other one is told twice', () => toldOf(bus.heard, mute.instance).length > 1)
  const [one, other] = toldOf(bus.heard, mute.instance)
  t.is(one?.agent, 'none')
  t.true((other?.runsForMs ?? 0) > (one?.runsForMs ?? 0))
  await guest.signal('SIGKILL')
  const isGone = (): boolean =>
    toldOf(bus.heard.filter(isListed).slice(-1), guest.instance).length === 0
  await until('it is not told any more', isGone)
})

test.serial('without libvirt it runs, and says so', async (t) => {
  await using directory = await temporaryDirectory('monitor')
  await using nats = await startNats()
  await using bus = await tap(nats.url)
  const text = configuration(nats.url, join(directory.path, 'state')).replace(
    libvirt.socket,
    join(directory.path, 'no-socket'),
  )
  await using monitor = await startProduct(directory.path, HOST, text)
  await until('a heartbeat says that libvirt is silent', () =>
    bus.heard.some((each) => each.type === 'host.heartbeat' && each.body.libvirt === 'silent'),
  )
  t.regex(monitor.output(), /libvirt cannot be reached/)
})

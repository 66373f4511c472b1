/** The leader's look in a simulated cloud: every channel is asked side by side, and none is waited for longer than three seconds. */
import test from 'ava'
import { EarlyProbes } from '../../../actors/verification/early-probes.ts'
import { HostBeats } from '../../../actors/verification/host-beats.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import type { LookTarget } from '../../../actors/verification/look-at-host.ts'
import { lookAtHost } from '../../../actors/verification/look-at-host.ts'
import type { Look } from '../../../actors/verification/look.ts'
import { H1 } from '../records.ts'
import { buildWorld, type World } from '../../transports/simulated/world.ts'

interface Seen {
  readonly look: Look
  readonly tookMs: number
}

/** Looks at the first host; observers have doubted it for a while. */
async function look(
  world: World,
  change: Partial<LookTarget> = {},
  hostBeats: Pick<HostBeats, 'latestAtMs'> = new HostBeats(() => {}),
): Promise<Seen> {
  const { clock, one } = world
  const observations = new HostObservations(clock, 60_000)
  observations.note(H1, { observer: 'monitor-1', state: 'dead', evidence: [] })
  const target: LookTarget = {
    host: H1,
    hostName: one,
    ssh: world.ssh(one),
    bmc: world.bmc(one),
    reportedAt: undefined,
    isOrdered: false,
    ...change,
  }
  const beganAtMs = clock.monotonicMs()
  const { signal } = new AbortController()
  const earlyProbes = new EarlyProbes(clock)
  const seen = await world.during(
    lookAtHost({ ...world, observations, earlyProbes, hostBeats }, target, signal),
  )
  return { look: seen, tookMs: clock.monotonicMs() - beganAtMs }
}

test('a host that is well is seen at once', async (t) => {
  const { look: seen, tookMs } = await look(buildWorld())
  t.is(seen.finding, 'alive')
  t.is(seen.reason, 'the leader sees it alive: SSH: the connection answered')
  t.true(tookMs < 500, `${tookMs} ms`)
})

test('a host without power is seen to be off after a second and a half', async (t) => {
  const world = buildWorld()
  world.cloud.crashHost(world.one)
  const { look: seen, tookMs } = await look(world)
  t.is(seen.finding, 'off')
  t.is(seen.evidence.length, 3)
  t.is(tookMs, 1500)
})

test('only a host whose power reads off is waited for less long, whoever reads it', async (t) => {
  for (const [read, expectedMs] of [
    ['off', 1500],
    ['on', 2500],
    [undefined, 2500],
  ] as const) {
    const world = buildWorld()
    world.cloud.crashHost(world.one)
    const { tookMs } = await look(world, { bmc: undefined, powerRead: () => read })
    t.is(tookMs, expectedMs, `${read}`)
  }
})

test('a host that accepts connections is waited for as long as ever, whatever its BMC reads', async (t) => {
  const world = buildWorld()
  world.cloud.setSshd(world.one, 'slow')
  world.cloud.setBmc(world.one, 'stuck-off')
  t.is((await look(world)).tookMs, 3000)
})

test('a host that hangs, and whose BMC and Nova keep silent, takes three seconds and no more', async (t) => {
  const world = buildWorld()
  world.cloud.hangHost(world.one)
  world.cloud.setBmc(world.one, 'silent')
  world.cloud.setNova({ latencyMs: [8000, 8000] })
  const { look: seen, tookMs } = await look(world)
  t.is(seen.finding, 'nothing')
  t.is(tookMs, 3000)
  const late = seen.evidence.filter((sentence) => sentence.includes('no answer within 3000 ms'))
  t.is(late.length, 2)
})

test('a BMC that is stuck at off is outweighed by an answer over SSH', async (t) => {
  const world = buildWorld()
  world.cloud.setBmc(world.one, 'stuck-off')
  t.is((await look(world)).look.finding, 'alive')
})

test('a nova-compute that goes on writing to Nova is life where SSH does not answer', async (t) => {
  const world = buildWorld()
  world.cloud.setSshd(world.one, 'slow')
  await world.pass(100_000)
  const seen = await look(world, { reportedAt: world.clock.wallMs() - 60_000 })
  t.true(['beating', 'alive'].includes(seen.look.finding), seen.look.reason)
  world.cloud.crashHost(world.one)
  await world.pass(16_000)
  const later = await look(world, { reportedAt: world.clock.wallMs() - 60_000, bmc: undefined })
  t.is(later.look.finding, 'nothing', 'a heartbeat of its last moments')
})

test('after an order Nova is not asked', async (t) => {
  const world = buildWorld()
  await look(world, { isOrdered: true })
  t.is(world.cloud.counters.get('nova.find-service') ?? 0, 0)
})

test('a look that is not needed any more ends with its asker', async (t) => {
  const world = buildWorld()
  world.cloud.hangHost(world.one)
  const observations = new HostObservations(world.clock, 60_000)
  const asker = new AbortController()
  const target = {
    host: H1,
    hostName: world.one,
    ssh: world.ssh(world.one),
    bmc: world.bmc(world.one),
    reportedAt: undefined,
    isOrdered: false,
  }
  const earlyProbes = new EarlyProbes(world.clock)
  const hostBeats = new HostBeats(() => {})
  const looking = lookAtHost(
    { ...world, observations, earlyProbes, hostBeats },
    target,
    asker.signal,
  )
  asker.abort(new Error('stopped'))
  await t.throwsAsync(world.during(looking), { message: 'stopped' })
})

/** Its heartbeats come each second until the given moment. */
function beating(world: World, untilMs = Infinity): Pick<HostBeats, 'latestAtMs'> {
  const { clock } = world
  return { latestAtMs: () => Math.floor(Math.min(clock.monotonicMs(), untilMs) / 1000) * 1000 }
}

test('a heartbeat that comes during the look is life where SSH does not answer', async (t) => {
  const world = buildWorld()
  world.cloud.setSshd(world.one, 'slow')
  await world.pass(10_500)
  const seen = await look(world, { reportedAt: world.clock.wallMs() - 100 }, beating(world))
  t.is(seen.look.finding, 'beating')
  t.regex(
    seen.look.reason,
    /^the leader hears its heartbeat: its latest heartbeat came 0\.\d s ago$/,
  )
  t.is((await look(world, { isOrdered: true }, beating(world))).look.finding, 'nothing')
})

test('the last heartbeat of a dead host is no life, and a host that missed one is not waited for', async (t) => {
  const world = buildWorld()
  await world.pass(10_500)
  world.cloud.crashHost(world.one)
  const ended = beating(world, 10_000)
  const noSsh = { ssh: undefined, reportedAt: world.clock.wallMs() - 100 }
  const soon = await look(world, noSsh, ended)
  t.is(soon.look.finding, 'off')
  t.true(soon.tookMs <= 1500, `${soon.tookMs} ms`)
  await world.pass(1500)
  const late = await look(world, noSsh, ended)
  t.is(late.look.finding, 'off')
  t.true(late.tookMs < 500, `${late.tookMs} ms`)
})

test('a host without SSH settings that goes on sending heartbeats is alive', async (t) => {
  const world = buildWorld()
  await world.pass(10_500)
  const target = { ssh: undefined, reportedAt: world.clock.wallMs() }
  const seen = await look(world, target, beating(world))
  t.is(seen.look.finding, 'alive')
})

test('without SSH the leader waits for the next heartbeat in Nova, unless a cluster vouches for the death', async (t) => {
  const world = buildWorld()
  await world.pass(10_500)
  const bare = { ssh: undefined, bmc: undefined, reportedAt: world.clock.wallMs() - 100 }
  t.is((await look(world, bare)).look.finding, 'beating')
  t.is((await look(world, { ...bare, isVouchedFor: true })).look.finding, 'nothing')
})

/** SSH probes at the first doubt of a host: begun once, used while they are young, and never for life. */
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { hostId } from '../../../schema/ids.ts'
import { EarlyProbes } from '../../../actors/verification/early-probes.ts'
import { HostObservations } from '../../../actors/verification/host-observations.ts'
import { lookAtHost } from '../../../actors/verification/look-at-host.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import { buildWorld } from '../../transports/simulated/world.ts'
import { H1 } from '../records.ts'

const settle = (): Promise<void> => setImmediate()

const SSH = { address: '192.0.2.1', port: 22, username: 'ha', hostKey: undefined }
const SILENT = { outcome: 'silent', detail: 'nothing' } as const
const shell = { probe: async () => SILENT }

test('a host is probed early once, and again after a while', async (t) => {
  const clock = new VirtualClock()
  const early = new EarlyProbes(clock)
  t.true(early.isDue(H1))
  early.begin(H1, SSH, shell)
  t.false(early.isDue(H1))
  await clock.pass(9999, settle)
  t.false(early.isDue(H1))
  await clock.pass(1, settle)
  t.true(early.isDue(H1))
})

test('of many hosts that are doubted at once only some are probed early', (t) => {
  const early = new EarlyProbes(new VirtualClock())
  const hosts = Array.from({ length: 100 }, (_, index) => hostId(`host-${index}`))
  for (const host of hosts) if (early.isDue(host)) early.begin(host, SSH, shell)
  t.is(early.size, 32)
})

test('an answer counts for a second after its wait, and only for the same address and user', async (t) => {
  const clock = new VirtualClock()
  const early = new EarlyProbes(clock)
  t.is(early.answerOf(H1, SSH), undefined)
  early.begin(H1, SSH, shell)
  await clock.pass(3500, settle)
  t.deepEqual(await early.answerOf(H1, SSH), SILENT)
  t.is(early.answerOf(H1, { ...SSH, address: '192.0.2.2' }), undefined)
  t.is(early.answerOf(H1, { ...SSH, username: 'other' }), undefined)
  await clock.pass(1, settle)
  t.is(early.answerOf(H1, SSH), undefined)
})

/** Looks some time after an early probe has begun; `before` and `between` change the cloud. */
async function lookLater({
  before,
  between = () => undefined,
  isOrdered = false,
  afterMs = 1000,
}: {
  readonly before: (world: ReturnType<typeof buildWorld>) => void
  readonly between?: (world: ReturnType<typeof buildWorld>) => void
  readonly isOrdered?: boolean
  readonly afterMs?: number
}) {
  const world = buildWorld()
  const { clock, one } = world
  const earlyProbes = new EarlyProbes(clock)
  const ssh = world.ssh(one)
  before(world)
  earlyProbes.begin(H1, ssh, world.shell)
  await clock.pass(afterMs, settle)
  between(world)
  const observations = new HostObservations(clock, 60_000)
  const target = { host: H1, hostName: one, ssh, bmc: undefined, reportedAt: undefined, isOrdered }
  const beganAtMs = clock.monotonicMs()
  const { signal } = new AbortController()
  const look = await world.during(
    lookAtHost(
      { ...world, observations, earlyProbes, hostBeats: { latestAtMs: () => undefined } },
      target,
      signal,
    ),
  )
  return { finding: look.finding, tookMs: clock.monotonicMs() - beganAtMs }
}

const crash = ({ cloud, one }: ReturnType<typeof buildWorld>): void => cloud.crashHost(one)

test('a look waits only for the rest of an early probe', async (t) => {
  t.like(await lookLater({ before: crash }), { finding: 'nothing', tookMs: 1500 })
})

test('after an order, the host is asked anew', async (t) => {
  t.like(await lookLater({ before: crash, isOrdered: true }), { finding: 'nothing', tookMs: 2500 })
})

test('a host that answered early and has died since is not alive', async (t) => {
  t.like(await lookLater({ before: () => undefined, between: crash }), { finding: 'nothing' })
})

const hang = ({ cloud, one }: ReturnType<typeof buildWorld>): void => cloud.hangHost(one)
const thaw = ({ cloud, one }: ReturnType<typeof buildWorld>): void => cloud.thawHost(one)

test('a host that was silent at the first doubt, and answers since, is alive', async (t) => {
  t.like(await lookLater({ before: hang, between: thaw, afterMs: 5000 }), { finding: 'alive' })
})

/** How soon the death of a host is known, its first instance is on its way, and its guests are heard again, in simulated time. */
import type { PolledPowerPort } from '../../actors/ports/power.ts'
import { sleep, type ClockPort } from '../../actors/ports/clock.ts'
import { rulesOf } from '../../ops/roles/rules.ts'
import { Deployment } from '../../ops/simulator/deployment.ts'
import { FULL_SIZE, startAll } from '../../ops/simulator/run-seed.ts'
import type { InstanceId } from '../../schema/ids.ts'
import { bmcAddress } from '../../schema/control-attributes.ts'
import { SeededRandom, draw } from '../../transports/simulated/random.ts'
import { configOf } from './config.ts'
import { quantile, type Figure } from './figure.ts'

const DEATHS = 50
/** Until everybody has heard everybody, and then at any moment of all intervals, ms. */
const BEFORE_MS = [60_000, 100_000] as const
const STEP_MS = 50
const LONGEST_MS = 120_000
const SPACING_MS = 5000

interface Death {
  readonly verdictMs: number
  readonly evacuateMs: number
  readonly guests: readonly GuestTimes[]
}

/** Of one guest of the host that died. */
interface GuestTimes {
  /** From the death to the sign of the guest. */
  readonly heardMs: number
  /** From its start on the new host to its agent. */
  readonly bootMs: number
}

/** With heartbeats and a BMC, and with SSH and a BMC alone. */
export async function measureDetection(): Promise<readonly Figure[]> {
  const withHeartbeats = await die('yes')
  const without = await die('no')
  return [
    ...figuresOf('with heartbeats', withHeartbeats, { p50: 5, p99: 9 }),
    ...figuresOf('with SSH and IPMI alone', without, { p50: 12, p99: 20 }),
    ...guestFigures([...withHeartbeats, ...without].flatMap(({ guests }) => guests)),
  ]
}

/** Each time in a cloud of its own, a host without power as in the demonstration. */
async function die(heartbeats: 'yes' | 'no'): Promise<readonly Death[]> {
  const deaths: Death[] = []
  for (let seed = 1; seed <= DEATHS; seed += 1) deaths.push(await dieOnce(seed, heartbeats))
  return deaths
}

async function dieOnce(seed: number, heartbeats: 'yes' | 'no'): Promise<Death> {
  await using deployment = new Deployment({
    seed,
    size: { ...FULL_SIZE, heartbeats },
    rules: rulesOf(configOf('', 'embedded')),
    sabotage: (ports) => ({ ...ports, power: spaced(ports.power, ports.clock) }),
  })
  await startAll(deployment)
  const random = new SeededRandom(seed)
  await deployment.pass(draw(random, BEFORE_MS))
  const host = deployment.segments.flatMap(({ hosts }) => hosts)[draw(random, [0, 23])]
  if (host === undefined) throw new RangeError('there is no such host')
  const diedAtMs = deployment.clock.monotonicMs()
  deployment.cloud.crashHost(host.name)
  const passedMs = async (isDone: () => boolean): Promise<number> => {
    while (!isDone()) {
      await deployment.pass(STEP_MS)
      const forMs = deployment.clock.monotonicMs() - diedAtMs
      if (forMs > LONGEST_MS) throw new Error(`seed ${seed}: nothing happens to ${host.name}`)
    }
    return deployment.clock.monotonicMs() - diedAtMs
  }
  const verdictMs = await passedMs(() => deployment.trace.some((line) => /recovery\//.test(line)))
  const evacuateMs = await passedMs(
    () => (deployment.cloud.counters.get('evacuation.accepted') ?? 0) > 0,
  )
  const guests = await hearGuests(deployment, host.name, diedAtMs)
  const { violations } = deployment.checker
  if (violations.length > 0) throw new Error(`a promise was broken: ${violations.join('; ')}`)
  return { verdictMs, evacuateMs, guests }
}

/** Waits until every guest that ran on the host is heard again. */
async function hearGuests(
  deployment: Deployment,
  host: string,
  diedAtMs: number,
): Promise<readonly GuestTimes[]> {
  const { cloud, clock, store } = deployment
  const diedAtWall = clock.wallMs() - (clock.monotonicMs() - diedAtMs)
  const lost = cloud.instances.filter((instance) => instance.host === host) // none of them has arrived yet
  const started = new Map<string, number>()
  const booted = new Map<string, number>()
  while (clock.monotonicMs() - diedAtMs < LONGEST_MS) {
    await deployment.pass(STEP_MS)
    for (const { id, host: now } of lost) {
      if (now === null || now === host || cloud.copiesOf(id).length === 0) continue
      if (!started.has(id)) started.set(id, clock.monotonicMs())
      if (cloud.hasBooted(id, now) && !booted.has(id)) booted.set(id, clock.monotonicMs())
    }
    const heard = await heardGuests(store)
    if (heard.length > 0) {
      return heard.map(({ instance, at }) => ({
        heardMs: at - diedAtWall,
        bootMs: (booted.get(instance) ?? 0) - (started.get(instance) ?? 0),
      }))
    }
  }
  throw new Error(`the guests of ${host} are not heard`)
}

/** All guests that were expected, and when each was heard; none while one is missing. */
async function heardGuests(
  store: Deployment['store'],
): Promise<readonly { readonly instance: InstanceId; readonly at: number }[]> {
  const [recovery] = await store.listNotifications({}, { limit: 1, sort: [] })
  if (recovery?.status !== 'finished') return []
  const moves = await store.listMoves({ notification: recovery.uuid }, { limit: 1000, sort: [] })
  const ran = moves.filter(({ guest }) => guest !== null && guest.state !== 'not_expected')
  if (ran.some(({ guest }) => guest?.state !== 'agent')) return []
  return ran.map(({ instance, guest }) => ({ instance, at: guest?.at ?? 0 }))
}

/** A BMC is not asked sooner than it can bear, as the transport sees to it; simulated ones would bear anything. */
function spaced(power: PolledPowerPort, clock: ClockPort): PolledPowerPort {
  const lanes = new Map<string, Promise<unknown>>()
  const rest = (): Promise<void> => sleep(clock, SPACING_MS)
  const inLane = <Answer>(address: string, command: () => Promise<Answer>): Promise<Answer> => {
    const before = lanes.get(address)
    const answer = before === undefined ? command() : before.then(command, command)
    lanes.set(address, answer.then(rest, rest))
    return answer
  }
  return {
    sessions: power.sessions,
    read: (bmc, signal) => inLane(bmcAddress(bmc), () => power.read(bmc, signal)),
    off: (bmc, signal) => inLane(bmcAddress(bmc), () => power.off(bmc, signal)),
  }
}

/** The greatest part is the boot, which is drawn between 4 s and 15 s, and up to 10 s until the next round of pings. */
const guestFigures = (guests: readonly GuestTimes[]): readonly Figure[] =>
  ([0.5, 0.99] as const).map((share) => {
    const of = (times: readonly number[]): number => quantile(times, share) / 1000
    const boot = of(guests.map(({ bootMs }) => bootMs))
    const other = of(guests.map(({ heardMs, bootMs }) => heardMs - bootMs))
    return {
      what: `death to guest heard, p${share * 100}`,
      value: of(guests.map(({ heardMs }) => heardMs)),
      unit: 's',
      target: { kind: 'at-most', value: share === 0.5 ? 35 : 50 },
      remark: `${guests.length} guests with agents, simulated time; p${share * 100} of the boot ${boot.toFixed(1)} s, of the rest ${other.toFixed(1)} s`,
    }
  })

/**
 * The targets are for the first evacuate request. After the first doubt, the leader itself waits 2.5 s for an answer over SSH. A few
 * verdicts wait until a BMC that was read just before the death may be read again.
 */
const figuresOf = (
  how: string,
  deaths: readonly Death[],
  target: { readonly p50: number; readonly p99: number },
): readonly Figure[] =>
  (
    [
      ['verdict', 'verdictMs', 0.5, undefined],
      ['verdict', 'verdictMs', 0.99, undefined],
      ['first evacuate', 'evacuateMs', 0.5, target.p50],
      ['first evacuate', 'evacuateMs', 0.99, target.p99],
    ] as const
  ).map(([what, field, share, seconds]) => ({
    what: `death to ${what}, p${share * 100}, ${how}`,
    value: quantile(
      deaths.map((death) => death[field] / 1000),
      share,
    ),
    unit: 's',
    ...(seconds === undefined ? {} : { target: { kind: 'at-most', value: seconds } }),
    remark: `${DEATHS} deaths, simulated time`,
  }))

/**
 * Messages that an intruder publishes in the name of an observer. On a bus without permissions, any
 * process can do this.
 */
import type { Deployment } from './deployment.ts'
import type { FaultGenerator, TimedAct } from './fault-generator.ts'
import { pick } from './fault-generator.ts'
import { MONITORS } from './process-names.ts'
import { draw } from '../../transports/simulated/random.ts'

/** Reports so many times, at this interval, that an observer sees a host alive or dead. */
export interface Lie {
  readonly do: 'lie'
  readonly observer: string
  readonly host: string
  readonly state: 'alive' | 'dead'
  readonly times: number
  readonly everyMs: number
}

/** Says as the instance monitor of a host that this guest runs there for an hour, and that its agent answers. */
export interface GuestLie {
  readonly do: 'lie-about-guest'
  readonly host: string
  readonly instance: string
}

/** Sends so many heartbeats, at this interval, as the instance monitor of a host. */
export interface BeatLie {
  readonly do: 'lie-with-heartbeats'
  readonly host: string
  readonly times: number
  readonly everyMs: number
}

/** Begins now. */
export function lieWithBeats(deployment: Deployment, { host, times, everyMs }: BeatLie): void {
  deployment.note(`an intruder sends ${times} heartbeats of ${host}`)
  const well = { libvirt: 'answers', libvirtAgeMs: 0, compute: 'runs', computeAgeMs: 0 } as const
  const say = (count: number): void => {
    deployment.intruder.announce('host.heartbeat', { hostName: host, ...well })
    if (count < times) deployment.clock.schedule(everyMs, () => say(count + 1))
  }
  say(1)
}

const HOUR_MS = 3_600_000

/** Says it now, once. */
export function lieAboutGuest(deployment: Deployment, { host, instance }: GuestLie): void {
  deployment.note(`an intruder says that ${instance} answers on ${host}`)
  const guest = deployment.cloud.instances.find(({ name }) => name === instance)
  if (guest === undefined) throw new RangeError(`no such instance: ${instance}`)
  const sign = { agent: 'answers', runsForMs: HOUR_MS, answersForMs: HOUR_MS } as const
  const guests = [{ instance: guest.id, ...sign }]
  deployment.intruder.announce('guests.running', { hostName: host, guests })
}

/** Begins now. */
export async function tellLie(deployment: Deployment, lie: Lie): Promise<void> {
  const { observer, host, state, times, everyMs } = lie
  deployment.note(`an intruder reports ${times} times as ${observer} that ${host} is ${state}`)
  const registered = (await deployment.store.listAllHosts()).find(({ name }) => name === host)
  if (registered === undefined) throw new RangeError(`no such host: ${host}`)
  const { uuid, segment } = registered
  const say = (count: number): void => {
    deployment.intruder.announce('host.observed', {
      host: uuid,
      hostName: host,
      segment,
      observer,
      state,
      evidence: ['ssh: so it is said'],
    })
    if (count < times) deployment.clock.schedule(everyMs, () => say(count + 1))
  }
  say(1)
}

/** Longer than any plan. */
const FOR_EVER_MS = 3_600_000

const GUEST_LIES = [
  { event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED' },
  { event: 'QEMU_GUEST_AGENT_ERROR', domainEvent: 'STOPPED_FAILED' },
  { event: 'IO_ERROR', domainEvent: 'IO_ERROR_REPORT' },
] as const

export const LYING_FAULTS = {
  /** Both observers seem to report a host as dead, once or for a while. */
  'observers-lie-dead': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    const [times, everyMs] = [draw(random, [1, 20]), draw(random, [200, 5000])]
    return MONITORS.map((observer): TimedAct => ({
      atMs: atMs + draw(random, [0, 500]),
      act: { do: 'lie', observer, host, state: 'dead', times, everyMs },
    }))
  },
  /** One observer seems to report a host as alive that loses its power, without an end. */
  'observer-lies-alive': ({ random, hosts }, atMs) => {
    const [host, observer] = [pick(random, hosts), pick(random, MONITORS)]
    const everyMs = draw(random, [500, 5000])
    const times = Math.ceil(FOR_EVER_MS / everyMs)
    return [
      { atMs, act: { do: 'lie', observer, host, state: 'alive', times, everyMs } },
      { atMs: atMs + draw(random, [0, 20_000]), act: { do: 'crash', host } },
    ]
  },
  /**
   * A healthy guest is reported as failed, as a broken monitor or an intruder on the bus may do.
   */
  'guest-falsely-reported': ({ random, instances }, atMs) => [
    {
      atMs,
      act: { do: 'report-guest', instance: pick(random, instances), ...pick(random, GUEST_LIES) },
    },
  ],
} as const satisfies Readonly<Record<string, FaultGenerator>>

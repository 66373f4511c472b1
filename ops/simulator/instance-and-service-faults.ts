/**
 * Faults smaller than the death of a host: of guests, by themselves or by their users, and of
 * nova-compute on a host.
 */
import type { RandomPort } from '../../actors/ports/clock.ts'
import { draw } from '../../transports/simulated/random.ts'
import { pick, type FaultGenerator, type TimedAct } from './fault-generator.ts'

export const INSTANCE_AND_SERVICE_FAULTS = {
  'guest-hangs': ({ random, instances }, atMs) => [
    { atMs, act: { do: 'hang-guest', instance: pick(random, instances) } },
  ],
  'guest-dies': ({ random, instances }, atMs) => death(random, pick(random, instances), atMs),
  'guest-crash-loop': ({ random, instances }, atMs) => {
    const instance = pick(random, instances)
    const everyMs = draw(random, [15_000, 90_000])
    return Array.from({ length: draw(random, [3, 6]) }, (_, index) => index).flatMap((index) =>
      death(random, instance, atMs + index * everyMs),
    )
  },
  'guest-broken': ({ random, instances }, atMs) => {
    const instance = pick(random, instances)
    const broken: TimedAct = { atMs, act: { do: 'break-guest', instance } }
    return [broken, ...death(random, instance, atMs)]
  },
  'guest-panics': ({ random, instances }, atMs) => {
    const instance = pick(random, instances)
    return [
      { atMs, act: { do: 'hang-guest', instance } },
      { atMs: atMs + 1000, act: { do: 'report-guest', instance, ...PANICKED } },
    ]
  },
  'user-stops': ({ random, instances }, atMs) => {
    const instance = pick(random, instances)
    // A monitor may report the event this much later, because it tries for two minutes.
    const seenAt = atMs + draw(random, [100, 120_000])
    const startAt = atMs + draw(random, [20_000, 150_000])
    const start: TimedAct = { atMs: startAt, act: { do: 'start-guest', instance } }
    return [
      { atMs, act: { do: 'stop-guest', instance } },
      { atMs: seenAt, act: { do: 'report-guest', instance, ...EMULATOR_DIED } },
      ...(random.next() < 0.5 ? [start] : []),
    ]
  },
  'process-dies': ({ random, hosts }, atMs) => {
    const host = pick(random, hosts)
    const process = 'nova-compute'
    const backAt = atMs + draw(random, [10_000, 150_000])
    return [
      { atMs, act: { do: 'kill-compute', host } },
      {
        atMs: atMs + draw(random, [100, 20_000]),
        act: { do: 'report-process', host, process, event: 'STOPPED' },
      },
      { atMs: backAt, act: { do: 'start-compute', host } },
      { atMs: backAt + 1000, act: { do: 'report-process', host, process, event: 'STARTED' } },
    ]
  },
} as const satisfies Readonly<Record<string, FaultGenerator>>

const EMULATOR_DIED = { event: 'LIFECYCLE', domainEvent: 'STOPPED_FAILED' } as const
const PANICKED = { event: 'LIFECYCLE', domainEvent: 'CRASHED_PANICKED' } as const

/** An emulator dies, and a monitor reports it. */
const death = (random: RandomPort, instance: string, atMs: number): readonly TimedAct[] => [
  { atMs, act: { do: 'kill-guest', instance } },
  {
    atMs: atMs + draw(random, [100, 5000]),
    act: { do: 'report-guest', instance, ...EMULATOR_DIED },
  },
]

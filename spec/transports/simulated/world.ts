/** A small simulated cloud for specs, with the ports of one engine and the settings of its hosts. */
import type { Instance } from '../../../actors/ports/compute.ts'
import {
  parseControlAttributes,
  type BmcSettings,
  type SshSettings,
} from '../../../schema/control-attributes.ts'
import { hostName, type HostName } from '../../../schema/ids.ts'
import { buildCloud, type HostSeed } from '../../../transports/simulated/build-cloud.ts'
import { VirtualClock } from '../../../transports/simulated/clock.ts'
import type { CloudView, SimulatedCloud } from '../../../transports/simulated/cloud.ts'
import { SeededRandom } from '../../../transports/simulated/random.ts'
import { RunawayClock, during, settle } from './virtual-time.ts'

export interface World extends CloudView {
  readonly clock: VirtualClock
  readonly cloud: SimulatedCloud
  /** The first and the second host. */
  readonly one: HostName
  readonly two: HostName
  readonly bmc: (host: string) => BmcSettings
  readonly ssh: (host: string) => SshSettings
  /** A running instance of a host, as Nova shows it. */
  readonly runningOn: (host: string) => Instance
  /** The instance as Nova shows it now. */
  readonly now: (instance: Instance) => Instance
  /** Advances the clock until the promise has settled. */
  readonly during: <Answer>(promise: Promise<Answer>) => Promise<Answer>
  readonly pass: (ms: number) => Promise<void>
  /** Powers the host off and isolates it, as the engine does. */
  readonly bury: (host: HostName) => Promise<void>
}

/** Four hosts in two segments, twelve instances. */
export function buildWorld(
  options: { readonly seed?: number; readonly capacity?: number } = {},
): World {
  const clock = new VirtualClock()
  const plan = { clock, random: new SeededRandom(options.seed ?? 1) }
  const size = { segments: 2, hostsPerSegment: 2, instances: 12, capacity: options.capacity ?? 10 }
  const { cloud, segments } = buildCloud({ ...plan, ...size })
  const view = cloud.viewFor('engine-1')
  const hosts = segments.flatMap((segment) => segment.hosts)
  const settingsOf = (host: string): ReturnType<typeof parseControlAttributes> =>
    parseControlAttributes(hosts.find(({ name }) => name === host)?.controlAttributes ?? '')
  const world: World = {
    ...view,
    clock,
    cloud,
    one: hostName('compute-01'),
    two: hostName('compute-02'),
    bmc: (host) => defined(settingsOf(host).ipmi),
    ssh: (host) => defined(settingsOf(host).ssh),
    runningOn: (host) =>
      defined(cloud.instances.find((row) => row.host === host && row.vmState === 'active')),
    now: ({ id }) => ({ ...defined(cloud.instances.find((row) => row.id === id)) }),
    during: (promise) => during(clock, promise),
    pass: (ms) => clock.pass(ms, settle),
    bury: async (host) => {
      cloud.crashHost(host)
      const service = defined(await during(clock, view.compute.findService(host)))
      await during(clock, view.compute.isolate(service.id, 'it is dead'))
    },
  }
  return world
}

/** The value, which must be defined. */
export function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the spec expects a value here')
  return value
}

/**
 * A cloud whose time passes by itself, and a new host of it for each test, for the suites that all
 * transports share.
 */
export function buildRunawayCloud(): {
  readonly clock: VirtualClock
  readonly cloud: SimulatedCloud
  readonly nextHost: () => HostSeed
} {
  const clock = new RunawayClock()
  const { cloud, segments } = buildCloud({
    clock,
    random: new SeededRandom(1),
    segments: 1,
    hostsPerSegment: 32,
    instances: 0,
  })
  const hosts = segments.flatMap((segment) => segment.hosts)
  return { clock, cloud, nextHost: () => defined(hosts.pop()) }
}

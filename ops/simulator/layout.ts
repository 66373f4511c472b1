/**
 * The layout of the simulated cloud of a seed: its reserved hosts, and the recovery methods of its
 * segments.
 */
import { RECOVERY_METHODS } from '../../schema/records.ts'
import type { CloudPlan } from '../../transports/simulated/build-cloud.ts'
import { draw, SeededRandom } from '../../transports/simulated/random.ts'

/** How large a simulated cloud is, and what it contains. */
export interface Layout extends Omit<CloudPlan, 'clock' | 'random'> {
  /** yes: the instance monitors of all hosts send heartbeats; default: no, only SSH and the BMC show a host. */
  readonly heartbeats?: 'yes' | 'no'
}

/** In one seed of three, hosts send heartbeats; in another third there are spares and nearly full hosts. */
export function layoutOf(seed: number, size: Layout): Layout {
  const heartbeats = draw(new SeededRandom(seed).fork('heartbeats'), [0, 2]) === 0 ? 'yes' : 'no'
  const layout = layoutWithSpares(seed, size)
  return { ...layout, ...racksOf(seed, layout), heartbeats }
}

/**
 * Two seeds of three have racks, half of them named in aggregates and half in the settings of hosts; a rack may reach over the
 * end of a segment. With spares they are named in the settings, because a spare joins and leaves aggregates.
 */
function racksOf(
  seed: number,
  { sparesPerSegment }: Layout,
): Pick<Layout, 'hostsPerRack' | 'racksNamedIn'> {
  const random = new SeededRandom(seed).fork('racks')
  if (draw(random, [0, 2]) === 0) return {}
  const isInNova = draw(random, [0, 1]) === 0 && sparesPerSegment === undefined
  const racksNamedIn = isInNova ? 'aggregates' : 'settings'
  return { hostsPerRack: draw(random, [2, 4]), racksNamedIn }
}

/**
 * One seed of three has reserved hosts, all recovery methods, instances of two sizes, and hosts
 * that are nearly full.
 */
function layoutWithSpares(seed: number, size: Layout): Layout {
  const random = new SeededRandom(seed).fork('layout')
  if (draw(random, [0, 2]) > 0) return size
  const sparesPerSegment = draw(random, [1, 2])
  const inUse = size.segments * (size.hostsPerSegment - sparesPerSegment)
  const share = Math.ceil(size.instances / inUse)
  const first = draw(random, [0, RECOVERY_METHODS.length - 1])
  const methods = [...RECOVERY_METHODS.slice(first), ...RECOVERY_METHODS.slice(0, first)]
  const capacity = share * draw(random, [2, 4])
  return { ...size, sparesPerSegment, largeEvery: 7, capacity, methods }
}

/** The names that `buildCloud` gives to hosts, segments and instances. */
import { rackOf } from '../../transports/simulated/build-cloud.ts'
import type { Targets } from './fault-generator.ts'
import type { Layout } from './layout.ts'

/** The names of everything in a cloud with this layout. */
export function namesIn(layout: Layout): Omit<Targets, 'random' | 'dying'> {
  const { segments, hostsPerSegment, instances, sparesPerSegment = 0 } = layout
  const hosts = numbered('compute', segments * hostsPerSegment, 2)
  return {
    hosts,
    spares: hosts.filter((_, index) => isSpare(index, hostsPerSegment, sparesPerSegment)),
    racks: [...new Set(hosts.flatMap((_, index) => rackOf(layout, index) ?? []))],
    hostsIn: (rack) => hosts.filter((_, index) => rackOf(layout, index) === rack),
    segments: Array.from({ length: segments }, (_, index) => `segment-${index + 1}`),
    instances: numbered('vm', instances, 3),
  }
}

/** Reserved hosts are the last ones of each segment. */
const isSpare = (index: number, hostsPerSegment: number, sparesPerSegment: number): boolean =>
  index % hostsPerSegment >= hostsPerSegment - sparesPerSegment

function numbered(prefix: string, count: number, digits: number): readonly string[] {
  const width = Math.max(digits, String(count).length)
  return Array.from({ length: count }, (_, index) => {
    return `${prefix}-${String(index + 1).padStart(width, '0')}`
  })
}

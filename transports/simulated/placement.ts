/** The Placement port as one process of ours has it: the same room that the simulated scheduler sees. */
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { minus } from '../../schema/resources.ts'
import type { NovaWire } from './nova-wire.ts'
import type { Site } from './site.ts'

/** The room of a site's machines behind the wire of one process. */
export function simulatedPlacement(site: Site, wire: NovaWire): PlacementPort {
  const roomsOf = (hosts: readonly HostName[]): ReadonlyMap<HostName, Room> =>
    new Map(
      hosts.flatMap((host) => {
        const machine = site.find(host)
        if (machine === undefined || !machine.isKnownToPlacement) return []
        const { capacity: largest, taken } = machine
        return [[host, { free: minus(largest, taken), largest }] as const]
      }),
    )
  return {
    async readRooms(hosts, signal) {
      const effect = (): ReadonlyMap<HostName, Room> => roomsOf(hosts)
      try {
        return await wire.send({ kind: 'read', name: 'read-rooms', subject: '', effect, signal })
      } catch (error) {
        if (!isCoded(error)) throw error
        throw new CodedError('PLACEMENT_UNAVAILABLE', describeError(error), { cause: error })
      }
    },
  }
}

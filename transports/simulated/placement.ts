/**
 * The Placement port of one process of ours. It shows the room that the simulated scheduler also
 * uses.
 */
import type { PlacementPort, Room } from '../../actors/ports/placement.ts'
import { CodedError, describeError, isCoded } from '../../schema/errors.ts'
import type { HostName } from '../../schema/ids.ts'
import { minus } from '../../schema/resources.ts'
import type { Faults } from './faults.ts'
import type { NovaRows } from './nova-rows.ts'
import type { NovaWire } from './nova-wire.ts'
import type { Site } from './site.ts'

interface PlacementParts {
  readonly site: Site
  readonly rows: Pick<NovaRows, 'onHost'>
  readonly faults: Pick<Faults, 'candidatesOf'>
}

/** The room of a site's machines behind the wire of one process. */
export function simulatedPlacement(
  { site, rows, faults }: PlacementParts,
  wire: NovaWire,
): PlacementPort {
  const roomsOf = (hosts: readonly HostName[]): ReadonlyMap<HostName, Room> =>
    new Map(
      hosts.flatMap((host) => {
        const machine = site.find(host)
        if (machine === undefined || !machine.isKnownToPlacement) return []
        const { capacity: largest, taken } = machine
        return [[host, { free: minus(largest, taken), largest }] as const]
      }),
    )
  const read = async <Answer>(
    name: string,
    effect: () => Answer,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    try {
      return await wire.send({ kind: 'read', name, subject: '', effect, signal })
    } catch (error) {
      if (!isCoded(error)) throw error
      throw new CodedError('PLACEMENT_UNAVAILABLE', describeError(error), { cause: error })
    }
  }
  return {
    readRooms: (hosts, signal) => read('read-rooms', () => roomsOf(hosts), signal),
    readAllocations: (host, signal) =>
      read(
        'read-allocations',
        () => new Map(rows.onHost(host).map(({ id, needs }) => [id, needs])),
        signal,
      ),
    readCandidates: (request, signal) =>
      read('read-candidates', () => faults.candidatesOf(request), signal),
  }
}

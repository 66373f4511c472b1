/** The hosts that may take instances of a dead host at present. Pure. */
import type { HostName, NotificationId } from '../../schema/ids.ts'
import type { Host, TakenSpare } from '../../schema/records.ts'
import type { ComputeService } from '../ports/compute.ts'
import type { Room } from '../ports/placement.ts'
import type { Pool } from './stages.ts'

/** The target when Nova's scheduler chooses the host. */
export const ANYWHERE = 'anywhere'

export type TargetName = HostName | typeof ANYWHERE

/**
 * active: instances may be sent; inactive: a spare that must be activated first; shared: a spare
 * that other recoveries have activated, and that must still be prepared for this one; activating: a
 * spare that is being activated.
 */
export type TargetState = 'active' | 'inactive' | 'shared' | 'activating'

export interface Target {
  readonly name: TargetName
  readonly pool: Pool
  readonly state: TargetState
  /** null when the room is unknown. */
  readonly room: Room | null
}

/** What is known about the hosts of a segment. */
export interface SegmentHosts {
  readonly hosts: readonly Host[]
  readonly services: readonly ComputeService[]
  readonly takenSpares: readonly TakenSpare[]
  readonly rooms: ReadonlyMap<HostName, Room>
  readonly failed: HostName
  readonly recovery: NotificationId
  /**
   * segment: we choose among the hosts in service; scheduler: Nova chooses, without regard to
   * segments.
   */
  readonly placement: 'segment' | 'scheduler'
}

const IN_SERVICE: Availability = { pool: 'in-service', state: 'active' }
const SCHEDULER: Target = { ...IN_SERVICE, name: ANYWHERE, room: null }

/**
 * The targets: registered hosts that are not on maintenance and not the failed one, and whose
 * compute service is up.
 */
export function targetsOf(segment: SegmentHosts): readonly Target[] {
  const { hosts, services, rooms, failed, placement } = segment
  const byHost = new Map(services.map((service) => [service.host, service]))
  const targets = hosts.flatMap((host): readonly Target[] => {
    const service = byHost.get(host.name)
    if (host.onMaintenance || host.name === failed) return []
    if (service === undefined || !service.up || service.forcedDown) return []
    const availability = availabilityOf(segment, host, service)
    const room = rooms.get(host.name) ?? null
    return availability === undefined ? [] : [{ name: host.name, ...availability, room }]
  })
  if (placement === 'segment') return targets
  return [SCHEDULER, ...targets.filter(({ pool }) => pool === 'spares')]
}

type Availability = Pick<Target, 'pool' | 'state'>

/** A host that an operator has disabled is no spare. Neither is a host that is being given back. */
function availabilityOf(
  { takenSpares, recovery }: SegmentHosts,
  { uuid, reserved }: Host,
  { disabled }: ComputeService,
): Availability | undefined {
  const taken = takenSpares.filter(({ host }) => host === uuid)
  if (taken.some(({ state }) => state === 'undoing')) return undefined
  if (reserved) return { pool: 'spares', state: 'inactive' }
  const isOurs = taken.some(({ by }) => by === recovery)
  // The spare was taken by this recovery, perhaps under an earlier leader, and was not activated
  // yet.
  if (disabled) return isOurs ? { pool: 'spares', state: 'inactive' } : undefined
  if (taken.length === 0) return IN_SERVICE
  return { pool: 'spares', state: isOurs ? 'active' : 'shared' }
}

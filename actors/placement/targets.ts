/** The hosts that may take instances of a dead host, as they are at one moment. Pure. */
import type { HostName } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { ComputeService } from '../ports/compute.ts'
import type { Room } from '../ports/placement.ts'
import type { Pool } from './stages.ts'

/** Left to Nova's scheduler. */
export const ANYWHERE = 'anywhere'

export type TargetName = HostName | typeof ANYWHERE

export interface Target {
  readonly name: TargetName
  readonly pool: Pool
  /** Null when nobody can tell. */
  readonly room: Room | null
}

/** What is known about the hosts of a segment. */
export interface Census {
  readonly hosts: readonly Host[]
  readonly services: readonly ComputeService[]
  readonly rooms: ReadonlyMap<HostName, Room>
  readonly failed: HostName
  /** Who chooses among hosts in service: we do, or Nova does, who knows no segments. */
  readonly placement: 'segment' | 'scheduler'
}

/** In service: registered, not spare, not on maintenance, not the failed one; its compute service is up and enabled. */
export function targetsOf({
  hosts,
  services,
  rooms,
  failed,
  placement,
}: Census): readonly Target[] {
  if (placement === 'scheduler') return [{ name: ANYWHERE, pool: 'in-service', room: null }]
  const ready = new Set(
    services
      .filter((service) => service.up && !service.disabled && !service.forcedDown)
      .map((service) => service.host),
  )
  return hosts
    .filter((host) => !host.reserved && !host.onMaintenance && host.name !== failed)
    .filter(({ name }) => ready.has(name))
    .map(({ name }) => ({ name, pool: 'in-service', room: rooms.get(name) ?? null }))
}

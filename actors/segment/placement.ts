/** Where an instance goes: hosts of the same segment that Compute would take it on, the least loaded by us first. */
import type { HostName } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { ComputeService } from '../ports/compute.ts'

/** Registered, not spare, not on maintenance, not the failed one; and its compute service is up and enabled. */
export function placementTargets(
  hosts: readonly Host[],
  services: readonly ComputeService[],
  failed: HostName,
): readonly HostName[] {
  const ready = new Set(
    services
      .filter((service) => service.up && !service.disabled && !service.forcedDown)
      .map((service) => service.host),
  )
  return hosts
    .filter((host) => !host.reserved && !host.onMaintenance && host.name !== failed)
    .map((host) => host.name)
    .filter((name) => ready.has(name))
}

/** The target with the fewest of our own moves that has not refused this instance; the first one of equals. */
export function chooseTarget(
  targets: readonly HostName[],
  refusedBy: readonly HostName[],
  assigned: ReadonlyMap<HostName, number>,
): HostName | undefined {
  const open = targets.filter((target) => !refusedBy.includes(target))
  const load = (target: HostName): number => assigned.get(target) ?? 0
  return open.reduce<HostName | undefined>(
    (best, target) => (best === undefined || load(target) < load(best) ? target : best),
    undefined,
  )
}

/**
 * Hosts that fail together are judged together: the cause is probably one fault, and not
 * necessarily of the hosts themselves. Together are the hosts that were reported within a short
 * time of each other, and those that observers have begun to doubt. Pure.
 */
import type { HostId, HostName } from '../../schema/ids.ts'
import type { HostOverall } from '../ports/store.ts'
import { hasBegun, type Situation } from './decision.ts'

/** Hosts with their names. */
export type FailureGroup = ReadonlyMap<HostId, HostName>

/**
 * All of these hosts that fail together with the reported one, which is included. A recovery that
 * has begun is judged alone.
 */
export function failureGroup(
  { snapshot, doubted }: Pick<Situation, 'snapshot' | 'doubted'>,
  hosts: readonly HostOverall[],
  gatheringMs: number,
): FailureGroup {
  const { notification, failing } = snapshot
  if (notification === undefined) return new Map()
  const { sourceHost, createdAt } = notification
  const reported = failing
    .filter((other) => Math.abs(other.createdAt - createdAt) <= gatheringMs)
    .map((other) => other.sourceHost)
  const suspects = new Set(hasBegun(snapshot) ? [] : [...reported, ...doubted])
  // A host that an operator or a recovery has taken out of service is not acted on again.
  const together = hosts.filter(
    ({ uuid, onMaintenance }) => uuid === sourceHost || (!onMaintenance && suspects.has(uuid)),
  )
  return new Map(together.map(({ uuid, name }) => [uuid, name]))
}

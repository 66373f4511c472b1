/**
 * Hosts that fail together are judged together: they are rather one fault, and whether it is the hosts' own nobody knows.
 * Together are those that were reported within a short time of each other, and those that observers have begun to doubt. Pure.
 */
import type { HostId, HostName } from '../../schema/ids.ts'
import type { HostOverall } from '../ports/store.ts'
import { hasBegun, type Situation } from './decision.ts'

/** Hosts with their names. */
export type FailureGroup = ReadonlyMap<HostId, HostName>

/** All of these hosts that the reported one fails together with, itself included. What has begun is judged alone. */
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
  // Whoever is out of service, by an operator or a recovery, is not acted on anew.
  const together = hosts.filter(
    ({ uuid, onMaintenance }) => uuid === sourceHost || (!onMaintenance && suspects.has(uuid)),
  )
  return new Map(together.map(({ uuid, name }) => [uuid, name]))
}

/**
 * Hosts that fail together are judged together: they are rather one fault, and whether it is the hosts' own nobody knows.
 * Together are those that were reported within a minute of each other, and those that observers have begun to doubt. Pure.
 */
import type { HostId } from '../../schema/ids.ts'
import type { Host, Notification } from '../../schema/records.ts'
import type { SegmentSnapshot } from '../ports/store.ts'

/** Longest time between two reports, or since a doubt began, ms. Verdicts about one fault differ by a peace interval or two. */
export const GATHERING_MS = 60_000

/** All that this host fails together with, itself included. */
export function failureGroup(
  { hosts }: SegmentSnapshot,
  reports: readonly Notification[],
  doubted: ReadonlySet<HostId>,
  { sourceHost, createdAt }: Notification,
): ReadonlySet<HostId> {
  const reported = reports
    .filter((other) => Math.abs(other.createdAt - createdAt) <= GATHERING_MS)
    .map((other) => other.sourceHost)
  const suspects = [...reported, ...doubted].filter((id) => hosts.some(isInService(id)))
  return new Set([sourceHost, ...suspects])
}

/** Whoever is out of service, by an operator or a recovery, is not acted on anew. */
const isInService =
  (id: HostId) =>
  ({ uuid, onMaintenance }: Host): boolean =>
    uuid === id && !onMaintenance

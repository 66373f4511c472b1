/** Whether an instance would be moved if its host died now, told to its owner: nothing here names a host. Pure. */
import type { Instance } from '../../actors/ports/compute.ts'
import type { HostStanding, VmMove } from '../../schema/records.ts'

/** Why the engine would leave an instance of a dead host alone; undefined when it would move it. */
export type ObjectionOf = (instance: Instance, host: HostStanding) => string | undefined

/** The registered hosts, by name. */
export type Standings = ReadonlyMap<string, HostStanding>

/** Compared as the store compares names. */
export const standingsOf = (hosts: readonly HostStanding[]): Standings =>
  new Map(hosts.map((host) => [host.name.toLowerCase(), host]))

/** Why an instance is not protected; undefined when it is. */
export function gapOf(
  instance: Instance,
  standings: Standings,
  objection: ObjectionOf,
): string | undefined {
  if (instance.host === null) return 'it is on no host'
  const host = standings.get(instance.host.toLowerCase())
  if (host === undefined) return 'its host is not registered in a failover segment'
  if (!host.segmentEnabled) return 'recovery is switched off for its failover segment'
  if (host.maintenanceBy !== null) return 'its host has failed and is being recovered or repaired'
  if (host.onMaintenance) return 'its host is on maintenance'
  return objection(instance, host)
}

/** What is said about a move, without the names of hosts, which Compute hides from users as well. */
export function publicMessage({ message, ...move }: VmMove, standings: Standings): string | null {
  if (message === null) return null
  if (/^[A-Z]+(_[A-Z]+)+: /.test(message)) return 'the Compute service did not take the request'
  const ends = [move.sourceHost, move.destHost].map((name) => name?.toLowerCase())
  return message.replaceAll(/[\w.-]*\w/g, (word) => {
    const name = word.toLowerCase()
    return standings.has(name) || ends.includes(name) ? 'a host' : word
  })
}

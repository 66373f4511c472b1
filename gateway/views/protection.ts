/**
 * Whether an instance would be moved if its host died now. This is shown to the owner of the
 * instance, so it names no host. Pure.
 */
import type { Instance } from '../../actors/ports/compute.ts'
import type { HostProtection, VmMove } from '../../schema/records.ts'

/** Why the engine would not move an instance of a dead host; undefined when it would. */
export type ObjectionOf = (instance: Instance, host: HostProtection) => string | undefined

/** The registered hosts, by name. */
export type HostProtections = ReadonlyMap<string, HostProtection>

/** Names are compared in the same way as in the store. */
export const hostProtectionsOf = (hosts: readonly HostProtection[]): HostProtections =>
  new Map(hosts.map((host) => [host.name.toLowerCase(), host]))

/** Why an instance is not protected; undefined when it is. */
export function gapOf(
  instance: Instance,
  protections: HostProtections,
  objection: ObjectionOf,
): string | undefined {
  if (instance.host === null) return 'it is on no host'
  const host = protections.get(instance.host.toLowerCase())
  if (host === undefined) return 'its host is not registered in a failover segment'
  if (!host.segmentEnabled) return 'recovery is switched off for its failover segment'
  if (host.maintenanceBy !== null) return 'its host has failed and is being recovered or repaired'
  if (host.onMaintenance) return 'its host is on maintenance'
  return objection(instance, host)
}

/** The message of a move without the names of hosts, which Compute hides from users, too. */
export function publicMessage(
  { message, ...move }: VmMove,
  protections: HostProtections,
): string | null {
  if (message === null) return null
  if (/^[A-Z]+(_[A-Z]+)+: /.test(message)) return 'the Compute service did not accept the request'
  const ends = [move.sourceHost, move.destHost].map((name) => name?.toLowerCase())
  return message.replaceAll(/[\w.-]*\w/g, (word) => {
    const name = word.toLowerCase()
    return protections.has(name) || ends.includes(name) ? 'a host' : word
  })
}

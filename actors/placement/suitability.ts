/**
 * Which hosts cannot take an instance, as far as this is known before Nova is asked, and which
 * hosts are preferred. Pure.
 */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { ComputeService, Instance, ServerGroup } from '../ports/compute.ts'
import type { TargetName } from './targets.ts'

/** What a survey has read about the instances of a dead host. */
export interface Demands {
  /** Why a host cannot take an instance. Nova's scheduler decides about what is unknown. */
  readonly objections: ReadonlyMap<InstanceId, ReadonlyMap<TargetName, string>>
  /** The server groups of the dead host's instances. */
  readonly groups: ReadonlyMap<InstanceId, ServerGroup>
  /** The hosts of the other members of these groups. */
  readonly memberHosts: ReadonlyMap<InstanceId, HostName>
}

export const NO_DEMANDS: Demands = {
  objections: new Map(),
  groups: new Map(),
  memberHosts: new Map(),
}

/** The hosts that Placement names for each request. */
export type Candidates = ReadonlyMap<string, ReadonlySet<HostName>>

/** The objections by zone and by request. They hold as long as the survey does. */
export function objectionsOf(
  { zone, request }: Pick<Instance, 'zone' | 'request'>,
  services: readonly ComputeService[],
  candidates: Candidates,
): ReadonlyMap<TargetName, string> {
  const able = request === null ? undefined : candidates.get(request)
  return new Map(
    services.flatMap(({ host, zone: ofHost }): readonly (readonly [HostName, string])[] => {
      if (zone !== null && ofHost !== null && zone !== ofHost) {
        return [[host, `it is in zone ${ofHost}, and the instance is bound to ${zone}`]]
      }
      if (able === undefined || able.has(host)) return []
      return [[host, 'Placement does not offer it for what the flavor asks for']]
    }),
  )
}

/**
 * The hosts of the other members of a group, or those to which they are moving; one entry for each
 * member.
 */
export type Neighbours = readonly HostName[]

/** Why the server group of an instance excludes a host. */
export function objectionOfGroup(
  { name, policy, perHostMax }: ServerGroup,
  host: TargetName,
  neighbours: Neighbours,
): string | undefined {
  const here = neighbours.filter((each) => each === host).length
  if (policy === 'anti-affinity' && here >= perHostMax) {
    return `members of its server group ${name}, which must be on different hosts, are there`
  }
  if (policy === 'affinity' && neighbours.length > 0 && here === 0) {
    return `its server group ${name} must be on one host, and is on ${[...new Set(neighbours)].join(', ')}`
  }
  return undefined
}

/** The lower the number, the better the host fits the wishes of the group. */
export function reluctanceOf(
  { policy }: ServerGroup,
  host: TargetName,
  neighbours: Neighbours,
): number {
  const here = neighbours.filter((each) => each === host).length
  if (policy === 'soft-anti-affinity') return here
  return policy === 'soft-affinity' || policy === 'affinity' ? -here : 0
}

/** Which hosts cannot take an instance, as far as that is known before Nova is asked, and which are preferred. Pure. */
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { ComputeService, Instance, ServerGroup } from '../ports/compute.ts'
import type { TargetName } from './targets.ts'

/** What a survey has learned about the instances of a dead host. */
export interface Demands {
  /** Why a host is none for an instance. What is unknown is left to Nova's scheduler. */
  readonly objections: ReadonlyMap<InstanceId, ReadonlyMap<TargetName, string>>
  /** Of the instances of the dead host that are in one. */
  readonly groups: ReadonlyMap<InstanceId, ServerGroup>
  /** Members of their groups that are on other hosts. */
  readonly memberHosts: ReadonlyMap<InstanceId, HostName>
}

export const NO_DEMANDS: Demands = {
  objections: new Map(),
  groups: new Map(),
  memberHosts: new Map(),
}

/** The hosts that Placement names for each request that was asked about. */
export type Candidates = ReadonlyMap<string, ReadonlySet<HostName>>

/** Zone and request: what holds for as long as the survey does. */
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

/** Where the other members of a group are, or are on their way to, once for each. */
export type Neighbours = readonly HostName[]

/** Why a server group keeps an instance away from a host. */
export function objectionOfGroup(
  { name, policy, perHostMax }: ServerGroup,
  host: TargetName,
  neighbours: Neighbours,
): string | undefined {
  const here = neighbours.filter((each) => each === host).length
  if (policy === 'anti-affinity' && here >= perHostMax) {
    return `members of its server group ${name}, which are to be apart, are there`
  }
  if (policy === 'affinity' && neighbours.length > 0 && here === 0) {
    return `its server group ${name} is to be together, and is on ${[...new Set(neighbours)].join(', ')}`
  }
  return undefined
}

/** The lower, the better it fits what a group would like. */
export function reluctanceOf(
  { policy }: ServerGroup,
  host: TargetName,
  neighbours: Neighbours,
): number {
  const here = neighbours.filter((each) => each === host).length
  if (policy === 'soft-anti-affinity') return here
  return policy === 'soft-affinity' || policy === 'affinity' ? -here : 0
}

/** Asks what the instances of a dead host demand of their next host: each kind once, however many instances. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { HostName, InstanceId } from '../../schema/ids.ts'
import type { Resources } from '../../schema/resources.ts'
import { objectionsOf, type Demands } from '../placement/suitability.ts'
import {
  isComputeTrouble,
  type ComputePort,
  type ComputeService,
  type Instance,
  type ServerGroup,
} from '../ports/compute.ts'
import type { PlacementPort } from '../ports/placement.ts'

interface World {
  readonly compute: Pick<ComputePort, 'listServerGroups' | 'getInstance'>
  readonly placement: Pick<PlacementPort, 'readAllocations' | 'readCandidates'>
}

interface Asked {
  readonly host: HostName
  readonly signal: AbortSignal
  /** Told what could not be learned, and is left to the refusals of Nova's scheduler. */
  readonly onUnknown: (what: string) => Promise<void>
}

/** Different requests of flavours that are asked about. */
const REQUESTS_MAX = 16
/** Members of server groups on other hosts that are looked for. */
const MEMBERS_MAX = 50

/** The instances with what they hold on their host, which is what Nova asks for again, and what they demand. */
export async function readDemands(
  world: World,
  asked: Asked,
  { held, groups }: Ground,
  { instances: listed, services }: Listed,
): Promise<{ readonly instances: readonly Instance[]; readonly demands: Demands }> {
  const instances = listed.map((each) => ({ ...each, needs: needsOf(each, held) }))
  const candidates = await readCandidates(world, asked, instances)
  const objections = new Map(
    instances.map((each) => [each.id, objectionsOf(each, services, candidates)]),
  )
  const known = await readGroups(world, asked, { instances, groups })
  return { instances, demands: { objections, ...known } }
}

/** What needs no list of the instances, and may be read beside it. */
interface Ground {
  readonly held: ReadonlyMap<InstanceId, Resources>
  readonly groups: readonly ServerGroup[]
}

interface Listed {
  readonly instances: readonly Instance[]
  readonly services: readonly ComputeService[]
}

/** Two requests, however many instances. */
export async function readGround(world: World, asked: Asked): Promise<Ground> {
  const { host, signal } = asked
  const [held, groups] = await Promise.all([
    orUnknown(asked, NOBODY, () => world.placement.readAllocations(host, signal)),
    orUnknown(asked, [], () => world.compute.listServerGroups(signal)),
  ])
  return { held, groups }
}

const NOBODY: ReadonlyMap<InstanceId, Resources> = new Map()

/** Of what is held below the host itself, as GPUs are, the flavour tells. */
function needsOf({ id, needs }: Instance, held: ReadonlyMap<InstanceId, Resources>): Resources {
  const ours = held.get(id)
  if (ours === undefined) return needs
  if (needs.others === undefined && ours.others === undefined) return ours
  return { ...ours, others: { ...needs.others, ...ours.others } }
}

async function readCandidates(
  { placement }: World,
  asked: Asked,
  instances: readonly Instance[],
): Promise<ReadonlyMap<string, ReadonlySet<HostName>>> {
  const requests = new Set(instances.flatMap(({ request }) => request ?? []))
  const candidates = new Map<string, ReadonlySet<HostName>>()
  for (const request of [...requests].slice(0, REQUESTS_MAX)) {
    const hosts = await orUnknown(asked, undefined, () =>
      placement.readCandidates(request, asked.signal),
    )
    if (hosts !== undefined) candidates.set(request, hosts)
  }
  return candidates
}

async function readGroups(
  { compute }: World,
  asked: Asked,
  { instances, groups: all }: Pick<Listed, 'instances'> & Pick<Ground, 'groups'>,
): Promise<Pick<Demands, 'groups' | 'memberHosts'>> {
  const here = new Set(instances.map(({ id }) => id))
  const ours = all.filter(({ members }) => members.some((member) => here.has(member)))
  const groups = new Map(
    ours.flatMap((group) =>
      group.members.flatMap((member) => (here.has(member) ? [[member, group] as const] : [])),
    ),
  )
  const elsewhere = new Set(
    ours.flatMap(({ members }) => members.filter((member) => !here.has(member))),
  )
  const memberHosts = new Map<InstanceId, HostName>()
  for (const member of [...elsewhere].slice(0, MEMBERS_MAX)) {
    const found = await orUnknown(asked, undefined, () => compute.getInstance(member, asked.signal))
    if (found !== undefined && found.host !== null) memberHosts.set(member, found.host)
  }
  return { groups, memberHosts }
}

/** None of it is worth a delay: Nova's scheduler knows it all. */
async function orUnknown<Answer>(
  { onUnknown }: Asked,
  unknown: Answer,
  read: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await read()
  } catch (error) {
    if (!isComputeTrouble(error) && !isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
    await onUnknown(describeError(error))
    return unknown
  }
}

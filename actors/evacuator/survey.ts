/**
 * Reads everything about a dead host and its segment. The demands of its instances on their next
 * host are asked once for each kind of demand, however many instances there are.
 */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { HostId, HostName, InstanceId } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import type { Resources } from '../../schema/resources.ts'
import { untilStored } from '../leadership/until-stored.ts'
import { NO_DEMANDS, objectionsOf, type Demands } from '../placement/suitability.ts'
import {
  isComputeTrouble,
  type ComputePort,
  type ComputeService,
  type Instance,
  type ServerGroup,
} from '../ports/compute.ts'
import type { PlacementPort } from '../ports/placement.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import { policyOf } from '../policy/segment-policy.ts'
import { RECORDS_SINCE_MS } from './apply-records.ts'
import { note } from './journal.ts'
import { readFailedBefore } from './failed-before.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { Survey } from './evacuator-messages.ts'

/** Reads the survey. Throws the errors of Compute and Identity. */
export async function survey(context: EvacuationContext): Promise<Survey> {
  const { world, order, signal } = context
  const since = world.clock.wallMs() - RECORDS_SINCE_MS
  world.bookings.read(order, signal)
  const asked = {
    host: order.host,
    signal,
    onUnknown: (what: string) =>
      note(context, {
        kind: 'decision',
        step: 'placement',
        detail: `${what}: left to Nova's scheduler`,
      }),
  }
  const [listed, services, evacuations, segment, touched, ground] = await Promise.all([
    world.compute.listInstances(order.host, signal),
    world.compute.listServices(signal),
    world.compute.listEvacuations(order.host, since, signal),
    readSegment(context, since),
    untilStored(world.clock, signal, () => world.store.listTouched(order.host, order.notification)),
    readGround(world, asked),
  ])
  const list = { instances: listed, services }
  const { instances, demands } = await readDemands(world, asked, ground, list)
  const failedBefore = await readFailedBefore(context, instances)
  const atMs = world.clock.monotonicMs()
  const takenByOthers = world.bookings.takenByOthers(order)
  const before = { touched, failedBefore }
  return { instances, services, evacuations, ...before, takenByOthers, demands, ...segment, atMs }
}

/**
 * The survey of a host whose instances have been moved: one request. Undefined when an instance is there after all, and everything must
 * be read.
 */
export async function surveyEmptied({
  world: { compute, clock },
  order,
  signal,
}: EvacuationContext): Promise<Survey | undefined> {
  const instances = await compute.listInstances(order.host, signal)
  return instances.length === 0 ? { ...NOTHING_LEFT, atMs: clock.monotonicMs() } : undefined
}

/** Nothing is planned with it, so it has no targets. */
const NOTHING_LEFT: Omit<Survey, 'atMs'> = {
  instances: [],
  services: [],
  evacuations: [],
  method: 'auto',
  hosts: [],
  rooms: new Map(),
  takenSpares: [],
  takenByOthers: new Map(),
  disks: { instanceDisks: 'local', rebuildLocal: 'forbid' },
  demands: NO_DEMANDS,
  touched: [],
  failedBefore: new Map(),
}

/** Hosts that are reported dead. No instance is sent there. */
export const reportedHosts = (unfinished: readonly UnfinishedRecovery[]): ReadonlySet<HostId> =>
  new Set(
    unfinished
      .filter(({ notification }) => notification.type === 'COMPUTE_HOST')
      .map(({ notification }) => notification.sourceHost),
  )

const HOSTS_ONLY = { afterId: 0, max: 0 }

/**
 * Reads the segment without its hosts that are reported dead or in doubt: Nova shows a dead host as
 * up for a minute, and no instance may be sent there.
 */
async function readSegment(
  context: EvacuationContext,
  since: number,
): Promise<Pick<Survey, 'method' | 'hosts' | 'takenSpares' | 'rooms' | 'disks'>> {
  const { world, order, signal } = context
  const { snapshot, unfinished } = await untilStored(world.clock, signal, async () => ({
    snapshot: await world.store.readSnapshot(order.segment, order.notification, since),
    unfinished: await world.store.listUnfinished(HOSTS_ONLY),
  }))
  const reported = reportedHosts(unfinished)
  const hosts = snapshot.hosts.filter(
    ({ uuid }) => !reported.has(uuid) && !world.observations.doubted(uuid),
  )
  const method = snapshot.segment?.recoveryMethod ?? 'auto'
  const { takenSpares } = snapshot
  const disks = policyOf(world.policy, snapshot.segment?.name ?? '', snapshot.choices)
  return { method, disks, hosts, takenSpares, rooms: await readRooms(context, hosts) }
}

/**
 * Without an answer of Placement, targets are chosen by the number of moves. The journal says so.
 */
async function readRooms(
  context: EvacuationContext,
  hosts: readonly Host[],
): Promise<Survey['rooms']> {
  const { world, order, signal } = context
  const names = hosts.map(({ name }) => name).filter((name) => name !== order.host)
  try {
    const rooms = await world.placement.readRooms(names, signal)
    const unknown = names.filter((name) => !rooms.has(name))
    if (unknown.length > 0) await byCount(context, `Placement does not know ${unknown.join(', ')}`)
    return rooms
  } catch (error) {
    if (!isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
    await byCount(context, describeError(error))
    return new Map()
  }
}

const byCount = (context: EvacuationContext, why: string): Promise<void> =>
  note(context, {
    kind: 'decision',
    step: 'placement',
    detail: `${why}: chosen by the number of moves`,
  })

interface DemandsWorld {
  readonly compute: Pick<ComputePort, 'listServerGroups' | 'getInstance'>
  readonly placement: Pick<PlacementPort, 'readAllocations' | 'readCandidates'>
}

interface Asked {
  readonly host: HostName
  readonly signal: AbortSignal
  /** Called with the name of what could not be read. Nova's scheduler then decides about it. */
  readonly onUnknown: (what: string) => Promise<void>
}

/** The most different requests of flavours that are sent to Placement. */
const REQUESTS_MAX = 16
/** The most members of server groups whose hosts are read. */
const MEMBERS_MAX = 50

/**
 * The instances with the resources that they hold on their host, because Nova requests the same
 * again; and their demands on the next host.
 */
export async function readDemands(
  world: DemandsWorld,
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

/** What can be read before the list of the instances is known. */
interface Ground {
  readonly held: ReadonlyMap<InstanceId, Resources>
  readonly groups: readonly ServerGroup[]
}

interface Listed {
  readonly instances: readonly Instance[]
  readonly services: readonly ComputeService[]
}

/** Reads both with two requests, however many instances there are. */
export async function readGround(world: DemandsWorld, asked: Asked): Promise<Ground> {
  const { host, signal } = asked
  const [held, groups] = await Promise.all([
    orUnknown(asked, NOBODY, () => world.placement.readAllocations(host, signal)),
    orUnknown(asked, [], () => world.compute.listServerGroups(signal)),
  ])
  return { held, groups }
}

const NOBODY: ReadonlyMap<InstanceId, Resources> = new Map()

/**
 * Resources below the host itself, such as GPUs, are missing in the allocation. They are taken from
 * the flavour.
 */
function needsOf({ id, needs }: Instance, held: ReadonlyMap<InstanceId, Resources>): Resources {
  const ours = held.get(id)
  if (ours === undefined) return needs
  if (needs.others === undefined && ours.others === undefined) return ours
  return { ...ours, others: { ...needs.others, ...ours.others } }
}

async function readCandidates(
  { placement }: DemandsWorld,
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
  { compute }: DemandsWorld,
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

/** An evacuation is not delayed for an answer, because Nova's scheduler knows all demands. */
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

/** Reads everything about a dead host and its segment at one moment. */
import { describeError, isCoded } from '../../schema/errors.ts'
import type { HostId } from '../../schema/ids.ts'
import type { Host } from '../../schema/records.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { UnfinishedRecovery } from '../ports/store.ts'
import { policyOf } from '../segment/policy.ts'
import { readDemands, readGround } from './demands.ts'
import { note } from './journal.ts'
import type { EvacuationContext } from './evacuation-context.ts'
import type { EvacuatorMessage, Survey } from './evacuator-messages.ts'

/** Records older than this have nothing to do with a recovery that is going on. */
const RECORDS_SINCE_MS = 24 * 3600 * 1000

/** Throws what Compute and Identity may throw. */
export async function survey(context: EvacuationContext): Promise<EvacuatorMessage> {
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
  const atMs = world.clock.monotonicMs()
  const takenByOthers = world.bookings.takenByOthers(order)
  return {
    type: 'evacuator.surveyed',
    survey: { instances, services, evacuations, touched, takenByOthers, demands, ...segment, atMs },
  }
}

/** Hosts that somebody reports dead: no place to go to. */
export const reportedHosts = (unfinished: readonly UnfinishedRecovery[]): ReadonlySet<HostId> =>
  new Set(
    unfinished
      .filter(({ notification }) => notification.type === 'COMPUTE_HOST')
      .map(({ notification }) => notification.sourceHost),
  )

const HOSTS_ONLY = { afterId: 0, max: 0 }

/** Nova believes in a dead host for a minute; whoever is reported dead, or in doubt, is no place to go to. */
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
    ({ uuid }) => !reported.has(uuid) && !world.sightings.doubted(uuid),
  )
  const method = snapshot.segment?.recoveryMethod ?? 'auto'
  const { takenSpares } = snapshot
  const disks = policyOf(world.policy, snapshot.segment?.name ?? '', snapshot.choices)
  return { method, disks, hosts, takenSpares, rooms: await readRooms(context, hosts) }
}

/** Without Placement, targets are chosen by the number of moves; that is said. */
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

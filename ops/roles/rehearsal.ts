/**
 * Rehearses the death of a host with the engine's own rules: what the segment would decide, and
 * what its evacuator would do.
 */
import { rehearse } from '../../actors/evacuator/rehearsal.ts'
import { readDemands, readGround, reportedHosts } from '../../actors/evacuator/survey.ts'
import type { ClockPort } from '../../actors/ports/clock.ts'
import type { ComputePort } from '../../actors/ports/compute.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import { decide } from '../../actors/recovery/decide.ts'
import type { Decision } from '../../actors/recovery/decision.ts'
import { policyOf } from '../../actors/policy/segment-policy.ts'
import { isCoded } from '../../schema/errors.ts'
import { notificationId, type HostName } from '../../schema/ids.ts'
import type { Host, Notification } from '../../schema/records.ts'
import type { Rehearsal } from '../../schema/rehearsal.ts'
import type { Rules } from './rules.ts'

export interface RehearsalWorld {
  readonly store: Pick<StorePort, 'readSnapshot' | 'listUnfinished'>
  readonly compute: Pick<
    ComputePort,
    'listInstances' | 'listServices' | 'listServerGroups' | 'getInstance'
  >
  readonly placement: PlacementPort
  readonly clock: ClockPort
}

/** Only reads. COMPUTE_UNAVAILABLE, STORE_UNAVAILABLE. */
export function rehearsals(
  world: RehearsalWorld,
  rules: Rules,
): (host: Host, signal: AbortSignal) => Promise<Rehearsal> {
  const { store, compute, clock } = world
  return async (host, signal) => {
    const nowWallMs = clock.wallMs()
    const since = nowWallMs - rules.recovery.storm.windowMs
    const [stored, unfinished, listed, services] = await Promise.all([
      store.readSnapshot(host.segment, IMAGINED, since),
      store.listUnfinished({ afterId: 0, max: 0 }),
      compute.listInstances(host.name, signal),
      compute.listServices(signal),
    ])
    const { segment, takenSpares, choices } = stored
    const reported = reportedHosts(unfinished)
    const hosts = stored.hosts.filter(({ uuid }) => !reported.has(uuid))
    const rooms = await readRooms(world, hosts, signal)
    // a rehearsal ignores what is unknown
    const asked = { host: host.name, signal, onUnknown: async () => {} }
    const ground = await readGround(world, asked)
    const list = { instances: listed, services }
    const { instances, demands } = await readDemands(world, asked, ground, list)
    const decision = decide(rules.recovery, {
      snapshot: { ...stored, notification: reportOf(host, nowWallMs) },
      inFlight: new Set(),
      recovering: new Map(),
      doubted: new Set(),
      cut: { kind: 'separate' },
      awaited: undefined,
      ledForMs: Infinity,
      inContactForMs: Infinity,
      hostSeenWell: false,
      nowWallMs,
    })
    const prospect = {
      instances,
      services,
      hosts,
      takenSpares,
      rooms,
      demands,
      method: segment?.recoveryMethod ?? 'auto',
      disks: policyOf(rules.recovery, segment?.name ?? '', choices),
    } as const
    return { ...told(decision), fates: rehearse(host.name, IMAGINED, rules.evacuator, prospect) }
  }
}

/** No recovery has this id. */
const IMAGINED = notificationId('00000000-0000-0000-0000-000000000000')

/** The report of a monitor that is sure that the host is dead. */
const reportOf = ({ uuid, segment }: Host, nowMs: number): Notification => ({
  id: 0,
  createdAt: nowMs,
  updatedAt: null,
  uuid: IMAGINED,
  type: 'COMPUTE_HOST',
  generatedAt: nowMs,
  sourceHost: uuid,
  segment,
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  status: 'new',
  message: null,
  run: 0,
  firstRun: 1,
})

/** Without Placement, an evacuation goes on and counts moves instead of resources. */
async function readRooms(
  { placement }: RehearsalWorld,
  hosts: readonly Host[],
  signal: AbortSignal,
): ReturnType<PlacementPort['readRooms']> {
  try {
    return await placement.readRooms(
      hosts.map(({ name }): HostName => name),
      signal,
    )
  } catch (error) {
    if (!isCoded(error, 'PLACEMENT_UNAVAILABLE')) throw error
    return new Map()
  }
}

function told(decision: Decision): Pick<Rehearsal, 'decision' | 'reason'> {
  if (decision.kind === 'fence') return { decision: 'act', reason: null }
  const reason = 'reason' in decision ? decision.reason : null
  return { decision: decision.kind === 'hold' ? 'hold' : 'leave', reason }
}

/** The surroundings of one evacuation, which all of its effects share. */
import { isCoded } from '../../schema/errors.ts'
import type { HostObservations } from '../dedup-window/host-observations.ts'
import type { Vigils } from '../fence/vigils.ts'
import type { Acting } from '../leadership/intent.ts'
import { untilStored } from '../leadership/until-stored.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { Bookings } from '../placement/bookings.ts'
import type { ComputePort } from '../ports/compute.ts'
import type { PlacementPort } from '../ports/placement.ts'
import type { LedgerStore } from '../ports/ledger.ts'
import type { InventoryStore, NewEntry, RecoveryStore } from '../ports/store.ts'
import type { PolicyDefaults } from '../segment/policy.ts'
import type { ComputeNews } from './compute-news.ts'
import type { EvacuationOrder, EvacuatorRules } from './evacuator-messages.ts'
import type { SharedPace } from './shared-pace.ts'

export interface EvacuatorWorld extends Acting {
  readonly store: RecoveryStore & LedgerStore & Pick<InventoryStore, 'findHost'>
  readonly clock: ClockPort
  readonly compute: ComputePort
  readonly placement: PlacementPort
  readonly announcer: Announcer
  readonly sightings: HostObservations
  /** Kept by the fences of this process. */
  readonly vigils: Vigils
  /** Shared by all evacuators of this process. */
  readonly bookings: Bookings
  readonly rules: EvacuatorRules
  readonly policy: PolicyDefaults
  /** Shared by all evacuators of this process. */
  readonly pace: SharedPace
  readonly news: ComputeNews
  /** Shown in Nova as the reason why the service is disabled. */
  readonly disableReason: string
}

/** One evacuation's surroundings, handed through its effects. */
export interface Evacuating {
  readonly world: EvacuatorWorld
  readonly order: EvacuationOrder
  readonly signal: AbortSignal
}

/** What Compute and Identity may throw; everything else is a defect of ours. */
export const isComputeTrouble = (error: unknown): boolean =>
  isCoded(
    error,
    'COMPUTE_UNAVAILABLE',
    'COMPUTE_OUTCOME_UNKNOWN',
    'COMPUTE_BUSY',
    'COMPUTE_REFUSED',
    'COMPUTE_NOT_FOUND',
    'IDENTITY_UNAVAILABLE',
    'IDENTITY_REFUSED',
  )

export interface Objection {
  /** wait: ask again later; forbid: the segment decides anew. */
  readonly answer: 'wait' | 'forbid'
  readonly reason: string
  /** Whether it is new, so that it is to be told. */
  readonly isNews: boolean
}

/**
 * Why nothing may be begun although the host was fenced: while Compute was away, or instances waited for room, somebody has
 * switched it on again, and what it runs must not run a second time.
 */
export async function objectionOfLife(evacuating: Evacuating): Promise<Objection | undefined> {
  const { world, order, signal } = evacuating
  const { host, hostId } = order
  const { life, isNews, diedAtMs = -Infinity } = await world.vigils.look(hostId, signal)
  const { sightings } = world
  if (sightings.seenWell(hostId)) {
    // Words of before its power went off prove nothing; nor is it begun on against them: observers look again within seconds.
    return life !== 'none' || sightings.seenWell(hostId, diedAtMs + sightings.freshMs)
      ? { answer: 'forbid', reason: `${host} is seen alive after its fence`, isNews: false }
      : { answer: 'wait', reason: `${host} was seen alive until its fence`, isNews: false }
  }
  if (life === 'none') return undefined
  const reason = `${host} has power again after its fence`
  if (life === 'hung') {
    return { answer: 'forbid', reason: `${reason}, and does not come up`, isNews: false }
  }
  return { answer: 'wait', reason: `${reason}: it may be booting, and nothing is begun`, isNews }
}

/** Says why nothing goes on for the moment. */
export async function noteWait(evacuating: Evacuating, reason: string): Promise<void> {
  await note(evacuating, { kind: 'decision', step: 'wait', detail: reason })
  announceStep(evacuating, 'waiting', reason)
}

/** Writes a line of the journal about the host, however long the store is away. */
export async function note(
  { world, order, signal }: Evacuating,
  entry: Pick<NewEntry, 'kind' | 'step' | 'detail'>,
): Promise<void> {
  const { notification, host: subject } = order
  await untilStored(world.clock, signal, () =>
    world.store.appendJournal(order.epoch, { notification, subject, ...entry }),
  )
}

/** Tells the bus that the recovery passed a step. */
export function announceStep({ world, order }: Evacuating, step: string, reason: string): void {
  const { notification, host } = order
  world.announcer.announce('recovery.stepped', { notification, host, step, reason, evidence: [] })
}

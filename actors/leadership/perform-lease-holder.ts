/** Carries out the lease holder's effects: writes the lease, claims the epoch, and keeps the term. */
import { CodedError, describeError } from '../../schema/errors.ts'
import type { NodeName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISION } from '../supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LeasePort, LeaseRevision } from '../ports/lease.ts'
import type { LeadershipStore } from '../ports/store.ts'
import type { ClockSteps } from './clock-steps.ts'
import type { PartitionDetector } from './partition-detector.ts'
import {
  CANDIDATE,
  leaseHolder,
  type LeaseEffect,
  type LeaseMessage,
  type LeaseState,
  type LeaseTiming,
} from './lease-holder.ts'
import type { LeadershipTerm } from './leadership-term.ts'

export interface LeaseWorld {
  readonly node: NodeName
  readonly timing: LeaseTiming
  readonly clock: ClockPort
  readonly lease: LeasePort
  readonly store: LeadershipStore
  readonly term: LeadershipTerm
  readonly partitionDetector: PartitionDetector
  readonly clockSteps: ClockSteps
  readonly announcer: Announcer
}

/** The actor that campaigns for this process. */
export function defineLeaseHolder(world: LeaseWorld): Definition<LeaseMessage> {
  return define<LeaseState, LeaseMessage, LeaseEffect>({
    initial: CANDIDATE,
    behaviour: leaseHolder(world.timing),
    first: { type: 'lease.campaign' },
    policy: SUPERVISION['lease-holder'],
    perform: (effect) => performLease(world, effect),
  })
}

function performLease(
  world: LeaseWorld,
  effect: LeaseEffect,
): Promise<LeaseMessage | undefined> | undefined {
  switch (effect.type) {
    case 'lease.create':
      world.term.end() // a candidate does not lead, whatever a crashed incarnation believed
      return create(world)
    case 'lease.renew':
      return renew(world, effect.revision)
    case 'lease.release':
      return giveLeaseBack(world, effect.revision)
    case 'epoch.claim':
      return claimEpoch(world)
    case 'term.hold':
      world.term.hold(effect.epoch, effect.startedAtMs + world.timing.ttlMs - world.timing.marginMs)
      return undefined
    case 'term.end':
      world.term.end()
      return undefined
    case 'leader.proclaim':
      world.announcer.announce('leader.proclaimed', { holder: world.node, epoch: effect.epoch })
      return undefined
    default:
      return assertNever(effect)
  }
}

async function create(world: LeaseWorld): Promise<LeaseMessage> {
  const startedAtMs = world.clock.monotonicMs()
  const revision = await write(world, () => world.lease.create(world.node))
  return typeof revision === 'number'
    ? { type: 'lease.taken', revision, startedAtMs }
    : { type: 'lease.missed' }
}

async function renew(world: LeaseWorld, of: LeaseRevision): Promise<LeaseMessage> {
  const startedAtMs = world.clock.monotonicMs()
  const revision = await write(world, () => world.lease.renew(world.node, of))
  if (revision === 'unknown') return { type: 'lease.renew-failed', of }
  if (revision === 'refused') return { type: 'lease.lost', of }
  return { type: 'lease.renewed', of, revision, startedAtMs }
}

/** refused: another process has the lease; unknown: the broker did not answer. */
async function write(
  world: LeaseWorld,
  attempt: () => Promise<LeaseRevision | undefined>,
): Promise<LeaseRevision | 'refused' | 'unknown'> {
  try {
    const revision = await attempt()
    world.partitionDetector.note()
    world.clockSteps.note()
    return revision ?? 'refused'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return 'unknown'
  }
}

async function giveLeaseBack(world: LeaseWorld, revision: LeaseRevision): Promise<undefined> {
  try {
    await world.lease.release(revision)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error // the lease simply runs out
  }
}

async function claimEpoch(world: LeaseWorld): Promise<LeaseMessage> {
  try {
    return { type: 'lease.epoch-claimed', epoch: await world.store.claimEpoch(world.node) }
  } catch (error) {
    if (error instanceof CodedError) {
      return { type: 'lease.epoch-refused', reason: describeError(error) }
    }
    throw new Error(`the epoch could not be claimed: ${describeError(error)}`, { cause: error })
  }
}

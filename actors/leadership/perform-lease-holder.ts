/** Carries out the lease holder's effects: writes the lease, claims the epoch, and keeps the term. */
import { CodedError, describeError } from '../../schema/errors.ts'
import type { NodeName } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import { define, type Definition } from '../kernel/behaviour.ts'
import { SUPERVISOR } from '../kernel/supervision.ts'
import type { Announcer } from '../ports/announcer.ts'
import type { ClockPort } from '../ports/clock.ts'
import type { LeasePort, LeaseRevision } from '../ports/lease.ts'
import type { LogPort } from '../ports/log.ts'
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
  readonly log: LogPort
}

/** The actor that campaigns for this process. */
export function defineLeaseHolder(world: LeaseWorld): Definition<LeaseMessage> {
  return define<LeaseState, LeaseMessage, LeaseEffect>({
    initial: CANDIDATE,
    behaviour: leaseHolder(world.timing),
    first: { type: 'lease.campaign' },
    policy: SUPERVISOR,
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
      return write(world, () => world.lease.create(world.node), 'lease.taken', 'lease.missed')
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

async function write(
  world: LeaseWorld,
  attempt: () => Promise<LeaseRevision | undefined>,
  won: 'lease.taken' | 'lease.renewed',
  otherwise: 'lease.missed' | 'lease.lost',
): Promise<LeaseMessage> {
  const startedAtMs = world.clock.monotonicMs()
  try {
    const revision = await attempt()
    world.partitionDetector.note()
    world.clockSteps.note()
    return revision === undefined ? { type: otherwise } : { type: won, revision, startedAtMs }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return { type: won === 'lease.taken' ? 'lease.missed' : 'lease.renew-failed' }
  }
}

function renew(world: LeaseWorld, revision: LeaseRevision): Promise<LeaseMessage> {
  return write(world, () => world.lease.renew(world.node, revision), 'lease.renewed', 'lease.lost')
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
      world.log.warn({ error: describeError(error) }, 'we hold the lease and get no epoch')
      return { type: 'lease.epoch-refused' }
    }
    throw new Error(`the epoch could not be claimed: ${describeError(error)}`, { cause: error })
  }
}

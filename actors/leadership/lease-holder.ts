/**
 * Campaigns for the lease, keeps it, and starts the leader's actors only while it is certainly held. Pure.
 *
 * | state                             | event                      | next state     | when                                                                     |
 * | --------------------------------- | -------------------------- | -------------- | ------------------------------------------------------------------------ |
 * | candidate                         | lease.campaign             | candidate      | it tries to take the lease                                               |
 * | candidate                         | lease.missed               | candidate      | another process has the lease, or the bus is away: it tries again later  |
 * | candidate                         | lease.taken                | claiming-epoch | it has the lease, and asks the store for an epoch                        |
 * | claiming-epoch                    | lease.epoch-claimed        | leader         | the actors that act with this epoch are started                          |
 * | claiming-epoch                    | lease.epoch-refused        | candidate      | the store is away: the lease is given back, for another process to try   |
 * | leader                            | lease.renew-due            | leader         | it renews the lease                                                      |
 * | leader                            | lease.renewed              | leader         | it may lead for longer                                                   |
 * | leader                            | lease.renew-failed         | leader         | nobody knows whether the lease was renewed: it tries again soon          |
 * | leader                            | lease.lost                 | candidate      | another process has the lease                                            |
 * | leader                            | lease.expired              | candidate      | its own clock says that the lease ends                                   |
 * | leader                            | lease.deposed              | candidate      | the store has seen a newer epoch: the lease is given back                |
 * | candidate, claiming-epoch, leader | lease.resign               | resigned       | the process shuts down: what is held is given back                       |
 * | resigned                          | lease.taken, lease.renewed | resigned       | a write that was under way has succeeded: the lease is given back        |
 *
 * Every other message leaves the lease holder as it is, and so does the answer to a renewal of another lease than the one that is
 * held: it is of before a deposition. When the lease holder leaves `leader`, it ends the term and stops the leader's actors.
 */
import type { Epoch } from '../../schema/ids.ts'
import { assertNever } from '../kernel/assert-never.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { LeaseRevision } from '../ports/lease.ts'
import { startChild, stopChild } from '../registry.ts'

/** Milliseconds; `ttlMs` must exceed `2 × renewIntervalMs + marginMs` (checked with the configuration). */
export interface LeaseTiming {
  readonly ttlMs: number
  readonly renewIntervalMs: number
  readonly campaignIntervalMs: number
  readonly marginMs: number
}

export type LeaseMessage =
  | { readonly type: 'lease.campaign' } // private: our own timer, and the first message
  | {
      readonly type: 'lease.taken' // private
      readonly revision: LeaseRevision
      readonly startedAtMs: number
    }
  | { readonly type: 'lease.missed' } // private: somebody has it, or the bus is away
  | { readonly type: 'lease.epoch-claimed'; readonly epoch: Epoch } // private
  | { readonly type: 'lease.epoch-refused'; readonly reason: string } // private: the store is away
  | { readonly type: 'lease.renew-due' } // private: our own timer
  | {
      readonly type: 'lease.renewed' // private
      /** The revision that was to be renewed. */
      readonly of: LeaseRevision
      readonly revision: LeaseRevision
      readonly startedAtMs: number
    }
  | { readonly type: 'lease.renew-failed'; readonly of: LeaseRevision } // private: unknown outcome, try again
  | { readonly type: 'lease.lost'; readonly of: LeaseRevision } // private: another holder
  | { readonly type: 'lease.expired' } // private: our own clock ran out
  | { readonly type: 'lease.deposed'; readonly epoch: Epoch } // the store has seen a newer epoch
  | { readonly type: 'lease.resign' } // from the shutdown

interface Held {
  readonly revision: LeaseRevision
  /** When the last successful write was started, by the monotonic clock. */
  readonly startedAtMs: number
}

export type LeaseState =
  | {
      readonly kind: 'candidate'
      /** Why it holds or leads no longer; null before it has held the lease. */
      readonly reason: string | null
    }
  | ({ readonly kind: 'claiming-epoch' } & Held)
  | ({ readonly kind: 'leader'; readonly epoch: Epoch } & Held)
  | { readonly kind: 'resigned' }

export type LeaseEffect =
  | { readonly type: 'lease.create' }
  | { readonly type: 'lease.renew'; readonly revision: LeaseRevision }
  | { readonly type: 'lease.release'; readonly revision: LeaseRevision }
  | { readonly type: 'epoch.claim' }
  | { readonly type: 'term.hold'; readonly epoch: Epoch; readonly startedAtMs: number }
  | { readonly type: 'term.end' }
  | { readonly type: 'leader.proclaim'; readonly epoch: Epoch }

type LeaseStep = Step<LeaseState, LeaseEffect | KernelEffect<LeaseMessage>>

/** Where everybody begins. */
export const CANDIDATE: LeaseState = { kind: 'candidate', reason: null }

/** Why an engine does not lead any more. */
const NO_MORE = {
  lost: 'another process has the lease',
  expired:
    'the lease could not be renewed in time: the bus did not answer, or this process stood still',
  deposed: 'the store has seen a newer epoch: a newer engine leads',
} as const

export const leaseHolder =
  (timing: LeaseTiming) =>
  (state: LeaseState, message: LeaseMessage): LeaseStep => {
    switch (message.type) {
      case 'lease.campaign':
        return state.kind === 'candidate' ? [state, [{ type: 'lease.create' }]] : [state, []]
      case 'lease.missed':
        return state.kind === 'candidate' ? [state, [campaignLater(timing)]] : [state, []]
      case 'lease.taken':
        return onTaken(state, message)
      case 'lease.epoch-claimed':
        return onEpochClaimed(timing, state, message.epoch)
      case 'lease.epoch-refused':
        return state.kind === 'claiming-epoch'
          ? giveBack(timing, state, message.reason)
          : [state, []]
      case 'lease.renew-due':
        return state.kind === 'leader'
          ? [state, [{ type: 'lease.renew', revision: state.revision }]]
          : [state, []]
      case 'lease.renewed':
        return onRenewed(timing, state, message)
      case 'lease.renew-failed':
        return holds(state, message) ? [state, [renewSoon(timing)]] : [state, []]
      case 'lease.lost':
        return holds(state, message) ? onLost(timing, state, NO_MORE.lost) : [state, []]
      case 'lease.expired':
        return state.kind === 'leader' ? onLost(timing, state, NO_MORE.expired) : [state, []]
      case 'lease.deposed':
        return onDeposed(timing, state, message.epoch)
      case 'lease.resign':
        return onResign(state)
      default:
        return assertNever(message)
    }
  }

function onTaken(state: LeaseState, taken: Held): LeaseStep {
  if (state.kind === 'resigned') return [state, [release(taken)]]
  if (state.kind !== 'candidate') return [state, []]
  const { revision, startedAtMs } = taken
  return [{ kind: 'claiming-epoch', revision, startedAtMs }, [{ type: 'epoch.claim' }]]
}

function onEpochClaimed(timing: LeaseTiming, state: LeaseState, epoch: Epoch): LeaseStep {
  if (state.kind !== 'claiming-epoch') return [state, []]
  const { revision, startedAtMs } = state
  return [
    { kind: 'leader', epoch, revision, startedAtMs },
    [
      { type: 'term.hold', epoch, startedAtMs },
      { type: 'leader.proclaim', epoch },
      startChild('leader', String(epoch), epoch),
      { type: 'timer.start', name: 'renew', afterMs: 0, message: { type: 'lease.renew-due' } },
      ownClock(timing),
    ],
  ]
}

type Leading = LeaseState & { readonly kind: 'leader' }

/** Whether this is the lease that was to be renewed. */
const holds = (state: LeaseState, { of }: { readonly of: LeaseRevision }): state is Leading =>
  state.kind === 'leader' && state.revision === of

function onRenewed(
  timing: LeaseTiming,
  state: LeaseState,
  renewed: LeaseMessage & { readonly type: 'lease.renewed' },
): LeaseStep {
  if (state.kind === 'resigned') return [state, [release(renewed)]]
  if (!holds(state, renewed)) return [state, []]
  const { revision, startedAtMs } = renewed
  return [
    { ...state, revision, startedAtMs },
    [
      { type: 'term.hold', epoch: state.epoch, startedAtMs },
      {
        type: 'timer.start',
        name: 'renew',
        afterMs: timing.renewIntervalMs,
        message: { type: 'lease.renew-due' },
      },
      ownClock(timing),
    ],
  ]
}

/** The store would not give us an epoch: let somebody else try. */
function giveBack(timing: LeaseTiming, held: Held, reason: string): LeaseStep {
  return [{ kind: 'candidate', reason }, [release(held), campaignLater(timing)]]
}

function onLost(timing: LeaseTiming, state: Leading, reason: string): LeaseStep {
  return [{ kind: 'candidate', reason }, [...stepDown(state), campaignLater(timing)]]
}

/** Somebody took a newer epoch: our lease, if it is still ours, keeps out the one who may act. */
function onDeposed(timing: LeaseTiming, state: LeaseState, epoch: Epoch): LeaseStep {
  if (state.kind !== 'leader' || state.epoch !== epoch) return [state, []]
  const candidate: LeaseState = { kind: 'candidate', reason: NO_MORE.deposed }
  return [candidate, [...stepDown(state), release(state), campaignLater(timing)]]
}

/** Whatever is held is given back, also what a write under way brings later: a standby need not wait for the TTL. */
function onResign(state: LeaseState): LeaseStep {
  const resigned: LeaseState = { kind: 'resigned' }
  if (state.kind === 'leader') return [resigned, [...stepDown(state), release(state)]]
  return [resigned, state.kind === 'claiming-epoch' ? [release(state)] : []]
}

const release = ({ revision }: Pick<Held, 'revision'>): LeaseEffect => ({
  type: 'lease.release',
  revision,
})

function stepDown(state: Leading): readonly (LeaseEffect | KernelEffect<LeaseMessage>)[] {
  return [{ type: 'term.end' }, stopChild('leader', String(state.epoch))]
}

const campaignLater = (timing: LeaseTiming): KernelEffect<LeaseMessage> => ({
  type: 'timer.start',
  name: 'campaign',
  afterMs: timing.campaignIntervalMs,
  message: { type: 'lease.campaign' },
})

const renewSoon = (timing: LeaseTiming): KernelEffect<LeaseMessage> => ({
  type: 'timer.start',
  name: 'renew',
  afterMs: timing.campaignIntervalMs,
  message: { type: 'lease.renew-due' },
})

/**
 * Ends the term by our own clock. It is started when the answer arrives, later than the write began, so `LeadershipTerm`,
 * which counts from the beginning of the write, refuses first; this timer only takes the actors down.
 */
const ownClock = (timing: LeaseTiming): KernelEffect<LeaseMessage> => ({
  type: 'timer.start',
  name: 'own-clock',
  afterMs: timing.ttlMs - timing.marginMs,
  message: { type: 'lease.expired' },
})

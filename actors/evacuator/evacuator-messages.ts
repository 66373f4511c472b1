/** What an evacuator is ordered to do, what it is told, what it is at, and what it asks for. */
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NotificationId,
  SegmentId,
} from '../../schema/ids.ts'
import type { MoveOrigin, RecordedMove, RecoveryMethod, TouchedMove } from '../../schema/records.ts'
import type { Resources } from '../../schema/resources.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { Loads } from '../placement/bookings.ts'
import type { Demands } from '../placement/suitability.ts'
import type { Census, TargetName } from '../placement/targets.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove, Refuser } from '../ports/move-store.ts'
import type { EvacuatorReply } from './evacuator-reply.ts'
import type { Bid, Flight } from './fair-share.ts'
import type { RestoringStep } from './restoration.ts'
import type { Moving, MovingRules } from './moving-state.ts'
import type { DiskPolicy, SelectionRules } from './selection.ts'

export interface EvacuationOrder {
  readonly notification: NotificationId
  readonly segment: SegmentId
  readonly host: HostName
  readonly hostId: HostId
  readonly epoch: Epoch
  /** 1 the first time; later runs take up the instances that failed before. */
  readonly run: number
  /** Why nothing new may be begun, so that only what is under way is followed; null: all is to be moved. */
  readonly forbidden: string | null
  readonly replyTo: ActorRef<EvacuatorReply>
}

export interface EvacuatorRules extends SelectionRules, MovingRules, Pick<Census, 'placement'> {
  /** Whether a spare joins the aggregates of the host that it stands in for. */
  readonly joinAggregates: boolean
}

/** Everything about the dead host, read at one moment. */
export interface Survey extends Pick<Census, 'hosts' | 'services' | 'rooms' | 'takenSpares'> {
  readonly method: RecoveryMethod
  readonly instances: readonly Instance[]
  readonly evacuations: readonly Evacuation[]
  readonly disks: DiskPolicy
  /** What earlier recoveries of this host began and could not bring to an end. */
  readonly touched: readonly TouchedMove[]
  /** What other recoveries have asked for, and the rooms do not show. */
  readonly takenByOthers: Loads
  readonly demands: Demands
  /** Monotonic ms. */
  readonly atMs: number
}

/** Before an evacuation: keep the owner out; call the instance broken, so that Nova takes it. */
export type Preparation = 'lock' | 'call-broken'

/** After it: towards what the instance was, and the last of all. */
export type RestoringOrder = RestoringStep | 'unlock'

type About = { readonly move: MoveId }
export type MovingMessage =
  | (About & { readonly type: 'move.requested'; readonly atMs: number; readonly startedAt: number })
  | (About & {
      readonly type: 'move.refused'
      readonly reason: string
      /** False when the instance is gone, so that asking again is pointless. */
      readonly again: boolean
      /** The instance as Nova shows it after the refusal; null when that is not known. */
      readonly now: Instance | null
      /** True when Nova asked for patience: costs no attempt. */
      readonly busy: boolean
      readonly atMs: number
    })
  | (About & { readonly type: 'move.unknown'; readonly atMs: number; readonly startedAt: number })
  | (About & { readonly type: 'move.hindered'; readonly reason: string; readonly atMs: number })
  | (About & { readonly type: 'move.forbidden'; readonly reason: string; readonly atMs: number })
  | (About & {
      readonly type: 'move.settled'
      readonly outcome: 'succeeded' | 'failed' | 'ignored'
    })
  | (About & { readonly type: 'move.was-put-back'; readonly atMs: number })
  | (About & {
      readonly type: 'move.prepared'
      readonly target: TargetName
      readonly done: readonly Preparation[]
    })
  | (About & {
      readonly type: 'move.looked'
      /** Undefined when it exists no more. */
      readonly instance: Instance | undefined
      readonly atMs: number
    })
  | (About & {
      readonly type: 'move.restored'
      readonly step: RestoringOrder | 'look'
      /** Why Nova did not take the order; null when it did. */
      readonly problem: string | null
      /** no: an operator forbids it just now. */
      readonly allowed: 'yes' | 'no'
    })
  /** Some of what we would ask for next. */
  | { readonly type: 'pace.allowed'; readonly bids: readonly Bid[]; readonly atMs: number }
  | { readonly type: 'move.poll-due' }
  /** Compute's bus told that the evacuation of one of them has ended. */
  | { readonly type: 'move.news'; readonly atMs: number }
  | {
      readonly type: 'move.polled'
      readonly records: readonly Evacuation[]
      /** Of the overdue moves' targets those that are out of service for good: forced down after a fence. */
      readonly lostTargets: readonly HostName[]
      /** What Nova has on the dead host, where it was asked. */
      readonly onHost?: ReadonlySet<InstanceId>
      readonly atMs: number
    }
  | { readonly type: 'move.poll-failed'; readonly atMs: number }
  | { readonly type: 'spare.opened'; readonly host: HostName; readonly atMs: number }
  /** It cannot be had just now: somebody else has it, or an operator or Compute is in the way. */
  | { readonly type: 'spare.refused'; readonly host: HostName; readonly atMs: number }

/** Ended moves of all moves, for progress bars. */
export interface Progress {
  readonly done: number
  readonly total: number
}

export type MovingEffect =
  | {
      readonly type: 'move.request'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly needs: Resources
      readonly target: TargetName
      readonly progress: Progress
    }
  | {
      /** What Nova, or its owner, would prevent otherwise. */
      readonly type: 'move.prepare'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly target: TargetName
      /** In this order. */
      readonly steps: readonly Preparation[]
    }
  | {
      readonly type: 'move.settle'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly outcome: 'succeeded' | 'failed' | 'ignored'
      readonly dest: HostName | null
      readonly origin: MoveOrigin
      readonly reason: string
      /** What is written of a success; null: there is nothing to say. */
      readonly remark: string | null
      /** Who can tell more about a failure. */
      readonly ask: 'nova' | 'nobody'
      /** ours: it was unlocked, or is locked no more. */
      readonly lock: 'ours' | 'none'
      readonly progress: Progress
    }
  | {
      readonly type: 'move.put-back'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly reason: string
      readonly origin: MoveOrigin
      /** Who turned it down; null: nobody did. */
      readonly refusedBy: TargetName | null
      readonly from: Refuser
      readonly ask: 'nova' | 'nobody'
    }
  | (About & { readonly type: 'move.look'; readonly instance: InstanceId })
  | (About & {
      readonly type: 'move.restore'
      readonly instance: InstanceId
      readonly step: RestoringOrder
    })
  /** Asks the shared pace for leave to ask for these; none: for nothing any more. */
  | { readonly type: 'pace.ask'; readonly bids: readonly Bid[] }
  /** Tells it what is under way, and what no longer. */
  | {
      readonly type: 'pace.note'
      readonly underWay: readonly Flight[]
      readonly over: readonly MoveId[]
    }
  /** Listens until Compute's bus tells something about one of these. */
  | { readonly type: 'news.await'; readonly instances: readonly InstanceId[] }
  /** Takes a reserved host into service. */
  | { readonly type: 'spare.open'; readonly host: HostName }
  /** Writes why these instances go nowhere for the moment. */
  | { readonly type: 'moves.wait'; readonly moves: readonly MoveId[]; readonly reason: string }
  /** Reads the records, and whether these targets of overdue moves are still in service. */
  | {
      readonly type: 'move.poll'
      readonly targets: readonly HostName[]
      readonly lookAtHost: 'yes' | 'no'
    }

export type EvacuatorMessage =
  | { readonly type: 'evacuator.begin' } // first message, and our own timer
  | { readonly type: 'evacuator.isolated' } // private
  | { readonly type: 'evacuator.surveyed'; readonly survey: Survey } // private
  | { readonly type: 'evacuator.look-due' } // our own timer: is there room now?
  | { readonly type: 'evacuator.planned'; readonly moves: readonly RecordedMove[] } // private
  | { readonly type: 'evacuator.hindered'; readonly reason: string } // private: Compute is away
  | { readonly type: 'evacuator.forbid'; readonly reason: string } // an operator's word, or no grant
  | {
      readonly type: 'evacuator.others-booked' // private
      readonly takenByOthers: Loads
      readonly atMs: number
    }
  | MovingMessage

export type EvacuatorState =
  | { readonly kind: 'isolating' }
  | { readonly kind: 'surveying' }
  | { readonly kind: 'planning'; readonly survey: Survey }
  | Moving
  | { readonly kind: 'hindered'; readonly reason: string }
  | { readonly kind: 'finished' }

export type EvacuatorEffect =
  | { readonly type: 'compute.isolate' }
  | { readonly type: 'compute.survey' }
  /** For those that wait for room, unless the host lives by now. */
  | { readonly type: 'compute.survey-again' }
  | { readonly type: 'moves.plan'; readonly moves: readonly PlannedMove[] }
  | { readonly type: 'note.hindered'; readonly reason: string }
  /** Which hosts are out of the choice for which instances, one line a reason. */
  | { readonly type: 'note.unsuitable'; readonly lines: readonly string[] }
  /** Waits until other recoveries take room, or give some back. */
  | { readonly type: 'bookings.watch' }
  | MovingEffect

export type EvacuatorStep = Step<EvacuatorState, EvacuatorEffect | KernelEffect<EvacuatorMessage>>

/** The orders, messages, states and effects of an evacuator. Each is declared here once. */
import type {
  Epoch,
  HostId,
  HostName,
  InstanceId,
  MoveId,
  NotificationId,
  SegmentId,
} from '../../schema/ids.ts'
import type { MoveOrigin, RecordedMove, RecoveryMethod } from '../../schema/records.ts'
import type { Resources } from '../../schema/resources.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { Loads } from '../placement/bookings.ts'
import type { Demands } from '../placement/suitability.ts'
import type { SegmentHosts, TargetName } from '../placement/targets.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import type { Failure } from './apply-records.ts'
import type { EvacuatorReply } from './evacuator-reply.ts'
import type { EvacuationRequest, InFlightEvacuation } from './fair-share.ts'
import type { End } from './move-phase.ts'
import type { MoveTrack } from './move-track.ts'
import type { Places } from './places.ts'
import type { Poll } from './poll-schedule.ts'
import type { Preparation, RestoringOrder, SeenSuccessor } from './restoration.ts'
import type { Before, DiskPolicy, SelectionRules } from './selection.ts'

export interface EvacuationOrder {
  readonly notification: NotificationId
  readonly segment: SegmentId
  readonly host: HostName
  readonly hostId: HostId
  readonly epoch: Epoch
  /** 1 the first time. Later runs also take the instances that failed before. */
  readonly run: number
  /**
   * Why nothing new may be begun; the evacuator then only follows what is in flight. null: all
   * instances may be moved.
   */
  readonly forbidden: string | null
  readonly replyTo: ActorRef<EvacuatorReply>
}

/** The limits and pauses of one move. */
export interface MoveRules {
  /** Pause before the next request after Nova or a target refused one, ms. */
  readonly refusedRetryMs: number
  /** Pause before the next try when no request could be sent, ms. */
  readonly unaskedRetryMs: number
  /**
   * For how long a host is not tried for an instance after Nova's scheduler first refused the pair,
   * ms. The pause doubles with each refusal.
   */
  readonly firstRefusalPauseMs: number
  /** How many evacuate requests may be sent for one instance in one run. */
  readonly attemptsMax: number
  /** How long Nova may take to show a record of a request that it did not answer, ms. */
  readonly graceMs: number
  /** After so long in flight, the compute service of the target is checked, ms. */
  readonly overdueMs: number
  /** After so long in flight, the move is given up, because Nova will not end it, ms. */
  readonly deadlineMs: number
  /** How long a moved instance may take until it is in its earlier state again, ms. */
  readonly restoreMs: number
}

export interface EvacuatorRules extends SelectionRules, MoveRules, Pick<SegmentHosts, 'placement'> {
  /** Whether a spare joins the aggregates of the host that it replaces. */
  readonly joinAggregates: boolean
  /** Pause before a survey or an isolation that failed is tried again, ms. */
  readonly blockedRetryMs: number
  /** Pause between two surveys while moves wait for capacity, ms. */
  readonly capacityRecheckMs: number
}

/** Everything that is read about the dead host before its instances are moved. */
export interface Survey
  extends Before, Pick<SegmentHosts, 'hosts' | 'services' | 'rooms' | 'takenSpares'> {
  readonly method: RecoveryMethod
  readonly instances: readonly Instance[]
  readonly evacuations: readonly Evacuation[]
  readonly disks: DiskPolicy
  /** What other recoveries have requested and the free capacity (`rooms`) does not show yet. */
  readonly takenByOthers: Loads
  readonly demands: Demands
  /** Monotonic ms. */
  readonly atMs: number
}

type About = { readonly move: MoveId }

/** The outcome of an effect for one move. */
export type MoveAnswer =
  /** Nova has accepted the evacuation. `startedAt`: wall ms. */
  | (About & { readonly type: 'move.requested'; readonly atMs: number; readonly startedAt: number })
  /** Nova did not answer the request, and may have accepted it. */
  | (About & { readonly type: 'move.unknown'; readonly atMs: number; readonly startedAt: number })
  | (About & {
      readonly type: 'move.refused'
      readonly reason: string
      /** False when the instance is gone, so that another request is pointless. */
      readonly again: boolean
      /** The instance as Nova shows it after the refusal; null when that is not known. */
      readonly now: Instance | null
      /** Whether Nova is busy. Such a refusal does not count as an attempt. */
      readonly busy: boolean
      readonly atMs: number
    })
  /** Nothing was requested for this move: its row was not as expected, or the host may be alive. */
  | (About & { readonly type: 'move.blocked'; readonly reason: string; readonly atMs: number })
  /**
   * Nothing was requested, and no other move may be requested: the store did not allow it, or the
   * host is alive.
   */
  | (About & { readonly type: 'move.forbidden'; readonly reason: string; readonly atMs: number })
  | (About & {
      readonly type: 'move.prepared'
      readonly target: TargetName
      readonly done: readonly Preparation[]
    })
  | (About & { readonly type: 'move.was-put-back'; readonly atMs: number })
  | (About & {
      readonly type: 'move.looked'
      /** undefined when the instance no longer exists. */
      readonly instance: Instance | undefined
      /** The recovery of the host that the instance is on; null when that host has not failed. */
      readonly successor: SeenSuccessor | null
      readonly atMs: number
    })
  | (About & {
      readonly type: 'move.restored'
      readonly step: RestoringOrder | 'look'
      /** Why Nova refused the order; null when Nova took it. */
      readonly problem: string | null
      /** no: an operator command forbids the order at present. */
      readonly allowed: 'yes' | 'no'
    })
  | (About & { readonly type: 'move.settled'; readonly outcome: End['outcome'] })

/** Nova's records of the host, read for all its moves. */
export interface RecordsPolled {
  readonly type: 'records.polled'
  readonly records: readonly Evacuation[]
  /**
   * Those targets of overdue moves that are out of service for good: they were fenced and forced
   * down.
   */
  readonly lostTargets: readonly HostName[]
  /** The instances that Nova lists on the dead host; only when Nova was asked. */
  readonly onHost?: ReadonlySet<InstanceId>
  readonly atMs: number
}

/** The messages of an evacuation while moves are open. */
export type MovingMessage =
  | MoveAnswer
  /** The limiter allows some of the requests that we asked for. */
  | {
      readonly type: 'limiter.allowed'
      readonly requests: readonly EvacuationRequest[]
      readonly atMs: number
    }
  | { readonly type: 'records.poll-due' } // our own timer
  /** Compute's bus reported the end of an evacuation of one of the instances. */
  | { readonly type: 'records.news'; readonly atMs: number }
  | RecordsPolled
  | { readonly type: 'records.poll-failed'; readonly atMs: number }
  | { readonly type: 'spare.activated'; readonly host: HostName; readonly atMs: number }
  /**
   * The spare cannot be used at present: another recovery has it, or an operator or Compute
   * prevents it.
   */
  | { readonly type: 'spare.refused'; readonly host: HostName; readonly atMs: number }

export type EvacuatorMessage =
  | { readonly type: 'evacuator.begin' } // first message, and our own timer
  | { readonly type: 'evacuator.isolated' } // private
  | { readonly type: 'evacuator.surveyed'; readonly survey: Survey } // private
  /** private: the answer to a survey that those who are moving asked for; `begunAtMs` tells which of them */
  | {
      readonly type: 'evacuator.surveyed-again'
      readonly begunAtMs: number
      readonly survey: Survey
    }
  | {
      readonly type: 'evacuator.not-surveyed-again' // private: Compute is away
      readonly begunAtMs: number
      readonly reason: string
    }
  | { readonly type: 'evacuator.survey-due' } // our own timer: survey the free capacity again
  | { readonly type: 'evacuator.planned'; readonly moves: readonly RecordedMove[] } // private
  | { readonly type: 'evacuator.blocked'; readonly reason: string } // private: Compute does not answer, or the host may be alive
  | { readonly type: 'evacuator.forbid'; readonly reason: string } // an operator command, no permission from the store, or the host is alive
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
  | { readonly kind: 'blocked'; readonly reason: string }
  | { readonly kind: 'finished' }

/** The state while moves are open. */
export interface Moving {
  readonly kind: 'moving'
  /** When the survey was made with which it began, monotonic ms: later ones say it when they ask and answer. */
  readonly begunAtMs: number
  /** In the order of the plan. */
  readonly tracks: ReadonlyMap<MoveId, MoveTrack>
  readonly places: Places
  /** The evacuation records as last read. */
  readonly records: readonly Evacuation[]
  /** The requests for which the limiter was asked. */
  readonly requests: readonly EvacuationRequest[]
  /** Targets of moves that take long. The next poll checks their compute services. */
  readonly overdueTargets: readonly HostName[]
  /**
   * Whether the next poll also lists the instances on the dead host. It does when a record alone
   * does not prove that an instance has left.
   */
  readonly listHost: 'yes' | 'no'
  readonly polls: number
  /** Polls in a row after which no evacuation has ended. */
  readonly fruitlessPolls: number
  readonly poll: Poll
  /** Why nothing new may be requested; null when it may. */
  readonly forbidden: string | null
  /** Whether another survey is already due, for instances for which no host has capacity. */
  readonly surveyPending: boolean
  /** awaited: nothing can be done before there is free capacity, and the segment knows it. */
  readonly room: 'there' | 'awaited'
}

/** Ended moves of all moves, for progress bars. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** The effects of one move. */
export type MoveEffect =
  | {
      /**
       * Removes what would make Nova refuse the evacuation, or let the owner of the instance
       * interfere.
       */
      readonly type: 'move.prepare'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly target: TargetName
      /** In this order. */
      readonly steps: readonly Preparation[]
    }
  | {
      readonly type: 'move.request'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly needs: Resources
      readonly target: TargetName
      readonly progress: Progress
    }
  | (Failure & {
      readonly type: 'move.put-back'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly origin: MoveOrigin
    })
  | (About & { readonly type: 'move.look'; readonly instance: InstanceId })
  | (About & {
      readonly type: 'move.restore'
      readonly instance: InstanceId
      readonly step: RestoringOrder
    })
  | (End &
      Settlement & {
        readonly type: 'move.settle'
        readonly move: MoveId
        readonly instance: InstanceId
        readonly instanceName: string
        readonly origin: MoveOrigin
        /** A remark that is written with a success; null when there is none. */
        readonly remark: string | null
        /**
         * ours: we locked the instance and must unlock it; none: it was unlocked, or is no longer
         * locked by us.
         */
        readonly lock: 'ours' | 'none'
        readonly progress: Progress
      })

/** How the end of a move is written. */
export interface Settlement {
  /** Whether Nova is asked for details of a failure. */
  readonly ask: Failure['ask']
  /** The recovery that restores and unlocks the instance in place of this one; null when none does. */
  readonly successor: NotificationId | null
}

/** The effects of the schedule of the moves. */
export type ScheduleEffect =
  /** Asks the limiter to allow these requests. An empty list withdraws the earlier ones. */
  | { readonly type: 'limiter.ask'; readonly requests: readonly EvacuationRequest[] }
  /** Tells the limiter which evacuations are in flight, and which are over. */
  | {
      readonly type: 'limiter.note'
      readonly inFlight: readonly InFlightEvacuation[]
      readonly over: readonly MoveId[]
    }
  /** Waits until Compute's bus reports something about one of these instances. */
  | { readonly type: 'news.await'; readonly instances: readonly InstanceId[] }
  /** Takes a reserved host into service. */
  | { readonly type: 'spare.activate'; readonly host: HostName }
  /** Records why these instances cannot be moved at present. */
  | { readonly type: 'moves.wait'; readonly moves: readonly MoveId[]; readonly reason: string }
  /**
   * Reads the records; also whether these targets of overdue moves are still in service, and which
   * instances Nova lists on the dead host.
   */
  | {
      readonly type: 'records.poll'
      readonly targets: readonly HostName[]
      readonly listHost: 'yes' | 'no'
    }

export type MovingEffect = MoveEffect | ScheduleEffect

export type MovingStep = Step<Moving, MovingEffect | KernelEffect<MovingMessage>>

export type EvacuatorEffect =
  | { readonly type: 'compute.isolate' }
  /** isEmptied: whether all its instances have been moved, so that most likely none is left. */
  | { readonly type: 'compute.survey'; readonly isEmptied: boolean }
  /** Surveys again for instances that wait for capacity, unless the host is alive by now. */
  | { readonly type: 'compute.survey-again'; readonly begunAtMs: number }
  | { readonly type: 'moves.plan'; readonly moves: readonly PlannedMove[] }
  | { readonly type: 'note.blocked'; readonly reason: string }
  /** Which hosts cannot take which instances, one line for each reason. */
  | { readonly type: 'note.unsuitable'; readonly lines: readonly string[] }
  /** Waits until other recoveries take or release capacity. */
  | { readonly type: 'bookings.watch' }
  | MovingEffect

export type EvacuatorStep = Step<EvacuatorState, EvacuatorEffect | KernelEffect<EvacuatorMessage>>

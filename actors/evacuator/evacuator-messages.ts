/** What an evacuator is ordered to do, what it is told, what its states are, and what it asks for: each declared here, once. */
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
import type { SegmentHosts, TargetName } from '../placement/targets.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import type { Failure } from './apply-records.ts'
import type { EvacuatorReply } from './evacuator-reply.ts'
import type { EvacuationRequest, InFlightEvacuation } from './fair-share.ts'
import type { End } from './move.ts'
import type { MoveTrack } from './move-track.ts'
import type { Places } from './places.ts'
import type { Poll } from './poll-schedule.ts'
import type { Preparation, RestoringOrder } from './restoration.ts'
import type { DiskPolicy, SelectionRules } from './selection.ts'

export interface EvacuationOrder {
  readonly notification: NotificationId
  readonly segment: SegmentId
  readonly host: HostName
  readonly hostId: HostId
  readonly epoch: Epoch
  /** 1 the first time; later runs take up the instances that failed before. */
  readonly run: number
  /** Why nothing new may be begun, so that only what is in flight is followed; null: all is to be moved. */
  readonly forbidden: string | null
  readonly replyTo: ActorRef<EvacuatorReply>
}

/** What one move goes by. */
export interface MoveRules {
  /** Pause after Nova or a target refused the evacuate request, before the next one, ms. */
  readonly refusedRetryMs: number
  /** Pause before the next try where no request could be sent, ms. */
  readonly unaskedRetryMs: number
  /** For how long a host is not asked for an instance after Nova's scheduler first refused the pair, ms. It is doubled each time. */
  readonly firstRefusalPauseMs: number
  /** How many evacuate requests one instance may cost in one run. */
  readonly attemptsMax: number
  /** How long an unanswered request may take to show a record, ms. */
  readonly graceMs: number
  /** After so long in flight the compute service of the target is checked, ms. */
  readonly overdueMs: number
  /** After so long in flight the move is given up: Nova will not end it, ms. */
  readonly deadlineMs: number
  /** How long a moved instance may take to become what it was, ms. */
  readonly restoreMs: number
}

export interface EvacuatorRules extends SelectionRules, MoveRules, Pick<SegmentHosts, 'placement'> {
  /** Whether a spare joins the aggregates of the host that it stands in for. */
  readonly joinAggregates: boolean
  /** Pause before the survey or the isolation that was not possible is tried again, ms. */
  readonly blockedRetryMs: number
  /** Pause between two surveys while moves wait for capacity, ms. */
  readonly capacityRecheckMs: number
}

/** Everything about the dead host, read at one moment. */
export interface Survey extends Pick<SegmentHosts, 'hosts' | 'services' | 'rooms' | 'takenSpares'> {
  readonly method: RecoveryMethod
  readonly instances: readonly Instance[]
  readonly evacuations: readonly Evacuation[]
  readonly disks: DiskPolicy
  /** What earlier recoveries of this host began and could not bring to an end. */
  readonly touched: readonly TouchedMove[]
  /** What other recoveries have requested, and the rooms do not show. */
  readonly takenByOthers: Loads
  readonly demands: Demands
  /** Monotonic ms. */
  readonly atMs: number
}

type About = { readonly move: MoveId }

/** What came of an effect about one move. */
export type MoveAnswer =
  /** Nova has accepted the evacuation. `startedAt`: wall ms. */
  | (About & { readonly type: 'move.requested'; readonly atMs: number; readonly startedAt: number })
  /** Nova did not answer: it may have accepted. */
  | (About & { readonly type: 'move.unknown'; readonly atMs: number; readonly startedAt: number })
  | (About & {
      readonly type: 'move.refused'
      readonly reason: string
      /** False when the instance is gone, so that asking again is pointless. */
      readonly again: boolean
      /** The instance as Nova shows it after the refusal; null when that is not known. */
      readonly now: Instance | null
      /** Whether Nova is busy: that costs no attempt. */
      readonly busy: boolean
      readonly atMs: number
    })
  /** Nothing was requested: the row was not as we knew it, or the host may live. */
  | (About & { readonly type: 'move.blocked'; readonly reason: string; readonly atMs: number })
  /** Nothing was requested, and no other move may be: no grant, or the host lives. */
  | (About & { readonly type: 'move.forbidden'; readonly reason: string; readonly atMs: number })
  | (About & {
      readonly type: 'move.prepared'
      readonly target: TargetName
      readonly done: readonly Preparation[]
    })
  | (About & { readonly type: 'move.was-put-back'; readonly atMs: number })
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
  | (About & { readonly type: 'move.settled'; readonly outcome: End['outcome'] })

/** Nova's records of the host, read for all its moves. */
export interface RecordsPolled {
  readonly type: 'records.polled'
  readonly records: readonly Evacuation[]
  /** Of the overdue moves' targets those that are out of service for good: forced down after a fence. */
  readonly lostTargets: readonly HostName[]
  /** What Nova has on the dead host, where it was asked. */
  readonly onHost?: ReadonlySet<InstanceId>
  readonly atMs: number
}

/** What the moving part of an evacuation is told. */
export type MovingMessage =
  | MoveAnswer
  /** The limiter allows some of what we would request next. */
  | {
      readonly type: 'limiter.allowed'
      readonly requests: readonly EvacuationRequest[]
      readonly atMs: number
    }
  | { readonly type: 'records.poll-due' } // our own timer
  /** Compute's bus told that the evacuation of one of the instances has ended. */
  | { readonly type: 'records.news'; readonly atMs: number }
  | RecordsPolled
  | { readonly type: 'records.poll-failed'; readonly atMs: number }
  | { readonly type: 'spare.activated'; readonly host: HostName; readonly atMs: number }
  /** It cannot be had just now: somebody else has it, or an operator or Compute is in the way. */
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
  | { readonly type: 'evacuator.survey-due' } // our own timer: is there room now?
  | { readonly type: 'evacuator.planned'; readonly moves: readonly RecordedMove[] } // private
  | { readonly type: 'evacuator.blocked'; readonly reason: string } // private: Compute is away, or the host may live
  | { readonly type: 'evacuator.forbid'; readonly reason: string } // an operator's command, no grant, or the host lives
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
  /** What the limiter was told that we would request next. */
  readonly requests: readonly EvacuationRequest[]
  /** Targets of moves that take long: their compute services are checked with the next poll. */
  readonly overdueTargets: readonly HostName[]
  /** Whether the next poll also lists what Nova has on the dead host: some records do not prove who has left it. */
  readonly listHost: 'yes' | 'no'
  readonly polls: number
  readonly poll: Poll
  /** Why nothing new may be requested; null: it may. */
  readonly forbidden: string | null
  /** Whether another survey is already due, for instances that no host has room for. */
  readonly surveyPending: boolean
  /** awaited: nothing can be done before there is some, and the segment knows. */
  readonly room: 'there' | 'awaited'
}

/** Ended moves of all moves, for progress bars. */
export interface Progress {
  readonly done: number
  readonly total: number
}

/** What one move asks for. */
export type MoveEffect =
  | {
      /** What Nova, or the owner, would prevent otherwise. */
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
  | (End & {
      readonly type: 'move.settle'
      readonly move: MoveId
      readonly instance: InstanceId
      readonly instanceName: string
      readonly origin: MoveOrigin
      /** What is written of a success; null: there is nothing to say. */
      readonly remark: string | null
      /** Who can tell more about a failure. */
      readonly ask: Failure['ask']
      /** ours: it was unlocked, or is locked no more. */
      readonly lock: 'ours' | 'none'
      readonly progress: Progress
    })

/** What the schedule of the moves asks for. */
export type ScheduleEffect =
  /** Asks the limiter for leave to request these; none: for nothing any more. */
  | { readonly type: 'limiter.ask'; readonly requests: readonly EvacuationRequest[] }
  /** Tells the limiter what is in flight, and what no longer is. */
  | {
      readonly type: 'limiter.note'
      readonly inFlight: readonly InFlightEvacuation[]
      readonly over: readonly MoveId[]
    }
  /** Listens until Compute's bus tells something about one of these. */
  | { readonly type: 'news.await'; readonly instances: readonly InstanceId[] }
  /** Takes a reserved host into service. */
  | { readonly type: 'spare.activate'; readonly host: HostName }
  /** Writes why these instances go nowhere for the moment. */
  | { readonly type: 'moves.wait'; readonly moves: readonly MoveId[]; readonly reason: string }
  /** Reads the records, whether these targets of overdue moves are still in service, and what Nova has on the dead host. */
  | {
      readonly type: 'records.poll'
      readonly targets: readonly HostName[]
      readonly listHost: 'yes' | 'no'
    }

export type MovingEffect = MoveEffect | ScheduleEffect

export type MovingStep = Step<Moving, MovingEffect | KernelEffect<MovingMessage>>

export type EvacuatorEffect =
  | { readonly type: 'compute.isolate' }
  | { readonly type: 'compute.survey' }
  /** For instances that wait for room, unless the host lives by now. */
  | { readonly type: 'compute.survey-again'; readonly begunAtMs: number }
  | { readonly type: 'moves.plan'; readonly moves: readonly PlannedMove[] }
  | { readonly type: 'note.blocked'; readonly reason: string }
  /** Which hosts are out of the choice for which instances, one line a reason. */
  | { readonly type: 'note.unsuitable'; readonly lines: readonly string[] }
  /** Waits until other recoveries take room, or give some back. */
  | { readonly type: 'bookings.watch' }
  | MovingEffect

export type EvacuatorStep = Step<EvacuatorState, EvacuatorEffect | KernelEffect<EvacuatorMessage>>

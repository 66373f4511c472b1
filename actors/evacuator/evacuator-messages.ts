/** What an evacuator is ordered to do, what it is told, what it is at, and what it asks for. */
import type { Epoch, HostId, HostName, NotificationId, SegmentId } from '../../schema/ids.ts'
import type { RecordedMove, RecoveryMethod, TouchedMove } from '../../schema/records.ts'
import type { KernelEffect, Step } from '../kernel/behaviour.ts'
import type { ActorRef } from '../kernel/ref.ts'
import type { Loads } from '../placement/bookings.ts'
import type { Demands } from '../placement/suitability.ts'
import type { Census } from '../placement/targets.ts'
import type { Evacuation, Instance } from '../ports/compute.ts'
import type { PlannedMove } from '../ports/move-store.ts'
import type { EvacuatorReply } from './evacuator-reply.ts'
import type { MovingEffect, MovingMessage } from './moving-messages.ts'
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
